"""What hands do, and what it means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ear_engine.viewer.deeds import Deeds
from ear_engine.viewer.events import ALT, CONTROL, LEFT, MIDDLE, RIGHT, SHIFT, Button, Key, Moved, Wheel
from ear_engine.viewer.gestures import (
    Action,
    Area,
    Fit,
    Gestures,
    Hover,
    Pan,
    Pick,
    Stroke,
    StrokeEnd,
    Tool,
    Turn,
    Zoom,
)
from ear_engine.viewer.keys import BINDINGS, action_of
from ear_engine.viewer.touch import Touch


def drag(hand: Gestures, button: int, mods: int, *path: tuple[float, float], at: float = 0.0) -> list[Action]:
    found = hand.take(Button(button, True, mods, *path[0]), at)
    for place in path[1:]:
        found += hand.take(Moved(*place), at)
    return found + hand.take(Button(button, False, mods, *path[-1]), at)


@pytest.mark.parametrize("button", [LEFT, MIDDLE])
def test_a_drag_pans(button: int) -> None:
    moves = drag(Gestures(), button, 0, (10, 10), (20, 14), (25, 20))
    assert moves == [Pan(10, 4), Pan(5, 6)]


def test_a_right_drag_turns() -> None:
    (turn,) = drag(Gestures(), RIGHT, 0, (10, 10), (110, 10))
    assert isinstance(turn, Turn) and turn.angle == pytest.approx(-np.pi / 4)


def test_the_wheel_zooms_where_the_pointer_is() -> None:
    hand = Gestures()
    assert hand.take(Wheel(0.0, 1.0, 5.0, 6.0), 0.0) == [Zoom(5.0, 6.0, 1.15)]
    assert hand.take(Wheel(1.0, 0.0, 5.0, 6.0), 0.0) == []
    (far,) = hand.take(Wheel(0.0, 1e6, 5.0, 6.0), 0.0)
    assert isinstance(far, Zoom) and far.factor < 4.0


def test_a_click_picks_and_two_fit() -> None:
    hand = Gestures()
    assert drag(hand, LEFT, 0, (10, 10), (11, 11), at=1.0) == [Pick(11, 11, False)]
    assert drag(hand, LEFT, 0, (11, 11), at=1.2) == [Fit()]
    assert drag(hand, LEFT, 0, (11, 11), at=1.3) == [Pick(11, 11, False)]
    assert drag(hand, LEFT, SHIFT, (11, 11), at=2.0) == [Pick(11, 11, True)]
    assert hand.take(Moved(40, 40), 3.0) == [Hover(40, 40)]


@pytest.mark.parametrize(("tool", "mods"), [("box", 0), ("move", ALT)])
def test_a_box(tool: Tool, mods: int) -> None:
    hand = Gestures(tool)
    assert drag(hand, LEFT, mods, (0, 0), (30, 10)) == [Area(((0, 0), (30, 0), (30, 10), (0, 10)), False)]
    assert hand.outline == ()


@pytest.mark.parametrize(("tool", "mods"), [("lasso", 0), ("move", SHIFT)])
def test_a_lasso(tool: Tool, mods: int) -> None:
    hand = Gestures(tool)
    (area,) = drag(hand, LEFT, mods, (0, 0), (30, 0), (30, 30), (0, 30))
    assert isinstance(area, Area) and area.points == ((0, 0), (30, 0), (30, 30), (0, 30), (0, 30)) and not area.add
    assert drag(hand, LEFT, mods, *[(3.0 * n, 0.0) for n in range(10_000)])[0].points[-1] == (29_997.0, 0.0)  # type: ignore[union-attr]


@pytest.mark.parametrize(("tool", "mods"), [("brush", 0), ("move", CONTROL)])
def test_a_brush(tool: Tool, mods: int) -> None:
    hand = Gestures(tool, radius=9.0)
    strokes = drag(hand, LEFT, mods, (0, 0), (1, 0), (30, 0))
    first, *_, last, end = strokes
    assert first == Stroke((0, 0), (0, 0), 9.0, True) and last == Stroke((1, 0), (30, 0), 9.0, False)
    assert end == StrokeEnd()


def test_with_a_tool_shift_adds() -> None:
    (area,) = drag(Gestures("box"), LEFT, SHIFT, (0, 0), (30, 10))
    assert isinstance(area, Area) and area.add
    assert drag(Gestures("brush"), LEFT, SHIFT, (0, 0))[0] == Stroke((0, 0), (0, 0), 28.0, False)


def test_another_button_meanwhile_means_nothing() -> None:
    hand = Gestures()
    hand.take(Button(LEFT, True, 0, 0, 0), 0.0)
    assert hand.take(Button(RIGHT, True, 0, 0, 0), 0.0) == []
    assert hand.take(Button(RIGHT, False, 0, 0, 0), 0.0) == []
    assert hand.take(Moved(50, 0), 0.0) == [Pan(50, 0)]
    hand.cancel()
    assert not hand.busy


@pytest.mark.parametrize("key", ["box", "escape"])
def test_a_key_during_a_stroke_lifts_the_brush(key: str) -> None:
    sent: list[list[int]] = []
    touch = Touch(lambda neurons: sent.append(list(neurons)) or len(sent), lambda: 0.0)
    touch.clear(10)
    app = SimpleNamespace(gestures=Gestures("brush"), touch=touch, finder=Row(), tell=lambda text: None)
    for action in app.gestures.take(Button(LEFT, True, 0, 0, 0), 0.0):
        touch.take(action, app.finder, 0.0)
    touch.turn()
    Deeds(cast(Any, app)).do(key, 0.0)
    touch.take(Pick(41, 0, False), Row(), 0.0)
    touch.turn()
    assert len(sent) == 2 and sent[1] == [4]  # at once: no brush is down


def test_keys_do_what_the_list_says() -> None:
    assert action_of(Key(0, "f", True, False, 0)) == "fit"
    assert action_of(Key(0, "P", True, False, SHIFT)) == "palette_back"
    assert action_of(Key(0, "q", True, False, CONTROL)) == "quit"
    assert action_of(Key(0, "q", True, False, 0)) == action_of(Key(0, "f", False, False, 0)) == ""
    assert action_of(Key(0, "f", True, False, SHIFT)) == action_of(Key(0, "", True, False, 0)) == ""
    keys = [key for binding in BINDINGS for key in binding.keys]
    assert len(keys) == len(set(keys))


class Row:
    """Neurons side by side, 10 units apart."""

    def nearest(self, x: float, y: float, reach: float) -> int:
        return round(x / 10) if abs(x / 10 - round(x / 10)) * 10 <= reach and 0 <= x <= 90 else -1

    def inside(self, corners: np.ndarray) -> np.ndarray:
        low, high = corners[:, 0].min(), corners[:, 0].max()
        return np.flatnonzero((np.arange(10) * 10 >= low) & (np.arange(10) * 10 <= high))

    def along(self, start: tuple[float, float], end: tuple[float, float], radius: float) -> np.ndarray:
        return self.inside(np.array([(start[0] - radius, 0), (end[0] + radius, 0)]))


def test_what_is_touched_is_sent() -> None:
    sent: list[list[int]] = []
    now = [0.0]
    touch = Touch(lambda neurons: sent.append(list(neurons)) or len(sent), lambda: now[0])
    touch.clear(10)
    touch.take(Pick(41, 0, False), Row(), 0.0)
    assert touch.count == 1 and touch.weights is not None and touch.weights[4] == 1.0  # shines before it is sent
    now[0] = 0.002
    touch.turn()
    touch.take(Area(((15, 0), (35, 0), (35, 9)), True), Row(), 0.0)
    touch.turn()
    touch.turn()
    assert sent == [[4], [2, 3, 4]] and touch.delays[0] == pytest.approx(2.0)
    touch.take(Pick(400, 0, False), Row(), 0.0)  # nothing is there
    touch.take(Area(((15, 50), (16, 50), (16, 51)), False), Row(), 0.0)
    touch.turn()
    assert len(sent) == 2 and touch.count == 3


def test_a_brush_sends_at_once_and_then_as_often_as_a_network_likes() -> None:
    sent: list[list[int]] = []
    now = [0.0]
    touch = Touch(lambda neurons: sent.append(list(neurons)) or len(sent), lambda: now[0])
    touch.clear(10)
    for step in range(30):  # 10 ms each
        now[0] = step / 100
        touch.take(Stroke((3.0 * step, 0), (3.0 * step + 3, 0), 4.0, step == 0), Row(), now[0])
        touch.turn()
    touch.take(StrokeEnd(), Row(), now[0])
    now[0] += 0.001
    touch.turn()
    assert sent[0] == [0] and sent[-1] == list(range(10))
    assert len(sent) <= 10
    touch.take(Stroke((50, 0), (50, 0), 4.0, True), Row(), now[0])
    assert touch.count == 1
