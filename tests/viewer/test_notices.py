"""What is said over the map, and when it goes away."""

from __future__ import annotations

from ear_engine.viewer.asker import Answered
from ear_engine.viewer.loader import Loaded
from ear_engine.viewer.notices import Notices, notices
from ear_engine.viewer.snapshot import Snapshot

NOTHING, NONE = Loaded(), Answered()
NOBODY = Snapshot(waiting="waiting for ENGINE at 127.0.0.1:9000")
THERE = Snapshot(connected=True, status={"ear": "small"})
LACKS = Loaded(problem="the map and loops cannot be fetched: No route to host")


def said(
    snapshot: Snapshot, loaded: Loaded = NOTHING, answered: Answered = NONE, told: str = "", **more: bool
) -> Notices:
    return notices(snapshot, loaded, answered, **({"mapped": True} | more), told=told)


def test_what_is_waited_for_is_in_the_middle() -> None:
    assert said(NOBODY, LACKS) == Notices(waited=NOBODY.waiting)
    assert said(THERE, mapped=False) == Notices(waited="waiting for the map")
    assert said(THERE, LACKS, mapped=False) == Notices(waited=LACKS.problem)


def test_with_a_map_what_cannot_be_fetched_is_small_and_goes_away() -> None:
    assert said(THERE, LACKS) == Notices(lacking=LACKS.problem)
    lost = Answered(problem="the target cannot be fetched: timed out")
    assert said(THERE, LACKS, lost) == Notices(lacking=LACKS.problem)
    assert said(THERE, answered=lost) == Notices(lacking=lost.problem)
    assert said(THERE) == Notices()


def test_a_message_is_before_the_progress_of_a_map() -> None:
    making = Snapshot(connected=True, status={"ear": "small"}, laying_out=40)
    assert said(making).told == "the map of small is being laid out: 40 %"
    assert said(making, told="left drag: box").told == "left drag: box"
