"""From targets as they are asked for to weighted terms for one ear: the same in the node and in the dreamer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from ear_engine.errors import UserError
from ear_engine.shared_memory.states import Target
from ear_engine.targets.calls import call_terms
from ear_engine.targets.choices import Terms, at_depth, by_clip, by_disc, by_name, by_numbers, pattern_terms
from ear_engine.targets.expression import Expression, Scaled, Sum, calls
from ear_engine.targets.extents import Window, select, window
from ear_engine.targets.facts import EarFacts
from ear_engine.targets.grammar import LARGEST, parse
from ear_engine.targets.merge import NOTHING, merge
from ear_engine.targets.terms import Term
from ear_engine.targets.tokens import BadExpression

_REMEMBERED = 64  # targets


@dataclass(frozen=True)
class Extent:
    """How much a target takes in: terms, the layers they lie in (forward order), and their neurons."""

    terms: int
    layers: tuple[str, ...]
    neurons: int


class Resolver:
    """Resolves targets for one ear; those that come again (kept ones) are remembered.

    Args:
        facts: of the ear.
        variants: loops dreamed side by side; 0 if nobody knows yet.
    """

    def __init__(self, facts: EarFacts, variants: int = 0) -> None:
        self.facts = facts
        self._variants = variants
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._parts)

    def resolve(
        self, targets: Iterable[Target], beats: float, stored: Mapping[str, Target] | None = None
    ) -> tuple[Term, ...]:
        """All of ``targets`` together, for a loop of ``beats`` beats.

        Args:
            targets: the current one and those kept.
            beats: length of the loop.
            stored: targets ``a`` and ``b``, between which a morph plays.

        Raises:
            UserError: one of them cannot be resolved (``unknown_layer``, ``unknown_region``, ``unknown_direction``,
                ``bad_expression``, ``bad_neurons``, ``out_of_range``, ``no_statistics``, ``not_stored``,
                ``one_variant``), chooses nothing, or weighs nothing by its own numbers (``empty_target``), or they
                cancel each other (``contradictory``).
        """
        ends = stored or {}
        parts: Terms = []
        asked = tuple(targets)
        for target in asked:
            a, b = (ends.get("a"), ends.get("b")) if target.by == "morph" else (None, None)
            parts += self._remembered(target, beats, a, b)
        if all(abs(target.weight) <= NOTHING for target in asked):
            return ()  # a fader at 0: nothing to dream of
        return merge(parts)

    def extent(self, terms: Iterable[Term]) -> Extent:
        """How much ``terms`` take in."""
        index = self.facts.index
        chosen = np.zeros(len(index), bool)
        touched = set()
        count = 0
        for term in terms:
            count += 1
            if term.layer:
                touched.add(term.layer)
                chosen[index[term.layer].span] |= True if term.pattern is None else term.pattern != 0
        names = tuple(layer.name for layer in index.layers if layer.name in touched)
        return Extent(count, names, int(chosen.sum()))

    def _parts(self, target: Target, beats: float, a: Target | None, b: Target | None) -> tuple[Term, ...]:
        if target.by == "morph":
            parts = self._between(target.morph, beats, a, b)
        elif target.by == "objective":
            parts = self._expressed(_parsed(target.objective), beats)
        else:
            parts = _WAYS[target.by](target, self.facts, window(target.start, target.length, beats))
        return tuple(_times(target.weight, parts))

    def _expressed(self, tree: Expression, beats: float) -> Terms:
        """Terms of an expression; one that is nothing by itself is refused, whatever is kept beside it."""
        alone = next((call for call in calls(tree) if call.function == "diversity" and self._variants == 1), None)
        if alone is not None:
            mend = "dream several with `ear-engine dream --variants 4`"
            reason = "compares loops dreamed side by side, and this is one"
            raise BadExpression(reason, mend, alone.at, alone.function, "one_variant")
        parts = _spread(tree, self.facts, beats)
        try:
            return list(merge(parts))
        except UserError as error:
            raise BadExpression(error.reason, "change its factors", 0, code=error.code) from None

    def _between(self, morph: float, beats: float, a: Target | None, b: Target | None) -> Terms:
        if a is None or b is None:
            missing = "a" if a is None else "b"
            mend = f"choose a target and fire target/{missing}"
            raise UserError("target/morph", f"has no target {missing} to play between", mend, "not_stored")
        first, second = self._parts(a, beats, None, None), self._parts(b, beats, None, None)
        return [*_times(1.0 - morph, first), *_times(morph, second)]


def resolve(
    target: Target, facts: EarFacts, beats: float, stored: Mapping[str, Target] | None = None
) -> tuple[Term, ...]:
    """One target, as :meth:`Resolver.resolve` does.

    Raises:
        UserError: as there.
    """
    return Resolver(facts).resolve((target,), beats, stored)


def clips_of(target: Target) -> frozenset[str]:
    """Names of the clips that a target likens the loop to; none of an expression that cannot be read."""
    if target.by == "imprint":
        return frozenset((target.imprint,)) if target.imprint else frozenset()
    if target.by != "objective":
        return frozenset()
    try:
        tree = _parsed(target.objective)
    except UserError:
        return frozenset()
    likened = (call for call in calls(tree) if call.function == "likeness")
    return frozenset(str(argument.value.value) for call in likened for argument in call.arguments[:1])  # type: ignore[union-attr]


def clips_wanted(target: Target, kept: Iterable[Target], stored: Mapping[str, Target]) -> frozenset[str]:
    """Names of all clips that must be there before these targets can be dreamed of together."""
    targets = [target, *kept]
    if any(one.by == "morph" for one in targets):
        targets += stored.values()
    return frozenset().union(*(clips_of(one) for one in targets))


@lru_cache(maxsize=64)
def _parsed(text: str) -> Expression:
    return parse(text)


def _times(factor: float, terms: Iterable[Term]) -> Terms:
    return [replace(term, weight=factor * term.weight) for term in terms]


def _spread(tree: Expression, facts: EarFacts, beats: float, factor: float = 1.0) -> Terms:
    """``factor`` times an expression, multiplied out."""
    if isinstance(tree, Scaled):
        return _spread(tree.of, facts, beats, factor * tree.factor)
    if isinstance(tree, Sum):
        return [term for part in tree.parts for term in _spread(part, facts, beats, factor)]
    if abs(factor) > LARGEST:
        reason = f"weighs {abs(factor):.3g} multiplied out, beyond {LARGEST:.0f}"
        raise BadExpression(reason, "use smaller factors", tree.at, f"{tree.function}(…)")
    return _times(factor, call_terms(tree, facts, beats))


def _layer(target: Target, facts: EarFacts, when: Window) -> Terms:
    layer = facts.index[target.layer]
    return pattern_terms(layer.name, select(target, layer, facts.frequencies.get(layer.name, [])), when)


def _depth(target: Target, facts: EarFacts, when: Window) -> Terms:
    terms: Terms = []
    for layer, share in at_depth(target.depth, facts):
        pattern = select(target, layer, facts.frequencies.get(layer.name, []))
        terms += pattern_terms(layer.name, pattern, when, share)
    return terms


_WAYS: Mapping[str, Callable[[Target, EarFacts, Window], Terms]] = MappingProxyType(
    {
        "layer": _layer,
        "depth": _depth,
        "map": lambda t, facts, when: by_disc(t.x, t.y, t.radius, facts, when),
        "neurons": lambda t, facts, when: by_numbers(t.neurons, facts, when),
        "name": lambda t, facts, when: by_name(t.name, facts, when),
        "imprint": lambda t, facts, when: by_clip(
            t.imprint, facts, when, min(t.freq_low, t.freq_high), max(t.freq_low, t.freq_high)
        ),
    }
)
