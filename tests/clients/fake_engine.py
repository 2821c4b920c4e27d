"""An engine without ear and sound: real OSC on a session in which nothing but a clock runs.

Prints the same JSON lines as ``ear-engine serve --json-status``. Run as ``python -m tests.clients.fake_engine [PORT
[HTTP_PORT]]``; at the latter nobody answers.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import signal
import sys
import tempfile
from pathlib import Path

from ear_engine.control import ControlLog
from ear_engine.osc.reports import ClipInfo, StatusReport
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now
from tests.osc.synthetic import LAYERS, RATE, Session, status

CLIPS = (ClipInfo("beat", 2.0, 4),)


async def serve(folder: Path, port: int = 0, http_port: int = 0) -> None:
    session = Session(folder)
    control = ControlLog(ParameterTree())
    done = asyncio.Event()

    def report() -> StatusReport:
        return dataclasses.replace(status(service.port), clients=service.clients, http_port=http_port)

    service = OscService(
        control, folder, status=report, layers=lambda: LAYERS, clips=lambda: CLIPS, quit=done.set, port=port
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    entry = session.publish(1)
    start = now()
    session.play(entry, at=start)
    await service.start()
    loop = 1
    while not done.is_set():
        print(json.dumps(report().as_dict()), flush=True)
        loop += 1  # a new loop every second, half a second ahead
        position = round((now() - start) * RATE)
        following = dataclasses.replace(session.publish(loop), start=position + RATE // 2)
        session.play(entry, following, position=position)
        entry = following
        try:
            await asyncio.wait_for(done.wait(), 1.0)
        except TimeoutError:
            continue
    service.close()
    session.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(serve(Path(folder), *map(int, sys.argv[1:])))


if __name__ == "__main__":
    main()
