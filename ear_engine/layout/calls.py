"""One operation of PyTorch as it ran, and what is known about its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ear_engine.layout.structure import Structure, Unknown


@dataclass(frozen=True)
class Call:
    """One operation as it ran.

    Args:
        args: all arguments, by the names of the operation's schema.
        structures: of the tensors among them (also in lists) that have one, by ``id``.
        shape: of what came out (the first, if it is several tensors).
        weighted: whether weights count.
        shapes: of all that came out.
        again: does the same to another tensor; by name, what it is told otherwise.
    """

    args: Mapping[str, Any]
    structures: dict[int, Structure]
    shape: tuple[int, ...]
    weighted: bool
    shapes: tuple[tuple[int, ...], ...]
    again: Callable[..., Tensor]

    def __getitem__(self, name: str) -> Any:
        return self.args[name]

    def tensors(self) -> Iterator[Tensor]:
        """All tensors among the arguments, in lists too."""
        for value in self.args.values():
            yield from (
                one for one in (value if isinstance(value, list | tuple) else [value]) if isinstance(one, Tensor)
            )

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


Rule = Callable[[Call], Structure | tuple[Structure, ...]]
"""What comes out of an operation, several if it gives several tensors that depend on its input."""


def call_of(
    func: Any, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any, weighted: bool
) -> tuple[Call, Tensor | None]:
    """A call of an operator, whose structures are not filled in yet, and the tensor that it writes into, if any."""
    schema = func._schema.arguments
    defaults = {one.name: one.default_value for one in schema if one.has_default_value()}
    given = {**defaults, **dict(zip((one.name for one in schema), args, strict=False)), **kwargs}
    written = [given[one.name] for one in schema if one.alias_info is not None and one.alias_info.is_write]
    results = [one for one in (result if isinstance(result, tuple | list) else [result]) if isinstance(one, Tensor)]
    shapes = tuple(tuple(one.shape) for one in results)

    def again(tensor: Tensor, **told: object) -> Tensor:
        found: Tensor = func(**{**given, "self": tensor, **told})
        return found

    call = Call(given, {}, shapes[0] if shapes else (), weighted, shapes, again)
    # a normalization writes its running means too, which reach nothing
    returned = [one for one in written if any(one is other for other in results)]
    return call, returned[0] if returned else None
