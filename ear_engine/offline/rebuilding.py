"""The sound of a performance, computed again from its loops: the samples that went out, not others like them.

The plan (:mod:`ear_engine.playback.plan`) gives wet and dry, the gains are those that were applied, the limiter is the
same arithmetic (:func:`ear_engine.playback.limiter.limited`). All is single precision in the graph's order, so the
result is the same bit for bit on machines that do not fuse a product with a sum (x86-64). Each second's checksum tells.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.performance.reading import SoundPart
from ear_engine.performance.records import Record
from ear_engine.playback.limiter import Spans, limited
from ear_engine.playback.plan import Plan, PlannedLoop, Stereo
from ear_engine.shared_memory.states import Entry

_BLOCK = 1 << 15  # samples computed at once
_CHUNK = 1024  # engine samples that are resampled at once, as when played
_RUN_IN = 4096  # samples of a resampler's past that it may remember

Signal = NDArray[np.float32]


@dataclass(frozen=True)
class Difference:
    """A stretch of sound whose checksum is another: ``at``, its first device sample, and ``count``."""

    at: int
    count: int


class Rebuilt:
    """The sound that one audio process made.

    Args:
        part: what it kept.

    Attributes:
        differences: stretches, as they are found while :meth:`blocks` goes on, that are not what went out.
        compared: samples that were compared so far.
    """

    def __init__(self, part: SoundPart) -> None:
        self.part = part
        self.differences: list[Difference] = []
        self.compared = 0
        self._plan = Plan()
        self._entries = list(part.entries)
        self._held: dict[str, Stereo] = {}
        self._gains = _Lines(part.ramps, len(part.head["gains"]), "gains")
        self._over = _Lines(part.overs, 3, "over", stay=False)
        self._spans = Spans.at(part.rate)
        self._resampled = _Resampled(part, self._render) if part.rate != part.head["sample_rate"] else None

    def blocks(self) -> Iterator[Signal]:
        """What went out from ``part.at`` to ``part.end``, (2, count) at the device's rate, block after block."""
        first, delay = self.part.at, self._spans.delay
        past = 2 * self._spans.release + 2 * self._spans.attack + self._spans.hold + 2 * delay
        mix, threshold = np.zeros((2, past), np.float32), np.ones(past, np.float32)
        compare = _Compare(self)
        made = first  # device samples that are mixed
        while first < self.part.end:
            last = min(first + _BLOCK, self.part.end)
            more, bound = self._mixed(made, last + delay - made)
            made = last + delay
            mix, threshold = np.concatenate((mix, more), axis=1), np.concatenate((threshold, bound))
            if np.abs(mix).max(initial=0.0) > threshold.min(initial=1.0):
                out = limited(mix, threshold, self.part.rate)
            else:  # nothing to limit anywhere near
                out = np.concatenate((np.zeros((2, delay), np.float32), mix[:, : mix.shape[1] - delay]), axis=1)
            block = out[:, out.shape[1] - (last - first) :]
            compare(block, first)
            yield block
            mix, threshold = mix[:, -past:], threshold[-past:]
            first = last

    def _mixed(self, at: int, count: int) -> tuple[Signal, Signal]:
        """The mix before the limiter, (2, count), from device sample ``at`` on; the limiter's threshold, (count,)."""
        wet, dry = self._loops(at, count)
        gains, over = self._gains.take(at, count), self._over.take(at, count)
        wet_gain, dry_gain, level, loud, depth, threshold = gains
        zero, one = np.float32(0.0), np.float32(1.0)
        threshold = np.where(threshold > 0.0, threshold, one)  # none before the graph's first sample
        loop = (wet * wet_gain + zero) + (dry * dry_gain + zero)
        if self.part.head.get("cue"):
            return loop * level + zero, threshold
        softer = over[2] * depth + one
        return ((loop * softer + zero) + (over[:2] * loud + zero)) * level + zero, threshold

    def _loops(self, at: int, count: int) -> tuple[Stereo, Stereo]:
        """Wet and dry, each (2, count), as the rings were filled."""
        made = np.zeros((4, count), np.float32)
        anchors = self.part.anchors
        for number, (device, engine, _) in enumerate(anchors):
            silent = anchors[number + 1][2] if number + 1 < len(anchors) else at + count
            begin, end = max(device, at), min(silent, at + count)
            if begin >= end:
                continue
            if self._resampled is not None:
                made[:, begin - at : end - at] = self._resampled.take(number, begin, end - begin)
            else:
                signals = self._render(round(engine) + begin - device, end - begin)
                made[:, begin - at : end - at] = np.concatenate(signals)
        return made[:2], made[2:]

    def _render(self, position: int, count: int) -> tuple[Stereo, Stereo]:
        while self._entries and self._entries[0]["start"] < position + count:
            self._plan.add(self._planned(self._entries.pop(0)))
        self._plan.prune(position)
        return self._plan.render(position, count)

    def _planned(self, head: Mapping[str, Any]) -> PlannedLoop:
        wet, dry = (self._audio(head[name]) for name in ("wet", "dry"))
        self._held = {head["wet"]: wet, head["dry"]: dry}
        return PlannedLoop(entry_of(head), wet, dry, head["fade"], head["source_number"])

    def _audio(self, key: str) -> Stereo:
        return self._held[key] if key in self._held else audio_of(self.part.loops[key])


def entry_of(head: Mapping[str, Any]) -> Entry:
    """The entry that a record holds."""
    return Entry(**{field.name: head[field.name] for field in fields(Entry) if field.name in head})


def audio_of(record: Record) -> Stereo:
    """Audio of a record, (2, samples)."""
    audio = record.array("audio")
    return np.ascontiguousarray(np.broadcast_to(audio, (2, audio.shape[1])), np.float32)


class _Lines:
    """Signals of which only stretches were kept.

    Args:
        records: the stretches, in order; a record's ``rows`` are those that it holds, all if it names none.
        count: of signals.
        name: of the array that holds them.
        stay: whether each goes on with its last value; else with 0.
    """

    def __init__(self, records: list[Record], count: int, name: str, stay: bool = True) -> None:
        self._records, self._name, self._stay = records, name, stay
        self._next = 0
        self._last = np.zeros((count, 1), np.float32)
        if records and stay:  # what was before the first stretch is what it begins with
            first = records[0]
            self._last[first.head.get("rows", slice(None))] = first.array(name)[:, :1]

    def take(self, at: int, count: int) -> Signal:
        """Samples ``at`` to ``at + count``, (signals, count); asked for in order, without gaps or overlaps."""
        made = np.repeat(self._last, count, axis=1)
        number = self._next
        while number < len(self._records) and self._records[number].head["at"] < at + count:
            record = self._records[number]
            values, rows, start = record.array(self._name), record.head.get("rows", slice(None)), record.head["at"]
            begin, end = max(start, at), min(start + values.shape[1], at + count)
            if begin < end:
                made[rows, begin - at : end - at] = values[:, begin - start : end - start]
            if self._stay:
                made[rows, max(end - at, 0) :] = values[:, -1:]
            if start + values.shape[1] > at + count:
                break  # goes on in the next block
            number += 1
        self._next = number
        if self._stay and count:
            self._last = made[:, -1:].copy()
        return made


class _Resampled:
    """The loops at the device's rate: one stream from each anchor on, in the chunks that it was played in."""

    def __init__(self, part: SoundPart, render: Any) -> None:
        self._part, self._render = part, render
        self._rates = int(part.head["sample_rate"]), part.rate
        self._anchor = -1
        self._stream: Any = None
        self._ready = np.zeros((4, 0), np.float32)
        self._device = self._engine = 0  # of the first sample that is ready, and of the first not read

    def take(self, anchor: int, device: int, count: int) -> Signal:
        """(4, count) from device sample ``device`` on, which lies behind this anchor."""
        if anchor != self._anchor:
            self._begin(anchor, device)
        while self._device + self._ready.shape[1] < device + count:
            wet, dry = self._render(self._engine, _CHUNK)
            self._engine += _CHUNK
            made = self._stream.resample_chunk(np.ascontiguousarray(np.concatenate((wet, dry)).T)).T
            self._ready = np.concatenate((self._ready, made), axis=1)
        past = device - self._device
        self._ready, self._device = self._ready[:, past:], device
        return self._ready[:, :count]

    def _begin(self, anchor: int, device: int) -> None:
        """A stream of its own; one that was begun before anything was kept, at a sample that both rates have."""
        import soxr

        begin, engine, _ = self._part.anchors[anchor]
        common = int(np.gcd(*self._rates))
        step = self._rates[1] // common
        skipped = max(0, (device - _RUN_IN - begin) // step) if anchor == 0 else 0
        self._anchor, self._ready = anchor, np.zeros((4, 0), np.float32)
        self._device = begin + skipped * step
        self._engine = round(engine) + skipped * (self._rates[0] // common)
        self._stream = soxr.ResampleStream(*self._rates, 4, dtype="float32", quality="HQ")


class _Compare:
    """Checksums, as far as the sound goes."""

    def __init__(self, rebuilt: Rebuilt) -> None:
        self._rebuilt = rebuilt
        self._marks = iter(rebuilt.part.marks)
        self._mark = next(self._marks, None)
        self._crc = 0

    def __call__(self, block: Signal, at: int) -> None:
        end = at + block.shape[1]
        while self._mark is not None and self._mark.at < end:
            mark = self._mark
            begin, stop = max(mark.at, at), min(mark.at + mark.count, end)
            self._crc = zlib.crc32(np.ascontiguousarray(block[:, begin - at : stop - at].T, "<f4").data, self._crc)
            if stop < mark.at + mark.count:
                return
            self._rebuilt.compared += mark.count
            if self._crc != mark.crc:
                self._rebuilt.differences.append(Difference(mark.at, mark.count))
            self._mark, self._crc = next(self._marks, None), 0
