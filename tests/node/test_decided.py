"""What was decided as of a change, told long after it."""

from __future__ import annotations

from ear_engine.control import ControlLog
from ear_engine.node.decided import Decided
from ear_engine.parameters import ParameterTree


def following(most: int = 1 << 17) -> tuple[ControlLog, Decided]:
    control = ControlLog(ParameterTree())
    decided = Decided(control.number, control.tree.values, control.kept, most)
    control.listen(decided.changed)
    return control, decided


def test_every_change_is_told_apart_until_it_is_forgotten() -> None:
    control, decided = following()
    seen = {0: (dict(control.tree.values), control.target, control.kept)}
    for step in range(20):
        changes = {"tone/tilt": step / 10, "target/depth": step / 40}
        control.apply(changes if step % 2 else {"target/keep": True, "tone/low": -step / 2}, "hand")
        if step % 5 == 4:
            control.drop_kept(lambda kept: True, "node")
        seen[control.number] = dict(control.tree.values), control.target, control.kept

    def told(number: int) -> object:
        state = decided.at(number)
        return state.values, state.target, state.held

    assert all(told(number) == there for number, there in seen.items())
    decided.forget(12)
    assert all(told(number) == there for number, there in seen.items() if number >= 12)
    assert told(3) == seen[12] and len(decided) == control.number - 12


def test_far_too_many_changes_are_no_more_than_so_many() -> None:
    control, decided = following(most=64)
    for step in range(1000):
        control.apply({"tone/tilt": step / 1000}, "hand")
        assert len(decided) <= 64
    assert decided.at(control.number).values == dict(control.tree.values)
    assert decided.at(control.number - 40).values["tone/tilt"] == (999 - 40) / 1000
