"""How messages of the engine change what a viewer knows of it. No sockets here."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from ear_engine.errors import UserError
from ear_engine.osc.codec import Message
from ear_engine.osc.reports import ClipInfo, LayerInfo, StatusReport
from ear_engine.osc.stream_names import EVENT, LOOP, MEAN, OBJECTIVE, PLAYHEAD
from ear_engine.parameters import ParameterTree
from ear_engine.viewer.audition import NEURON, AuditionNews, excerpt_news
from ear_engine.viewer.playhead import PlayheadClock
from ear_engine.viewer.snapshot import EventNews, LoopNews, Preset, Snapshot

STATUS, LAYERS, CLIPS = "/ear/system/status", "/ear/layers/list", "/ear/clips/list"
MAP_INFO = "/ear/map/info"
PRESETS, EARS, FIND, FAIL = "/ear/preset/list", "/ear/ears/list", "/ear/target/find", "/ear/fail"
_CURVE = 1200  # points
_KEPT = 16  # loops and events
_LONGEST_LIST = 4096
_SHORTEST, _LONGEST = 0.05, 3600.0  # seconds of a loop
_MOST_BEATS = 1e6
_KINDS = {row.name: str(row.type) for row in fields(StatusReport) if row.name != "pids"}


class Malformed(ValueError):
    """A message that is OSC, but not what its address promises."""


class News:
    """Takes messages, one after the other, and keeps what they say; bounded whatever comes.

    Args:
        tree: the parameters; its values are kept up to date.
    """

    def __init__(self, tree: ParameterTree) -> None:
        self.tree = tree
        self.clock = PlayheadClock()
        self.status: dict[str, Any] = {}
        self.lists: dict[str, tuple[tuple[Any, ...], ...]] = {}
        self.objective = 0.0
        self.curve: deque[tuple[float, float]] = deque(maxlen=_CURVE)
        self.loops: deque[LoopNews] = deque(maxlen=_KEPT)
        self.events: deque[EventNews] = deque(maxlen=_KEPT)
        self.means: tuple[float, ...] = ()
        self.laying_out: int | None = None
        self.audition: AuditionNews | None = None
        self.held: set[str] = set()  # parameters just set here: what comes about them is older
        self.ignored = 0
        self._partial: dict[str, dict[int, tuple[Any, ...]]] = {}
        self._rows = {row.address: row for row in tree if row.kind != "trigger"}
        self._take: dict[str, Callable[[list[Any], float], None]] = {
            PLAYHEAD: self._playhead,
            OBJECTIVE: self._objective,
            LOOP: self._loop,
            EVENT: self._event,
            MEAN: self._means,
            STATUS: self._status,
            LAYERS: lambda given, at: self._row(LAYERS, given, "sii"),
            CLIPS: lambda given, at: self._row(CLIPS, given, "sfi"),
            PRESETS: lambda given, at: self._row(PRESETS, given, "sss"),
            EARS: lambda given, at: self._row(EARS, given, "ssf"),
            FAIL: self._fail,
            MAP_INFO: self._map_info,
        }

    def clear(self) -> None:
        """Forget what an engine has told: another one answers."""
        self.clock.clear()
        self.status, self.lists, self._partial = {}, {}, {}
        self.objective, self.means, self.laying_out = 0.0, (), None
        self.audition = None
        self.curve.clear()
        self.loops.clear()
        self.events.clear()

    def take(self, message: Message, at: float) -> bool:
        """Keep what ``message`` says; return whether it said anything to us. Never raises."""
        try:
            given = message.flat
            row = self._rows.get(message.address)
            if row is not None:
                _expect(len(given) == 1)
                if row.name not in self.held:
                    value = row.check(given[0])  # OSC has 32 bits, which make 0.800000012 of 0.8
                    self.tree.values[row.name] = float(f"{value:.7g}") if row.kind == "float" else value
                return True
            taker = self._take.get(message.address)
            if taker is None:
                return False
            taker(given, at)
        except (UserError, Malformed):
            self.ignored += 1
            return False
        return True

    def snapshot(self, connected: bool, waiting: str, engine: str) -> Snapshot:
        """Everything, as it is now."""
        lists = self.lists
        return Snapshot(
            connected,
            waiting,
            engine,
            dict(self.tree.values),
            self.status,
            tuple(LayerInfo(*row) for row in lists.get(LAYERS, ())),
            tuple(ClipInfo(*row) for row in lists.get(CLIPS, ())),
            tuple(Preset(*row) for row in lists.get(PRESETS, ())),
            tuple(row[0] for row in lists.get(EARS, ())),
            self.objective,
            tuple(self.curve),
            tuple(reversed(self.loops)),
            tuple(reversed(self.events)),
            self.means,
            self.laying_out,
            self.audition,
        )

    def auditioned(self, given: Sequence[Any], at: float) -> None:
        """Keep which excerpt is heard (:func:`ear_engine.viewer.audition.excerpt_news`). Never raises."""
        try:
            self.audition = excerpt_news(given, at)
        except ValueError:
            self.ignored += 1

    def problem(self, name: str, at: float) -> None:
        """Tell of an error that nobody had thought of; where the sound is begins anew, since it may come from there."""
        self.ignored += 1
        self.clock.clear()
        self._event(["error", name, f"What the engine has sent cannot be used ({name})."], at)

    def _playhead(self, given: list[Any], at: float) -> None:
        loop, phase, _, beat, _ = _typed(given, "ififi")
        _expect(loop >= 0 and 0.0 <= phase <= 1.0 and 0.0 <= beat <= _MOST_BEATS)
        self.clock.add(at, loop, phase % 1.0, beat, self._seconds(loop))

    def _seconds(self, loop: int) -> float:
        for news in reversed(self.loops):
            if news.number == loop:
                return news.seconds
        return 0.0

    def _objective(self, given: list[Any], at: float) -> None:
        (self.objective,) = _typed(given, "f")
        self.curve.append((at, self.objective))

    def _means(self, given: list[Any], at: float) -> None:
        self.means = tuple(_typed(given, "f" * len(given)))

    def _map_info(self, given: list[Any], at: float) -> None:
        _, phase, step, _ = _typed(given, "isif")
        self.laying_out = step if phase == "laying_out" else None

    def _loop(self, given: list[Any], at: float) -> None:
        number, path, seconds, _, beats, tempo = _typed(given, "isfiif")
        _expect(number >= 0 and _SHORTEST <= seconds <= _LONGEST)
        if not self.loops or self.loops[-1].path != path:
            self.loops.append(LoopNews(number, path, seconds, beats, tempo, self.objective))

    def _event(self, given: list[Any], at: float) -> None:
        level, code, text = _typed(given, "sss")
        news = EventNews(level, code, text, at)
        if not self.events or self.events[-1].message != news.message:  # it is sent again after each subscription
            self.events.append(news)

    def _fail(self, given: list[Any], at: float) -> None:
        address, code, text, _ = _typed(given, "sssi")
        if address in self._take:  # an engine without one of the lists
            return
        if address == NEURON and code == "superseded":  # we have asked for another meanwhile
            return
        self.events.append(EventNews("refused", code, text, at))
        if address == NEURON:
            self.audition = AuditionNews(text, at, at)
        if address in self._rows:
            self.held.discard(self._rows[address].name)

    def _status(self, given: list[Any], at: float) -> None:
        _expect(len(given) % 2 == 0 and len(given) < 200)
        keys, values = given[::2], given[1::2]
        _expect(all(isinstance(key, str) for key in keys))
        said = dict(zip(keys, values, strict=True))
        wrong = {key for key, kind in _KINDS.items() if key in said and not _is(said[key], kind)}
        stays = {key: self.status[key] for key in wrong if key in self.status}
        self.status = {key: stays.get(key, value) for key, value in said.items() if key not in wrong or key in stays}

    def _row(self, address: str, given: list[Any], tags: str) -> None:
        """One message of a list: it is shown when all have come."""
        if given == [0, 0]:
            self.lists[address] = ()
            return
        index, total, *row = _typed(given, "ii" + tags)
        _expect(0 <= index < total <= _LONGEST_LIST)
        rows = self._partial.setdefault(address, {})
        if index == 0:
            rows.clear()
        rows[index] = tuple(row)
        if len(rows) == total and max(rows) == total - 1:
            self.lists[address] = tuple(rows[number] for number in range(total))
            rows.clear()


def _expect(true: bool) -> None:
    if not true:
        raise Malformed


def _is(value: object, kind: str) -> bool:
    """Whether a value of the status is of a kind (the name of its type); a whole number does for a float."""
    if kind == "str":
        return isinstance(value, str)
    whole = type(value) is int
    return whole or (kind == "float" and isinstance(value, float) and math.isfinite(value))


def _typed(given: Sequence[Any], tags: str) -> list[Any]:
    """``given``, if it is what ``tags`` (i, f, s) say; a whole number does for f.

    Raises:
        Malformed: it is not.
    """
    _expect(len(given) == len(tags))
    found: list[Any] = []
    for value, tag in zip(given, tags, strict=True):
        if tag == "s":
            _expect(isinstance(value, str))
            found.append(value)
        else:
            _expect(isinstance(value, int | float) and math.isfinite(value))
            _expect(tag == "f" or value == int(value))
            found.append(float(value) if tag == "f" else int(value))
    return found
