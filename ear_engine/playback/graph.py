"""The pyo graph: rings in, one mix out, and a ring of what really went out.

``Count`` runs through the ring sample by sample, ``TableIndex`` reads it; both are exact, so with wet 1, gain 0 dB, no
mute and nothing over the loop the output is the ring, bit for bit. Nothing here calls Python on the audio path.

What sounds over the loop has a ring of its own, with a channel that says how far the loop is ducked, 0 to 1::

    out = ((wet ring * wet + dry ring * dry) * (1 + ducked * (duck - 1)) + over ring * over) * level
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.playback.plan import Stereo
from ear_engine.playback.pyo_library import load_pyo

RING = 1 << 17  # samples; pyo counts in float32, exact below 2^24
_SMOOTH = 0.02  # seconds
_FIRST = (1.0, 0.0, 1.0, 1.0, 0.0)  # gains of wet, dry, the mix, and what is over the loop; duck - 1


class Graph:
    """Built on a booted pyo server; must be closed before the server is shut down (pyo crashes otherwise).

    Args:
        ring: samples of each ring.
        smooth: length of the linear ramp of a changed gain, in seconds.
        inputs: channels of the server's input to keep, 0 to 2.
    """

    def __init__(self, ring: int = RING, smooth: float = _SMOOTH, inputs: int = 0) -> None:
        pyo = load_pyo()
        self.ring = ring
        tables = [pyo.DataTable(size=ring, chnls=2) for _ in range(4 if inputs else 3)]
        self._rings = [[np.asarray(table.getBuffer(side))[:ring] for side in range(2)] for table in tables]
        over, ducked = pyo.DataTable(size=ring, chnls=2), pyo.DataTable(size=ring)
        self._over = [np.asarray(over.getBuffer(side))[:ring] for side in range(2)]
        self._over.append(np.asarray(ducked.getBuffer(0))[:ring])
        self._clock = pyo.Trig().play()
        self._count = pyo.Count(self._clock, min=0, max=ring - 1)
        self._gains = [pyo.SigTo(value, time=smooth, init=value) for value in _FIRST]
        wet, dry, level, loud, depth = self._gains
        readers = [pyo.TableIndex(table, self._count) for table in tables[:2]]
        readers.append(pyo.TableIndex(over, self._count, mul=loud))
        readers.append(pyo.TableIndex(ducked, self._count, mul=depth, add=1.0))
        self._mix = ((readers[0] * wet + readers[1] * dry) * readers[3] + readers[2]) * level
        applied = [pyo.DataTable(size=ring) for _ in self._gains]
        self._applied = [np.asarray(table.getBuffer(0))[:ring] for table in applied]
        fills = [pyo.TableFill(gain, table) for gain, table in zip(self._gains, applied, strict=True)]
        self._capture = pyo.TableFill(self._mix, tables[2])
        self._out = self._mix.out()
        self.inputs = inputs
        self._heard: list[Any] = []
        if inputs:
            source = pyo.Input(chnl=[0, min(inputs, 2) - 1])
            self._heard = [source, pyo.TableFill(source, tables[3])]
        self._values = list(_FIRST)
        self._objects: list[Any] = [*tables, over, ducked, *applied, *fills, *readers]
        self._running = False

    def index(self) -> int | None:
        """Ring index of the next sample to leave, or None before the first block. Changes a whole block at once."""
        newest = int(self._count.get())
        self._running = self._running or newest != 0
        return (newest + 1) % self.ring if self._running else None

    def set_mix(self, wet: float, dry: float) -> None:
        """Ramp to these linear gains of wet and dry."""
        self._set(0, wet)
        self._set(1, dry)

    def set_level(self, level: float) -> None:
        """Ramp to this linear gain of the mix."""
        self._set(2, level)

    def set_over(self, gain: float, duck: float) -> None:
        """Ramp to these linear gains of what sounds over the loop, and of the loop where it is ducked all the way."""
        self._set(3, gain)
        self._set(4, duck - 1.0)

    def _set(self, number: int, value: float) -> None:
        if value != self._values[number]:
            self._gains[number].value = value
            self._values[number] = value

    def write(self, position: int, wet: Stereo, dry: Stereo) -> None:
        """Put (2, count) samples into the rings from ``position`` (modulo the ring) on; count is at most the ring."""
        for ring, signal in zip(self._rings[:2], (wet, dry), strict=True):
            for side in range(2):
                _put(ring[side], position, signal[side])

    def write_over(self, position: int, signal: NDArray[np.float32]) -> None:
        """Put (3, count) samples over the loop: left, right, and how far the loop is ducked, 0..1."""
        for ring, channel in zip(self._over, signal, strict=True):
            _put(ring, position, channel)

    def clear(self, position: int, count: int) -> None:
        """Silence ``count`` samples of the rings, so that an unfed graph is silent instead of repeating itself."""
        silence = np.zeros((3, min(count, self.ring)), np.float32)
        self.write(position, silence[:2], silence[:2])
        self.write_over(position, silence)

    def captured(self, position: int, count: int) -> NDArray[np.float32]:
        """What went out at ``position`` (modulo the ring): (count, 2), a copy; count is at most the ring."""
        return self._frames(2, position, count)

    def heard(self, position: int, count: int) -> NDArray[np.float32]:
        """What came in as ``position`` (modulo the ring) went out, likewise; mono is on both sides."""
        return self._frames(3, position, count)

    def applied(self, position: int, count: int) -> NDArray[np.float32]:
        """The gains as they were at ``position`` (modulo the ring), (gains, count), a copy: of wet, dry, the mix, what
        is over the loop, and how far it is ducked, less 1. With them what went out can be computed again, bit for bit.
        """
        return _taken(self._applied, position, count)

    def over(self, position: int, count: int) -> NDArray[np.float32]:
        """What was over the loop likewise, (3, count); ask before :meth:`clear`."""
        return _taken(self._over, position, count)

    def _frames(self, number: int, position: int, count: int) -> NDArray[np.float32]:
        first = position % self.ring
        head = min(count, self.ring - first)
        frames = np.empty((count, 2), np.float32)
        for side in range(2):
            frames[:head, side] = self._rings[number][side][first : first + head]
            frames[head:, side] = self._rings[number][side][: count - head]
        return frames

    def close(self) -> None:
        """Let go of every pyo object, while the server still exists."""
        self._rings, self._over, self._applied = [], [], []
        del self._out, self._capture, self._mix, self._count, self._clock
        self._gains.clear()
        self._heard.clear()
        self._objects.clear()


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
