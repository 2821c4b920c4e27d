"""The parameters by name, with their current values."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from ear_engine.errors import UserError
from ear_engine.parameters.row import Parameter, Value
from ear_engine.parameters.table import table as builtin


class ParameterTree:
    """All parameters by name, and their current values.

    Args:
        table: rows; the built-in table if None.

    The tree only stores; who changes a value and when is the control log's business.
    """

    def __init__(self, table: Iterable[Parameter] | None = None) -> None:
        self._rows = {row.name: row for row in (builtin() if table is None else table)}
        self.values: dict[str, Value] = {r.name: r.default for r in self._rows.values() if r.kind != "trigger"}

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._rows.values())

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def __getitem__(self, name: str) -> Parameter:
        """Row of ``name``.

        Raises:
            UserError: no such parameter; the nearest names are given.
        """
        row = self._rows.get(name)
        if row is None:
            near = difflib.get_close_matches(name, self._rows, n=3, cutoff=0.5)
            mend = f"did you mean {' or '.join(near)}?" if near else "see `ear-engine parameters`"
            raise UserError(f"parameter {name!r}", "does not exist", mend.rstrip("?"), "unknown_parameter")
        return row

    def check_all(self, raw: Mapping[str, object]) -> dict[str, Value]:
        """Check many values at once (a set file); nothing is stored.

        Raises:
            UserError: for the first name or value that is refused.
        """
        return {name: self[name].check(value) for name, value in raw.items()}
