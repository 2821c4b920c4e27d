"""Performances as files, made up: silence whose loops, gains, marks and changes are what a test says."""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ear_engine.parameters import ParameterTree
from ear_engine.performance.reading import Kept, read_performance
from ear_engine.performance.records import MAGIC, Array, packed
from ear_engine.playback.mix import level

RATE, BLOCK = 44100, 1024
BEAT = 22050  # samples: 120 beats a minute
LOOP = 8 * BEAT
BEGAN = 100.0  # clock time of sample 0
GAINS = ("wet", "dry", "level", "over", "depth", "threshold")
_GLIDE = 2048  # samples


@dataclass
class Stage:
    """One audio process that plays for ``seconds``.

    Args:
        folder: where its files go.
        seconds: whole ones.
        part: number of its files.
        at: clock time of its sample 0.
        first: engine sample of its sample 0.
        crc: of each second; that of silence if None.
        late: seconds by which the end of each second is seen late.
        marked: seconds that have a mark; all if None.
        steps: of the dream: seconds after the beginning at which each began and was done, and the last change it knew.
        making: seconds that the last version took; not told if 0.
        state: values that the performance begins with.
    """

    folder: Path
    seconds: int = 20
    part: int = 1
    at: float = BEGAN
    first: int = 0
    crc: int | None = None
    late: float = 0.0
    marked: int | None = None
    changes: list[dict[str, object]] = field(default_factory=list)
    entries: list[dict[str, object]] = field(default_factory=list)
    gains: list[tuple[float, float, float]] = field(default_factory=list)
    published: list[tuple[int, int]] = field(default_factory=list)
    steps: list[tuple[float, float, int]] = field(default_factory=list)
    making: float = 0.0
    state: dict[str, object] = field(default_factory=dict)

    def change(self, after: float, position: float | None = None, engine: object = None, **values: object) -> int:
        """One so many seconds after the beginning; its number. ``group__name`` is ``group/name``."""
        number = len(self.changes) + 1
        named = {name.replace("__", "/"): value for name, value in values.items()}
        head = {"number": number, "time": self.at + after, "origin": "test", "values": named, "triggers": []}
        self.changes.append({**head, "engine": engine or {}, "position": position})
        return number

    def enter(self, start: int, loop: int = 0, origin: int = 0, samples: int = LOOP, source: int = 1) -> None:
        """A loop from engine sample ``start`` on."""
        head = {"start": start, "origin": origin, "loop": loop, "file": f"loop-{loop}.ear", "samples": samples}
        beats = round(samples / BEAT)
        self.entries.append({**head, "beats": beats, "wet": f"silence {samples}", "dry": f"silence {samples}"})
        self.entries[-1].update(fade=100, source_number=source, count=0.0, bar=0, silent=False)

    def glide(self, after: float, before: float, gain: float) -> None:
        """The gain moves, dB, with the first block that is made so many seconds after the beginning or later."""
        self.gains.append((after, before, gain))

    def keep(self) -> Kept:
        """Write it, and read what is in the folder."""
        self._write("sound", self._sound())
        if self.published or self.steps:
            heads = [
                ("publ", {"loop": loop, "sequence": sequence, "time": self.at}) for loop, sequence in self.published
            ]
            made: list[tuple[str, dict[str, object], dict[str, Array]]] = [("open", {"format": 1}, {})]
            made += [("step", {"count": len(self.steps)}, _made(self.at, self.steps))] if self.steps else []
            made += [(kind, head, {}) for kind, head in heads]
            if self.making:
                last = max(known for _, known in self.published)
                made.append(("step", {"count": 1}, _made(self.at, [(self.making, math.nan, last)])))
            self._write("dream", made)
        if self.part == 1:
            values = {**ParameterTree().values, **self.state}
            head = {"format": 1, "time": self.at, "state": {"sequence": 0, "values": values, "still": False}}
            self._write("control", [("open", head, {}), *(("chng", change, {}) for change in self.changes)])
        return read_performance(self.folder)

    def _sound(self) -> list[tuple[str, dict[str, object], dict[str, Array]]]:
        rates = {"sample_rate": RATE, "device_rate": RATE, "buffer_size": BLOCK, "latency": BLOCK / RATE}
        made: list[tuple[str, dict[str, object], dict[str, Array]]] = [
            ("open", {"format": 1, "at": 0, "time": self.at, "gains": GAINS, "cue": False, **rates}, {}),
            ("anch", {"device": 0, "engine": float(self.first), "silent": 0}, {}),
            ("ramp", {"at": 0, "rows": [2]}, {"gains": np.ones((1, BLOCK), np.float32)}),
        ]
        for samples in {int(str(entry["samples"])) for entry in self.entries}:
            silence = np.zeros((1, samples), np.float32)
            made.append(("loop", {"key": f"silence {samples}"}, {"audio": silence}))
        made += [("entr", entry, {}) for entry in self.entries]
        for after, before, gain in self.gains:
            at = (math.ceil(after * RATE / BLOCK) - 1) * BLOCK
            line = np.linspace(level(before, False), level(gain, False), _GLIDE + 1, dtype=np.float32)
            made.append(("ramp", {"at": at, "rows": [2]}, {"gains": line[None]}))
        crc = zlib.crc32(np.zeros((RATE, 2), "<f4").data) if self.crc is None else self.crc
        for second in range(self.seconds if self.marked is None else self.marked):
            time = self.at + second + 1 + self.late
            made.append(("mark", {"at": second * RATE, "count": RATE, "crc": crc, "time": time}, {}))
        return made

    def _write(self, name: str, records: list[tuple[str, dict[str, object], dict[str, Array]]]) -> None:
        with (self.folder / f"{name}-{self.part}.kept").open("xb") as file:
            file.write(MAGIC)
            for kind, head, arrays in records:
                for piece in packed(kind, json.loads(json.dumps(head)), arrays):
                    file.write(piece)


def _made(at: float, steps: list[tuple[float, float, int]]) -> dict[str, Array]:
    times = np.array([(began, done) for began, done, _ in steps], float) + at
    return {"steps": np.array([(known, 0.1, 1) for *_, known in steps], float), "times": times}
