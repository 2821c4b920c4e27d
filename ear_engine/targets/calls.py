"""The functions of the algebra, each turned into terms for one ear."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.neurons import Layer
from ear_engine.ear.statistics import FRONT_END
from ear_engine.errors import UserError
from ear_engine.targets.choices import Terms, at_depth, by_clip, by_disc, by_name, check_followed, pattern_terms
from ear_engine.targets.expression import Call, Number, Range, Text
from ear_engine.targets.extents import Window, bins_inside, block, followed, nearest_bin, window
from ear_engine.targets.facts import EarFacts
from ear_engine.targets.terms import Term
from ear_engine.targets.tokens import BadExpression

_OUTSIDE = 2**0.5  # this far beyond a layer's lowest and highest bins, it hears nothing of a frequency
_RADIUS = 0.1  # of a disc
_MOMENT = 1.0  # beats that a moment of a difference lasts
_SHORTEST = 1e-3  # beats, of one


def call_terms(call: Call, facts: EarFacts, beats: float) -> Terms:
    """What a call chooses, for a loop of ``beats`` beats.

    Raises:
        BadExpression: an unknown layer or name, an index out of range, or an empty selection, with its place.
    """
    try:
        terms = _MEANINGS[call.function](_Asked(call, facts, beats))
        check_followed(f"{call.function}(…)", terms, facts)
        return terms
    except BadExpression:
        raise
    except UserError as error:
        raise BadExpression(error.reason, error.mend, _place(call, error), error.subject, error.code) from None


def _place(call: Call, error: UserError) -> int:
    """Where the argument stands that an error is about: the text that its subject repeats, in small letters maybe."""
    for argument in call.arguments:
        value = argument.value
        if isinstance(value, Text) and error.subject.endswith((repr(value.value), repr(value.value[:200].lower()))):
            return value.at
    return call.at


class _Asked:
    """One call, its arguments looked up in the ear."""

    def __init__(self, call: Call, facts: EarFacts, beats: float) -> None:
        self.call = call
        self.facts = facts
        self.beats = beats

    def text(self, name: str) -> str:
        found = self.call.given(name, Text)
        return "" if found is None else found.value

    def number(self, name: str, otherwise: float) -> float:
        found = self.call.given(name, Number)
        return otherwise if found is None else found.value

    @property
    def layer(self) -> Layer:
        return self.facts.index[self.text("layer")]

    def when(self) -> Window:
        span = self.call.given("time", Range)
        if span is None:
            return Window()
        if span.high <= span.low:
            raise _empty(f"the time {span}", "ends before it begins", "write the earlier beat first", span.at)
        return window(span.low, span.high - span.low, self.beats)

    def channels(self, layer: Layer) -> slice:
        one, span = self.call.given("channels", Number), self.call.given("channels", Range)
        if span is not None:
            low, high, at = int(span.low), int(span.high), span.at
        elif one is not None:
            low, high, at = int(one.value), int(one.value), one.at
        else:
            return slice(0, followed(layer))
        if low > high:
            raise _empty(f"the range {low}..{high}", "is empty", "write the smaller number first", at)
        if high >= layer.channels:
            raise _beyond("channel", high, layer.channels, layer, at)
        return slice(low, high + 1)

    def span(self) -> Range | None:
        """The frequencies that were asked for, if any were."""
        span = self.call.given("freq", Range)
        if span is not None and not 0 < span.low <= span.high:
            raise _empty(f"the range {span}", "holds no frequency", "write the lower one first, in Hz", span.at)
        return span

    def pattern(self, layer: Layer) -> NDArray[np.float32]:
        """Channels and frequencies that were asked for, all of the layer without any."""
        channels, span = self.channels(layer), self.span()
        if span is None:
            return block(layer, channels, slice(0, layer.bins))
        centers = self.facts.frequencies.get(layer.name, [])
        if len(centers) == layer.bins:
            if span.high * _OUTSIDE < centers[0] or span.low > centers[-1] * _OUTSIDE:
                mend = f"it hears {centers[0]:.0f} to {centers[-1]:.0f} Hz"
                raise _empty(f"the range {span} Hz", f"lies outside {layer.name}", mend, span.at)
            bins = bins_inside(centers, span.low, span.high) or nearest_bin(centers, span.low, span.high)
            return block(layer, channels, bins)
        return self._tuned(layer, channels, span)

    def _tuned(self, layer: Layer, channels: slice, span: Range) -> NDArray[np.float32]:
        """Neurons of a layer without a frequency axis that answer most to a frequency in ``span``."""
        if self.facts.statistics is None:
            mend = "leave freq= out, or choose a layer of the encoder"
            raise _empty(layer.name, "has no frequencies", mend, span.at)
        hertz = self.facts.statistics.frequency[layer.span].reshape(layer.channels, layer.bins)
        chosen = np.zeros(hertz.shape, np.float32)
        chosen[channels] = (hertz[channels] >= span.low) & (hertz[channels] <= span.high)
        if not chosen.any():
            raise _empty(f"the range {span} Hz", f"is answered by no neuron of {layer.name}", "widen it", span.at)
        pattern: NDArray[np.float32] = (chosen / chosen.sum()).reshape(-1)
        return pattern

    def extent(self, layer: Layer) -> NDArray[np.float32] | None:
        """As :meth:`pattern`; None if it is all of the layer."""
        if not {argument.name for argument in self.call.arguments} & {"channels", "freq"}:
            return None
        pattern = self.pattern(layer)
        whole = block(layer, slice(0, followed(layer)), slice(0, layer.bins))
        return None if np.array_equal(pattern, whole) else pattern


def _empty(subject: str, reason: str, mend: str, at: int) -> BadExpression:
    return BadExpression(reason, mend, at, subject, "empty_target")


def _beyond(name: str, value: int, count: int, layer: Layer, at: int) -> BadExpression:
    subject = f"{name} {value} of {layer.name}"
    if count == 1:
        mend = "leave it out" if name == "bin" else "use 0"
        return BadExpression(f"is not there, the layer has one {name}", mend, at, subject, "out_of_range")
    return BadExpression(f"is beyond the layer's {count}", f"use 0 to {count - 1}", at, subject, "out_of_range")


def _part(asked: _Asked) -> Terms:
    layer = asked.layer
    return pattern_terms(layer.name, asked.pattern(layer), asked.when())


def _neuron(asked: _Asked) -> Terms:
    layer, channel, bin_ = asked.layer, int(asked.number("channel", 0)), int(asked.number("bin", -1))
    for name, value, count in (("channel", channel, layer.channels), ("bin", bin_, layer.bins)):
        if value >= count:
            given = asked.call.given(name, Number)
            raise _beyond(name, value, count, layer, asked.call.at if given is None else given.at)
    bins = slice(0, layer.bins) if bin_ < 0 else slice(bin_, bin_ + 1)
    return pattern_terms(layer.name, block(layer, slice(channel, channel + 1), bins), asked.when())


def _band(asked: _Asked) -> Terms:
    layer = asked.facts.index[FRONT_END]
    return pattern_terms(layer.name, asked.pattern(layer), asked.when())


def _depth(asked: _Asked) -> Terms:
    terms: Terms = []
    for layer, share in at_depth(asked.number("depth", 0.5), asked.facts):
        terms += pattern_terms(layer.name, asked.pattern(layer), asked.when(), share)
    return terms


def _disc(asked: _Asked) -> Terms:
    x, y, radius = asked.number("x", 0.5), asked.number("y", 0.5), max(asked.number("radius", _RADIUS), 1e-6)
    return by_disc(x, y, radius, asked.facts, asked.when())


def _direction(asked: _Asked) -> Terms:
    name, known = asked.text("name"), asked.facts.directions
    direction = known.get(name)
    if direction is None:
        near = difflib.get_close_matches(name, known, n=2, cutoff=0.4) or list(known)[:6]
        mend = f"did you mean {' or '.join(near)}" if near else "make some with `ear-engine directions`"
        raise UserError(f"direction {name!r}", "does not exist in this ear", mend, "unknown_direction")
    when = asked.when()
    return [Term("direction", 1.0, direction.layer, None, when.start, when.length, text=name)]


def _likeness(asked: _Asked) -> Terms:
    clip, when, span = asked.text("clip"), asked.when(), asked.span()
    if not asked.text("layer"):
        return by_clip(clip, asked.facts, when, *(() if span is None else (span.low, span.high)))
    return [Term("likeness", 1.0, asked.layer.name, asked.extent(asked.layer), when.start, when.length, text=clip)]


def _difference(asked: _Asked) -> Terms:
    layer, at = asked.layer, asked.number("at", 0.0)
    other = asked.number("from", at + asked.beats / 2)
    length = asked.call.given("length", Number)
    if length is not None and length.value <= 0:
        raise _empty(f"the length {length}", "is not above 0", "give it in beats", length.at)
    when = window(at, max(asked.number("length", _MOMENT), _SHORTEST), asked.beats)
    if when.length >= 1.0 or abs((at - other) % asked.beats) < 1e-9:
        mend = "choose two moments, and a length= shorter than the loop"
        raise _empty("the difference", "is between a moment and itself", mend, asked.call.at)
    far = (other / asked.beats) % 1.0
    return [Term("difference", 1.0, layer.name, asked.extent(layer), when.start, when.length, far)]


def _of_layer(asked: _Asked) -> Terms:
    layer, when = asked.layer, asked.when()
    return [Term(asked.call.function, 1.0, layer.name, asked.extent(layer), when.start, when.length)]


def _whole(asked: _Asked) -> Terms:
    return [Term(asked.call.function, 1.0)]


_MEANINGS: Mapping[str, Callable[[_Asked], Terms]] = MappingProxyType(
    {
        "neuron": _neuron,
        "channel": _part,
        "layer": _part,
        "region": _part,
        "band": _band,
        "name": lambda asked: by_name(asked.text("name"), asked.facts, asked.when()),
        "map": _disc,
        "depth": _depth,
        "direction": _direction,
        "likeness": _likeness,
        "cpc": _whole,
        "surprise": _whole,
        "difference": _difference,
        "diversity": _of_layer,
        "deep_dream": _of_layer,
    }
)
