"""What is aimed at besides the current target: the targets that are kept, and those that are stored as a and b."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ear_engine.errors import UserError
from ear_engine.shared_memory.states import Target

REGION_FIELDS = ("layer", "channel", "channel_width", "freq_low", "freq_high", "start", "length", "weight")
TARGET_FIELDS = tuple(field.name for field in fields(Target))
STORES = {"target/a": "a", "target/b": "b"}
"""Trigger → where it stores the current target."""
MAX_KEPT = 32


def target_of(values: Mapping[str, Any]) -> Target:
    """The target that the values of ``target/…`` describe."""
    return Target(**{name: values[f"target/{name}"] for name in TARGET_FIELDS})


@dataclass(frozen=True)
class Held:
    """Targets that are held.

    Args:
        kept: fire together with the current one.
        stored: ``a`` and ``b``, as far as they are stored.
    """

    kept: tuple[Target, ...] = ()
    stored: Mapping[str, Target] = field(default_factory=dict)

    def after(self, fired: Iterable[str], target: Target) -> Held:
        """What is held when these triggers have fired while ``target`` is the current one.

        Raises:
            UserError: too many are kept, or the way between a and b shall be stored as one of them.
        """
        held = self
        for name in fired:
            if name == "target/clear":
                held = replace(held, kept=())
            elif name == "target/keep":
                if len(held.kept) >= MAX_KEPT:
                    raise UserError(name, f"holds {MAX_KEPT} targets already", "fire target/clear", "too_many")
                held = replace(held, kept=(*held.kept, target))
            elif name in STORES:
                if target.by == "morph":
                    mend = "store a target of its own first"
                    raise UserError(name, "cannot store the way between a and b", mend, "bad_value")
                held = replace(held, stored={**held.stored, STORES[name]: target})
        return held

    def without(self, places: Collection[int]) -> Held:
        """What is held when the kept targets at these places, from 0, are dropped."""
        if not places:
            return self
        return replace(self, kept=tuple(target for place, target in enumerate(self.kept) if place not in places))
