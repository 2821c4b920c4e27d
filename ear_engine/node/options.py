"""What a node is started with; checked where it comes from, before anything long starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ear_engine.ear_files import EarFolder
from ear_engine.midi.rtmidi_ports import MidiPorts
from ear_engine.parameters import Value
from ear_engine.playback.options import AudioOptions
from ear_engine.sets.contents import Contents
from ear_engine.web.discovery import Announce


@dataclass(frozen=True)
class NodeOptions:
    """Options of ``ear-engine serve``.

    Args:
        ear: the ear to listen with.
        clip: loop to start from: a name of the library, or a path.
        values: parameters that differ from their defaults, checked.
        audio: options of the audio process.
        device: torch device, ``auto`` takes the best there is.
        osc_port: UDP port; 0 is any free one.
        http_port: TCP port; 0 is that with the number of the OSC port, or any free one.
        bind: IP address to listen at.
        allow: networks that are listened to, besides this machine; all if there are none.
        announce: when the network is told of it (mDNS): ``auto`` where other machines can reach it, ``on``, ``off``.
        send: host and port of clients that only listen.
        seed: of all randomness.
        seconds: end after so many seconds of sound; None goes on.
        origin: what the control log calls whoever chose the values.
        clip_folders: folders of the user's clips.
        keep: name or folder that the performance is kept in, from the start.
        view: open the viewer, too.
        outputs: what its picture is given to besides; without ``view`` there is no window.
        midi: where controllers are looked for: ``auto``, ``alsa``, ``jack`` or ``off``.
        midi_maps: maps of controllers that were chosen, each with a part of a port's name, or nothing.
        keeper: process that starts another node if this one dies; 0 if there is none.
        afresh: go on with nothing that a node before this one has left.
        start: the set it starts from, whose values are among ``values``.
        instead: clip that takes the place of ``clip`` if that cannot be had; empty if that ends the engine.
        forgiving: whether a target that cannot be dreamed gives way to another instead of ending the engine.
        loop: file of the loop that shall sound first, as it was heard when the set was kept.
        left: folder that the set shares with loops that it names, if it is a last set.
        autosave: whether the last set is kept by itself.
    """

    ear: EarFolder
    clip: str = "beat"
    values: Mapping[str, Value] = field(default_factory=dict)
    audio: AudioOptions = field(default_factory=AudioOptions)
    device: str = "auto"
    osc_port: int = 9000
    http_port: int = 0
    bind: str = "127.0.0.1"
    announce: Announce = "auto"
    allow: tuple[str, ...] = ()
    send: tuple[tuple[str, int], ...] = ()
    seed: int = 0
    seconds: float | None = None
    origin: str = "command line"
    clip_folders: tuple[Path, ...] = ()
    keep: str | None = None
    view: bool = False
    outputs: tuple[str, ...] = ()
    midi: MidiPorts = "off"
    midi_maps: tuple[tuple[str, str], ...] = ()
    keeper: int = 0
    afresh: bool = False
    start: Contents = field(default_factory=Contents)
    instead: str = ""
    forgiving: bool = False
    loop: Path | None = None
    left: Path | None = None
    autosave: bool = False
