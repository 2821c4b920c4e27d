"""One operation of PyTorch as it ran, and what is known about its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ear_engine.layout.structure import Structure, Unknown


@dataclass(frozen=True)
class Call:
    """One operation as it ran.

    Args:
        args: all arguments, by the names of the operation's schema.
        structures: of the tensors among them (also in lists) that have one, by ``id``.
        shape: of what came out (the first, if it is several tensors).
        weighted: whether weights count.
    """

    args: Mapping[str, Any]
    structures: Mapping[int, Structure]
    shape: tuple[int, ...]
    weighted: bool

    def __getitem__(self, name: str) -> Any:
        return self.args[name]

    def of(self, value: object) -> Structure | None:
        """Structure of a tensor among the arguments; None if nothing that is traced reaches it."""
        return self.structures.get(id(value))

    def input(self, name: str = "self") -> Structure:
        """Structure of an argument that must have one.

        Raises:
            Unknown: another argument has one instead.
        """
        found = self.of(self.args[name])
        if found is None or len(self.structures) > 1:
            raise Unknown("of several tensors that depend on neurons")
        return found


Rule = Callable[[Call], Structure]
"""What comes out of an operation."""
