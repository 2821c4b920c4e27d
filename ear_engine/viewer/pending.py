"""Parameters that were set here: for a moment what comes about them is older; who is not there yet gets them later."""

from __future__ import annotations

from collections.abc import Mapping

from ear_engine.parameters import Parameter, ParameterTree, Value

SETTLE = 0.25  # seconds after the last change here in which values that come are older


class Pending:
    """Keeps them; not safe from several threads at a time.

    Args:
        tree: the parameters, whose values become what is set.
        held: names of those about which nothing is believed now.
        wanted: values that every engine gets which is met, as they were set here last.

    Raises:
        UserError: one is not taken.
    """

    def __init__(self, tree: ParameterTree, held: set[str], wanted: Mapping[str, object]) -> None:
        self._tree, self._held = tree, held
        self._since: dict[str, float] = {}
        self._wanted = {name: tree[name].check(value) for name, value in wanted.items()}
        self._wishes = dict(self._wanted)  # set before an engine was there
        tree.values.update(self._wanted)

    def set(self, row: Parameter, value: Value, at: float, *, wish: bool) -> None:
        """A parameter, and what it implies, has been set here; ``wish``: no engine has been told."""
        self.keep(row.name, value, at)
        if row.implies is not None:
            self.keep(*row.implies, at)
        if row.name in self._wanted:
            self._wanted[row.name] = value
        if wish:
            self._wishes[row.name] = value

    def keep(self, name: str, value: Value, at: float) -> None:
        """A parameter counts as ``value`` here, whatever comes about it now."""
        self._tree.values[name] = value
        self.touch(name, at)

    def touch(self, name: str, at: float) -> None:
        """What comes about a parameter now is older than what is known here."""
        self._since[name] = at
        self._held.add(name)

    def settled(self, at: float) -> list[str]:
        """Names of those about which the engine can be asked."""
        return [name for name, since in self._since.items() if at - since > SETTLE]

    def release(self, name: str) -> bool:
        """Believe again what comes about a parameter; return whether it had been set here."""
        self._held.discard(name)
        return self._since.pop(name, None) is not None

    def meet(self) -> dict[str, Value]:
        """An engine is there that was not: return what it shall be told."""
        self._since.clear()
        self._held.clear()
        wishes, self._wishes = {**self._wanted, **self._wishes}, {}
        return wishes
