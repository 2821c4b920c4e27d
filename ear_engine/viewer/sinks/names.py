"""Which sinks there are, by name; the node may ask, since no GL is loaded."""

from __future__ import annotations

from collections.abc import Iterable

from ear_engine.plugins import Registry

KIND = "sinks"


def check_specs(specs: Iterable[str]) -> None:
    """Refuse outputs that nobody has installed, without loading those that are.

    Args:
        specs: ``NAME`` or ``NAME:ARGUMENT`` of each.

    Raises:
        UserError: there is no such sink.
    """
    registry = Registry()
    for name in dict.fromkeys(spec.partition(":")[0] for spec in specs):
        if name not in registry.names(KIND):
            registry.load(KIND, name)  # which says what there is
