"""The plain reference of the OSC benchmark: a python-osc server that stores values and answers questions.

Run as ``python -m ear_engine.benchmarks.osc_reference``; it prints its port and serves until its input ends.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_message_builder import build_msg
from pythonosc.osc_server import BlockingOSCUDPServer

from ear_engine.parameters import ParameterTree


def main() -> None:
    """Serve every parameter of the table: an argument sets it, none asks for it."""
    values: dict[str, Any] = {row.address: ParameterTree().values.get(row.name, 0) for row in ParameterTree()}

    def handle(sender: tuple[str, int], address: str, *arguments: Any) -> None:
        if arguments:
            values[address] = arguments[0]
            return
        server.socket.sendto(build_msg(address, values[address]).dgram, sender)

    dispatcher = Dispatcher()
    for address in values:
        dispatcher.map(address, handle, needs_reply_address=True)
    server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
