from __future__ import annotations

from ear_engine.memory.lineage import Lineage, WayBack


def grown(lineage: Lineage, sequence: int, number: int, source: int = 1) -> int:
    parent = lineage.parent(sequence, source)
    lineage.heard(sequence, number)
    return parent


def test_each_loop_descends_from_the_one_before_and_the_first_from_its_source() -> None:
    lineage = Lineage()
    assert [grown(lineage, 3, 2), grown(lineage, 3, 3), grown(lineage, 5, 4)] == [1, 2, 3]


def test_a_recall_makes_a_branch_from_the_first_loop_that_knew_it() -> None:
    lineage = Lineage()
    for number in (2, 3, 4):
        grown(lineage, 3, number)
    lineage.cut(6, 2)
    assert grown(lineage, 5, 5) == 4, "it was dreamed before the recall"
    assert grown(lineage, 6, 6) == 2 and grown(lineage, 9, 7) == 6


def test_a_reset_and_another_source_begin_at_the_source() -> None:
    lineage = Lineage()
    for number in (2, 3):
        grown(lineage, 1, number)
    lineage.cut(4)
    assert grown(lineage, 4, 4) == 1
    lineage.cut(8)
    assert grown(lineage, 8, 6, source=5) == 5


def test_steps_of_a_morph_descend_from_what_was_heard_before_them() -> None:
    lineage = Lineage()
    grown(lineage, 1, 2)
    lineage.cut(4, morph=True)
    assert grown(lineage, 4, 3) == 2
    lineage.cut(5, morph=True)
    assert grown(lineage, 5, 4) == 3 and lineage.at(5).morph and not lineage.at(3).morph


def test_the_way_back_is_one_of_steps_taken_back() -> None:
    way = WayBack()
    for number in (1, 2, 3):
        way.heard(number, number)
    there = frozenset(range(1, 9))
    assert way.before(there) == 2
    way.went_back(2, 10)
    way.heard(9, 4)  # dreamed before it was known
    way.heard(10, 2)
    assert way.before(there) == 1
    way.heard(11, 5)
    assert way.before(there) == 2, "what was dreamed from there is a step of its own"
    assert way.before(frozenset({1, 5})) == 1, "what is forgotten is passed over"
    way.went_back(1, 20)
    assert way.before(there) is None
