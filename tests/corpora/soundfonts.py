"""A soundfont of a few kilobytes for tests: one looped tone for every program and, as short clicks, for every kit."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

RATE = 44100
PERIOD = 100  # samples, so the tone is 441 Hz


def write_soundfont(path: Path) -> Path:
    """Writes an SF2 file (SoundFont 2.01) whose sample sounds at its own pitch for MIDI pitch 69."""
    phase = 2.0 * np.pi * np.arange(20 * PERIOD) / PERIOD
    tone = np.round(12000.0 * np.sin(phase)).astype("<i2").tobytes() + bytes(2 * 46)
    name = b"tone".ljust(20, b"\0")
    end = b"EOP".ljust(20, b"\0")
    sample = struct.pack("<5I", 0, 20 * PERIOD, PERIOD, 19 * PERIOD, RATE) + struct.pack("<BbHH", 69, 0, 0, 1)
    tables = {
        b"phdr": b"".join(
            text + struct.pack("<HHHIII", 0, bank, bag, 0, 0, 0)
            for text, bank, bag in ((name, 0, 0), (name, 128, 1), (end, 0, 2))
        ),
        b"pbag": struct.pack("<6H", 0, 0, 1, 0, 2, 0),
        b"pmod": bytes(10),
        b"pgen": struct.pack("<4H", 41, 0, 41, 0) + bytes(4),
        b"inst": name + struct.pack("<H", 0) + end + struct.pack("<H", 1),
        b"ibag": struct.pack("<4H", 0, 0, 2, 0),
        b"imod": bytes(10),
        b"igen": struct.pack("<4H", 54, 1, 53, 0) + bytes(4),
        b"shdr": name + sample + bytes(46),
    }
    info = _chunk(b"ifil", struct.pack("<HH", 2, 1)) + _chunk(b"isng", b"EMU8000\0") + _chunk(b"INAM", b"tone\0\0")
    body = b"sfbk" + _list(b"INFO", info) + _list(b"sdta", _chunk(b"smpl", tone))
    body += _list(b"pdta", b"".join(_chunk(title, table) for title, table in tables.items()))
    path.write_bytes(_chunk(b"RIFF", body))
    return path


def _chunk(title: bytes, body: bytes) -> bytes:
    return title + struct.pack("<I", len(body)) + body


def _list(title: bytes, body: bytes) -> bytes:
    return _chunk(b"LIST", title + body)
