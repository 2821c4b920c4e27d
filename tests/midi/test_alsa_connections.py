"""What ALSA tells of connections."""

from __future__ import annotations

from pathlib import Path

import pytest

from ear_engine.midi.alsa_connections import connected

HEAD = """\
Client info
  cur  clients : 5
  peak clients : 6
  max  clients : 192

Client   0 : "System" [Kernel]
  Port   0 : "Timer" (Rwe-)
  Port   1 : "Announce" (R-e-)
    Connecting To: 15:0
"""
DEVICE = """\
Client  24 : "BCF2000" [Kernel Legacy]
  Port   0 : "BCF2000 MIDI 1" (RWeX)
    Connecting To: 15:0, 128:0
    Connected From: 129:0
"""
OURS = """\
Client 128 : "ear-engine" [User Legacy]
  Port   0 : "in 4242" (-We-)
    Connected From: {}
Client 129 : "ear-engine" [User Legacy]
  Port   0 : "out 4242" (R-e-)
    Connecting To: {}
"""
NAME = "BCF2000:BCF2000 MIDI 1 24:0"


@pytest.mark.parametrize("side", ["in 4242", "out 4242"])
@pytest.mark.parametrize(
    ("text", "there"),
    [
        (OURS.format("24:0", "24:0"), True),
        (OURS.format("20:0[r:0], 24:0[real:0]", "20:0, 24:0"), True),
        (OURS.format("20:0", "124:0"), False),
        (OURS.replace("    Connected From: {}\n", "").replace("    Connecting To: {}\n", ""), False),
        (OURS.format("24:0", "24:0").replace("4242", "77"), True),  # not ours: nobody can tell
    ],
)
def test_a_connection_that_has_gone_is_told(tmp_path: Path, side: str, text: str, there: bool) -> None:
    clients = tmp_path / "clients"
    clients.write_text(HEAD + DEVICE + text)
    assert connected(NAME, side, clients) is there


def test_where_nothing_is_told_it_is_taken_to_be_there(tmp_path: Path) -> None:
    assert connected(NAME, "in 4242", tmp_path / "none")
    (tmp_path / "clients").write_text(HEAD + OURS.format("20:0", "20:0"))
    assert connected("a name without an address", "in 4242", tmp_path / "clients")
