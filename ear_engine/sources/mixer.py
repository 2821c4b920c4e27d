"""A circular stereo mixer and the patterns that play it: what built-in loops are put together with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ear_engine.sources import voices
from ear_engine.sources.synthesis import Audio, band, hertz, reverb_impulse

BEATS = 8

HOUSE_RIFF = (
    (0.5, 33, 0.3), (1.5, 33, 0.3), (1.75, 45, 0.18), (2.5, 33, 0.4), (3.25, 31, 0.2), (3.5, 36, 0.3),
    (4.5, 33, 0.3), (5.5, 33, 0.3), (5.75, 45, 0.18), (6.5, 40, 0.3), (7.0, 38, 0.2), (7.5, 31, 0.4),
)  # fmt: skip
"""For :func:`riff`: bass in A minor."""


@dataclass
class LoopMixer:
    """A circular stereo mixer: what is played past the end sounds at the start."""

    rate: int
    beats: int = BEATS
    tempo: float = 120.0
    dry: Audio = field(init=False)
    ducked: Audio = field(init=False)
    send: Audio = field(init=False)
    duck: Audio = field(init=False)

    def __post_init__(self) -> None:
        samples = round(self.beats * 60.0 / self.tempo * self.rate)
        self.dry, self.ducked, self.send = (np.zeros((2, samples), dtype=np.float32) for _ in range(3))
        self.duck = np.ones(samples, dtype=np.float32)

    @property
    def samples(self) -> int:
        """Length of the loop."""
        return int(self.dry.shape[1])

    def wrapped(self, sound: Audio, beat: float) -> Audio:
        """A mono or stereo sound that starts at a beat, folded into the loop: ``(2, samples)``."""
        wide = np.atleast_2d(sound)
        turns = -(-wide.shape[1] // self.samples)
        folded = np.pad(wide, ((0, 0), (0, turns * self.samples - wide.shape[1])))
        folded = folded.reshape(len(wide), turns, self.samples).sum(axis=1)
        start = round(beat * self.samples / self.beats)
        return np.broadcast_to(np.roll(folded, start, axis=1), (2, self.samples))

    def add(
        self, sound: Audio, beat: float, level: float, *, pan: float = 0.0, send: float = 0.0, ducked: bool = False
    ) -> None:
        """Plays a sound at a beat, ``level`` in dB, ``pan`` -1 (left) to 1, ``send`` (linear) to the room."""
        sides = (
            np.cos((np.array([[0.0], [1.0]]) - 0.5 - 0.5 * pan) * 0.5 * np.pi) * np.sqrt(2.0) * 10.0 ** (level / 20.0)
        )
        placed = self.wrapped(sound, beat) * sides.astype(np.float32)
        (self.ducked if ducked else self.dry)[...] += placed
        if send:
            self.send += np.float32(send) * placed

    def pump(self, beat: float, depth: float = 0.7, release: float = 0.6) -> None:
        """Lowers the ducked bus by ``depth`` from a beat on, for ``release`` beats."""
        length = round(release * self.samples / self.beats)
        dip = depth * (1.0 - np.linspace(0.0, 1.0, length, dtype=np.float32)) ** 1.5
        self.duck = np.minimum(self.duck, 1.0 - self.wrapped(dip.astype(np.float32), beat)[0])

    def echo(self, beats: float, feedback: float = 0.45, repeats: int = 8) -> None:
        """Repeats what is in the room's send, every ``beats``, to alternate sides, darker and softer each time."""
        source = band(self.send, self.rate, 250.0, 5000.0, order=1)
        for repeat in range(1, repeats + 1):
            side = np.array([[1.0], [0.35]] if repeat % 2 else [[0.35], [1.0]], dtype=np.float32)
            self.send += side * np.float32(feedback**repeat) * self.wrapped(source, repeat * beats)

    def mix(self, room_seconds: float = 0.9, wet: float = 0.6, damping: float = 0.5, drive: float = 1.2) -> Audio:
        """Room and soft saturation: ``(2, samples)``."""
        impulse = reverb_impulse(self.rate, np.random.default_rng(1770), room_seconds, damping=damping)
        response = np.fft.rfft(self.wrapped(impulse, 0.0))
        room = np.fft.irfft(np.fft.rfft(self.send) * (1.0 + wet * response), self.samples).astype(np.float32)
        mixed = self.dry + (self.ducked + room) * self.duck
        mixed = band(mixed, self.rate, 28.0)
        scale = np.float32(drive / max(1e-6, float(np.max(np.abs(mixed)))))
        return np.asarray(np.tanh(mixed * scale), dtype=np.float32)


def steps(pattern: str) -> list[tuple[float, float]]:
    """Beats and levels in dB of a pattern of sixteenths: ``X`` loudest, ``x``, ``o``, then ``-``; ``.`` rests."""
    levels = {"X": 0.0, "x": -3.0, "o": -8.0, "-": -13.0}
    return [(index / 4.0, levels[mark]) for index, mark in enumerate(pattern.replace(" ", "")) if mark in levels]


def swung(beat: float, swing: float) -> float:
    """A beat, later by ``swing`` sixteenths if it is the second of two sixteenths."""
    return beat + (swing / 4.0 if round(beat * 4.0) % 2 else 0.0)


def riff(loop: LoopMixer, notes: Sequence[tuple[float, int, float]], level: float, cutoff: float = 260.0) -> None:
    """Bass notes as (beat, MIDI note, beats held)."""
    for index, (beat, midi, held) in enumerate(notes):
        seconds = held * 60.0 / loop.tempo
        sweep = 1300.0 if index % 3 == 1 else 750.0
        sound = voices.bass(loop.rate, float(hertz(midi)), seconds, cutoff=cutoff, sweep=sweep)
        loop.add(sound, beat, level, ducked=True)
