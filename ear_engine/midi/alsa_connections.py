"""Whether a port is still connected, as ALSA tells it.

A device that is unplugged takes its connections with it. If it comes back before anyone has looked, under the same name
and number, the port that was open is there as before and hears nothing. Only the list of connections tells.
"""

from __future__ import annotations

import re
from pathlib import Path

CONNECTIONS = Path("/proc/asound/seq/clients")
_ADDRESS = re.compile(r" (\d+:\d+)$")
_PORT = re.compile(r'\s+Port\s+\d+ : "(.*)" \(')
_OTHERS = re.compile(r"\s+(?:Connecting To|Connected From): (.*)")


def connected(name: str, own: str, clients: Path = CONNECTIONS) -> bool:
    """Whether a port of ours is connected with another; True where nobody can tell.

    Args:
        name: of the other, as ALSA's ports are listed: ``BCF2000:BCF2000 MIDI 1 24:0``.
        own: of ours, without the name of its client; no other program has one of this name.
        clients: the file that tells.
    """
    found = _ADDRESS.search(name)
    try:
        text = clients.read_text(errors="replace")
    except OSError:
        return True
    if found is None:
        return True
    here = seen = False
    for line in text.splitlines():
        port, others = _PORT.match(line), _OTHERS.match(line)
        if port is not None:
            here = port[1] == own
            seen = seen or here
        elif here and others is not None and found[1] in _others(others[1]):
            return True
    return not seen


def _others(text: str) -> list[str]:
    """Addresses in ``24:0, 128:0[real:0]``."""
    return [one.strip().partition("[")[0] for one in text.split(",")]
