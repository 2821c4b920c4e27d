"""What the audio process is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

BackendName = Literal["auto", "portaudio", "jack", "null"]


@dataclass(frozen=True)
class AudioOptions:
    """Options of the audio process; picklable, imports neither numpy nor pyo.

    Args:
        backend: ``auto`` takes PortAudio if there is an output device, else JACK if a server runs, else ``null``.
        device: PortAudio device, by number or by (part of) its name; None is the default one.
        buffer_size: samples per block, 64 to 4096, at the device's rate. JACK decides its own.
        device_rate: of the device, in Hz; None is the engine's if the device takes that, else its usual one. JACK has
            its own.
        channels: outputs: 2 for the hall, or 4, of which the last two carry the cue.
        sample_rate: of the engine. Loops play unresampled if the device takes this rate.
        record: WAV file to write what is really output to, or None.
        latency: from the graph to the listener in seconds, if it is known better than the backend tells it.
        lead: how far ahead of the sound the ring is filled, in seconds.
        input: open the device's inputs too, so that loops of the live input can be taken.
        input_file: a sound file that is heard over and over in place of the inputs.
        keeper: process that brings another node if the one that started this one dies; the sound goes on as long as one
            of the two lives. 0 if there is none.
    """

    backend: BackendName = "auto"
    device: str | None = None
    buffer_size: int = 1024
    device_rate: int | None = None
    channels: int = 2
    sample_rate: int = 44100
    record: Path | None = None
    latency: float | None = None
    lead: float = 0.15
    keeper: int = 0
    input: bool = False
    input_file: Path | None = None
