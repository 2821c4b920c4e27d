"""The pyo graph: rings in, one mix out or two, and a ring of what really went out.

``Count`` runs through the ring sample by sample, ``TableIndex`` reads it; both are exact, so with wet 1, gain 0 dB, no
mute, nothing over the loop and no peak above the limiter's threshold the output is the ring, bit for bit. Nothing here
calls Python on the audio path.

What sounds over the loop has a ring of its own, with a channel that says how far the loop is ducked, 0 to 1::

    over(loop) = loop * (1 + ducked * (duck - 1)) + over ring * (loud * let)
    hall = limiter(over(wet ring * wet + dry ring * dry) * (level * open))

With a second pair of outputs, the cue, what is only tried is heard there and nothing of it in the hall::

    hall = limiter((wet ring * wet + dry ring * dry) * (level * open))
    cue  = limiter(over(next ring * next + dry ring * source) * cued)

The limiter is :attr:`Graph.delay` samples behind the rings. Nobody else has to know: every position here is that of the
sample that leaves, and what is written for it lies so much earlier in the ring.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.playback.gliding import Glide
from ear_engine.playback.limiter import Limiter, Spans
from ear_engine.playback.plan import Stereo
from ear_engine.playback.pyo_library import load_pyo

RING = 1 << 17  # samples; pyo counts in float32, exact below 2^24
_FADER = 0.02  # seconds of each half of a glide, or a block if that is longer: a moving fader is heard of once a block
_SWITCH = 0.015  # of what is on or off: 30 ms in all
_FADERS = {"wet": 1.0, "dry": 0.0, "level": 1.0, "loud": 1.0, "depth": 0.0, "cued": 1.0, "threshold": 1.0}
_SWITCHES = {"open": 1.0, "next": 0.0, "source": 0.0, "let": 1.0}


class Graph:
    """Built on a booted pyo server; must be closed before the server is shut down (pyo crashes otherwise).

    Args:
        ring: samples of each ring.
        inputs: channels of the server's input to keep, 0 to 2.
        cue: the server has a second pair of outputs, which carries the cue.
    """

    def __init__(self, ring: int = RING, inputs: int = 0, cue: bool = False) -> None:
        pyo = load_pyo()
        self.ring = ring
        self.cue = cue
        tables = [pyo.DataTable(size=ring, chnls=2) for _ in range(5)]
        self._rings = [[np.asarray(table.getBuffer(side))[:ring] for side in range(2)] for table in tables]
        over, ducked = pyo.DataTable(size=ring, chnls=2), pyo.DataTable(size=ring)
        self._over = [np.asarray(over.getBuffer(side))[:ring] for side in range(2)]
        self._over.append(np.asarray(ducked.getBuffer(0))[:ring])
        self._clock = pyo.Trig().play()
        self._count = pyo.Count(self._clock, min=0, max=ring - 1)
        rate = float(self._clock.getSamplingRate())
        fader = max(_FADER, self._clock.getBufferSize() / rate)
        self._glides = {name: Glide(value, fader) for name, value in _FADERS.items()}
        self._glides.update({name: Glide(value, _SWITCH) for name, value in _SWITCHES.items()})
        gains = {name: glide.signal for name, glide in self._glides.items()}
        self.delay = Spans.at(rate).delay
        """Samples from the rings to the output."""
        wet, dry, ahead = (pyo.TableIndex(tables[number], self._count) for number in (0, 1, 4))
        heard = gains["loud"] * gains["let"]
        loud = pyo.TableIndex(over, self._count, mul=heard)
        softer = pyo.TableIndex(ducked, self._count, mul=gains["depth"], add=1.0)
        level = gains["level"] * gains["open"]
        loop = wet * gains["wet"] + dry * gains["dry"]
        self._mixes = [loop * level if cue else (loop * softer + loud) * level]
        if cue:
            tried = ahead * gains["next"] + dry * gains["source"]
            self._mixes.append((tried * softer + loud) * gains["cued"])
        self._limiters = [Limiter(mix, gains["threshold"], rate) for mix in self._mixes]
        self._outs = [limiter.signal.out(2 * pair) for pair, limiter in enumerate(self._limiters)]
        moving = [gains["wet"], gains["dry"], level, heard, gains["depth"], gains["threshold"]]
        applied = [pyo.DataTable(size=ring) for _ in moving]
        self._applied = [np.asarray(table.getBuffer(0))[:ring] for table in applied]
        fills = [pyo.TableFill(gain, table) for gain, table in zip(moving, applied, strict=True)]
        fills.append(pyo.TableFill(self._limiters[0].signal, tables[2]))
        self.inputs = inputs
        self._heard: list[Any] = []
        if inputs:
            source = pyo.Input(chnl=[0, min(inputs, 2) - 1])
            self._heard = [source, pyo.TableFill(source, tables[3])]
        self._objects: list[Any] = [
            *tables,
            over,
            ducked,
            *applied,
            *fills,
            wet,
            dry,
            ahead,
            heard,
            loud,
            softer,
            level,
        ]
        self._running = False

    def index(self) -> int | None:
        """Ring index of the next sample to leave, or None before the first block. Changes a whole block at once."""
        newest = int(self._count.get())
        self._running = self._running or newest != 0
        return (newest + 1) % self.ring if self._running else None

    def set_mix(self, wet: float, dry: float) -> None:
        """Glide to these linear gains of wet and dry."""
        self._set(wet=wet, dry=dry)

    def set_level(self, level: float, mute: bool = False) -> None:
        """Glide to this linear gain of the mix; to silence and back in 30 ms."""
        self._set(level=level, open=float(not mute))

    def set_over(self, gain: float, duck: float) -> None:
        """Glide to these linear gains of what sounds over the loop, and of the loop where it is ducked all the way."""
        self._set(loud=gain, depth=duck - 1.0)

    def let_over(self, on: bool) -> None:
        """Let what is over the loop be heard or not, whatever its gain; it is silent in 30 ms, and back in 30 ms."""
        self._set(let=float(on))

    def set_cue(self, level: float, source: str) -> None:
        """Glide to this linear gain of the cue; its source, ``off``, ``next`` or ``source``, changes in 30 ms."""
        self._set(cued=level, next=float(source == "next"), source=float(source == "source"))

    def set_threshold(self, threshold: float) -> None:
        """Glide to this linear threshold of the limiter, above 0."""
        self._set(threshold=threshold)

    def fade_out(self) -> None:
        """Glide to silence, in the hall within 30 ms."""
        self._set(open=0.0, cued=0.0)

    def _set(self, **values: float) -> None:
        for name, value in values.items():
            self._glides[name].go(value)

    def write(self, position: int, wet: Stereo, dry: Stereo) -> None:
        """Put (2, count) samples into the rings, to leave from ``position`` (modulo the ring) on; count is at most the
        ring. What leaves within :attr:`delay` has been read already.
        """
        for ring, signal in zip(self._rings[:2], (wet, dry), strict=True):
            self._write(ring, position, signal)

    def write_over(self, position: int, signal: NDArray[np.float32]) -> None:
        """Put (3, count) samples over the loop: left, right, and how far the loop is ducked, 0..1."""
        self._write(self._over, position, signal)

    def write_next(self, position: int, signal: Stereo) -> None:
        """Put (2, count) samples where the cue hears what comes next."""
        self._write(self._rings[4], position, signal)

    def _write(self, rings: list[NDArray[np.float32]], position: int, signal: NDArray[np.float32]) -> None:
        for ring, channel in zip(rings, signal, strict=True):
            _put(ring, position - self.delay, channel)

    def clear(self, position: int, count: int) -> None:
        """Silence ``count`` samples of the rings, so that an unfed graph is silent instead of repeating itself."""
        silence = np.zeros((3, min(count, self.ring)), np.float32)
        self.write(position, silence[:2], silence[:2])
        self.write_over(position, silence)
        self.write_next(position, silence[:2])

    def captured(self, position: int, count: int) -> NDArray[np.float32]:
        """What left for the hall at ``position`` (modulo the ring), (count, 2), a copy; count is the ring at most."""
        return np.ascontiguousarray(_taken(self._rings[2], position, count).T)

    def heard(self, position: int, count: int) -> NDArray[np.float32]:
        """What came in as ``position`` (modulo the ring) went out, likewise; mono is on both sides."""
        return np.ascontiguousarray(_taken(self._rings[3], position, count).T)

    def applied(self, position: int, count: int) -> NDArray[np.float32]:
        """The gains as they were for what left at ``position`` (modulo the ring), (6, count), a copy.

        Of wet, dry, the mix, what is over the loop, how far it is ducked, less 1, and the limiter's threshold. With
        them what went out can be computed again, bit for bit (:func:`ear_engine.playback.limiter.limited`).
        """
        return _taken(self._applied, position - self.delay, count)

    def over(self, position: int, count: int) -> NDArray[np.float32]:
        """What was over the loop in the hall likewise, (3, count); ask before :meth:`clear`."""
        if self.cue:
            return np.zeros((3, count), np.float32)
        return _taken(self._over, position - self.delay, count)

    def close(self) -> None:
        """Let go of every pyo object, while the server still exists."""
        self._rings, self._over, self._applied = [], [], []
        self._outs.clear()
        for limiter in self._limiters:
            limiter.close()
        self._limiters.clear()
        self._mixes.clear()
        self._glides.clear()
        self._heard.clear()
        self._objects.clear()
        del self._count, self._clock


def _put(ring: NDArray[np.float32], position: int, signal: NDArray[np.float32]) -> None:
    first = position % ring.shape[0]
    head = min(signal.shape[0], ring.shape[0] - first)
    ring[first : first + head] = signal[:head]
    ring[: signal.shape[0] - head] = signal[head:]


def _taken(rings: list[NDArray[np.float32]], position: int, count: int) -> NDArray[np.float32]:
    first = position % rings[0].shape[0]
    head = min(count, rings[0].shape[0] - first)
    made = np.empty((len(rings), count), np.float32)
    for row, ring in zip(made, rings, strict=True):
        row[:head] = ring[first : first + head]
        row[head:] = ring[: count - head]
    return made
