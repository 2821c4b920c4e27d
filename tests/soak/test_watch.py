"""What is told of the engine's processes by its statuses."""

from __future__ import annotations

import pytest

from ear_engine.soak.watch import Watch


def status(state: str = "running", steps: float = 5.0, **pids: int) -> dict[str, object]:
    return {"state": state, "steps_per_second": steps, "pids": {"node": 1, "audio": 2, "dreamer": 3, **pids}}


def test_an_engine_that_ends_or_says_nothing_for_ten_seconds_is_over() -> None:
    watch = Watch(100.0)
    for second in range(5):
        watch.status(status(), 100.0 + second)
    assert watch.over(None, 113.0) == ""
    assert "no status for 11 s" in watch.over(None, 115.0)
    assert "ended by itself, with code -9" in watch.over(-9, 105.0)
    assert "ended by itself, with code 0" in watch.over(0, 105.0)


def test_processes_that_are_started_again_are_counted() -> None:
    watch = Watch(0.0)
    for second, audio in enumerate((2, 2, 22, 22, 23)):
        watch.status(status(audio=audio, map=second), float(second))  # maps are made and done
    gone = status()
    gone["pids"] = {"node": 1, "audio": 23}
    watch.status(gone, 6.0)
    watch.status(status(audio=23, dreamer=33), 7.0)
    assert dict(watch.again) == {"audio": 2, "dreamer": 1}


@pytest.mark.parametrize("name", ["node", "audio", "dreamer"])
def test_one_that_was_killed_is_back_when_another_does_its_work(name: str) -> None:
    watch = Watch(0.0)
    pids = {"node": 1, "audio": 2, "dreamer": 3}
    watch.status(status(), 0.0)
    watch.killed(name, pids[name], 1.0)
    watch.status(status(), 1.5)  # of before
    watch.status(status("starting", 0.0, **{name: 9}), 2.5)
    assert watch.waiting and watch.away(50.0)[0].end == 50.0
    watch.status(status(**{name: 9}), 3.5)
    assert not watch.waiting and watch.kills[0].back == 3.5
    (away,) = watch.away(50.0)
    assert (away.name, away.begin) == (name, 1.0) and 3.5 < away.end < 10.0
