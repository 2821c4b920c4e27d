"""Plug-ins in a dream: found by the registry, made, and named if they cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ear_engine.optimization.objectives.base import Context, Objective
from ear_engine.optimization.optimizers.base import Optimizer
from ear_engine.optimization.parametrizations.base import Parametrization
from ear_engine.optimization.penalties.base import Penalty
from ear_engine.optimization.transforms.base import Transform
from ear_engine.plugins import Registry
from ear_engine.targets.terms import Term

_KINDS = ("transforms", "penalties", "objectives", "optimizers", "parametrizations")


@dataclass(frozen=True)
class Parts:
    """What dreams are made of: every transform and penalty takes part, the others are chosen by name.

    Args:
        registry: where the others are found.
        transforms, penalties: in the order in which they act.
    """

    registry: Registry = field(default_factory=Registry)
    transforms: tuple[Transform, ...] = ()
    penalties: tuple[Penalty, ...] = ()

    def without(self, part: object) -> Parts:
        """All but ``part``."""
        return replace(
            self,
            transforms=tuple(one for one in self.transforms if one is not part),
            penalties=tuple(one for one in self.penalties if one is not part),
        )

    def objective(self, term: Term, context: Context) -> Objective:
        """The objective of a term.

        Raises:
            UserError: there is none of that name, it is broken, or it cannot be made of that term.
        """
        made: Objective = self.registry.load("objectives", term.objective)(term, context)
        return made

    def optimizer(self, name: str) -> Optimizer:
        """The optimizer of a name.

        Raises:
            UserError: there is none, or it is broken.
        """
        made: Optimizer = self.registry.load("optimizers", name)()
        return made

    def parametrization(self, name: str, *arguments: Any) -> Parametrization:
        """The parametrization of a name, made for a loop.

        Raises:
            UserError: there is none, or it is broken.
        """
        made: Parametrization = self.registry.load("parametrizations", name)(*arguments)
        return made


def load_parts(
    registry: Registry | None = None,
    report: Callable[[str], None] = lambda _sentence: None,
) -> Parts:
    """Everything that can be made; ``report`` gets one sentence for each that cannot."""
    registry = registry or Registry()
    made: dict[str, list[Any]] = {"transforms": [], "penalties": []}
    for group, found in made.items():
        for name, kind in registry.load_all(group):
            try:
                found.append(kind())
            except Exception as error:
                report(f"{group} plug-in {name!r} cannot be made ({type(error).__name__}: {error}) and is left out.")
    for row in registry.report():
        if row.status == "broken" and row.kind in ("", *_KINDS):
            report(f"{row.kind or 'A'} plug-in {row.name!r} of {row.distribution} is left out: {row.reason}.")
    return Parts(registry, tuple(made["transforms"]), tuple(made["penalties"]))
