from __future__ import annotations

import pytest

from ear_engine.errors import UserError
from ear_engine.memory.dice import THROWN, lock, read_locks, throw
from ear_engine.parameters import ParameterTree

LAYERS = [f"encoder_{number}_conv1" for number in range(8)]


def test_a_throw_is_the_same_for_the_same_seed_and_number_only() -> None:
    tree = ParameterTree()
    first = throw(tree, 0.3, 7, 1, layers=LAYERS)
    assert first == throw(tree, 0.3, 7, 1, layers=LAYERS) and len(first) > 8
    assert first != throw(tree, 0.3, 7, 2, layers=LAYERS) and first != throw(tree, 0.3, 8, 1, layers=LAYERS)
    assert throw(tree, 0.0, 7, 1, layers=LAYERS) == {}


@pytest.mark.parametrize("amount", [0.05, 0.3, 1.0])
def test_numbers_move_on_their_curves_by_no_more_than_the_amount(amount: float) -> None:
    tree = ParameterTree()
    far = []
    for number in range(40):
        moved = throw(tree, amount, 1, number, layers=LAYERS)
        tree.check_all(moved)
        for name, value in moved.items():
            if tree[name].numeric:
                far.append(abs(tree[name].normalize(value) - tree[name].normalize(tree.values[name])))
    assert max(far) <= amount + 1e-9 and max(far) > 0.6 * amount


def test_what_is_locked_stays_and_the_others_move_as_they_would() -> None:
    tree = ParameterTree()
    locked = lock("tone", True, ())
    assert all(name.startswith("tone/") for name in locked)
    locked = lock("/ear/rhythm/l*", True, locked)
    free, held = throw(tree, 0.5, 3, 1, layers=LAYERS), throw(tree, 0.5, 3, 1, locked, LAYERS)
    assert held == {name: value for name, value in free.items() if name not in locked}
    assert lock("tone/*", False, locked) == ("rhythm/lock",)
    assert read_locks("tone/low, no/such, rhythm/lock") == ("tone/low", "rhythm/lock")
    with pytest.raises(UserError, match="nothing that dice move"):
        lock("system", True, ())


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("layer", {"target/layer", "target/channel", "target/channel_width"}),
        ("map", {"target/x", "target/y", "target/radius"}),
        ("name", set()),
    ],
)
def test_the_target_moves_in_the_way_it_was_chosen(by: str, names: set[str]) -> None:
    tree = ParameterTree()
    tree.values["target/by"] = by
    places: set[str] = set()
    for number in range(12):
        moved = throw(tree, 0.6, 5, number, layers=LAYERS)
        assert moved.get("target/by", by) == by
        places |= {name for name in moved if name.startswith("target/")}
    assert places - {"target/by"} == names
    assert set(names) <= set(THROWN)


def test_a_layer_goes_to_one_near_by_and_stays_if_they_are_not_known() -> None:
    tree = ParameterTree()
    tree.values["target/layer"] = LAYERS[4]
    reached = {throw(tree, 0.2, 1, n, layers=LAYERS).get("target/layer", LAYERS[4]) for n in range(40)}
    assert reached <= set(LAYERS[3:6]) and len(reached) > 1
    assert all("target/layer" not in throw(tree, 0.2, 1, n) for n in range(10))
