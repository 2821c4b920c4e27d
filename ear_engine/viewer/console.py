"""The console: panels on both sides of the map, made from the parameter table and from what the engine tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from imgui_bundle import imgui

from ear_engine.parameters import Parameter, ParameterTree, Value
from ear_engine.viewer import reports
from ear_engine.viewer.panel import Panel
from ear_engine.viewer.snapshot import Snapshot
from ear_engine.viewer.widgets import Rect, Widgets

_LEFT, _RIGHT = 320.0, 300.0  # units, at the usual size of letters
_NARROWEST = 560.0  # of a window that has room for both sides
_LABEL = 0.36  # share of a row
_FOOT = 26.0
_CLOSED = ("transform", "penalty", "optimizer", "model", "map")
_FLAGS = (
    imgui.WindowFlags_.no_title_bar
    | imgui.WindowFlags_.no_resize
    | imgui.WindowFlags_.no_move
    | imgui.WindowFlags_.no_collapse
    | imgui.WindowFlags_.no_saved_settings
    | imgui.WindowFlags_.no_nav
    | imgui.WindowFlags_.no_bring_to_front_on_focus
)


@dataclass(frozen=True)
class Shown:
    """What the console shows besides the engine's own words.

    Args:
        phase: 0..1 in the loop; below 0 if nothing is heard.
        beats: of the loop.
        images: names of the images that there are: ``heard``, ``changed``.
        frame_ms: milliseconds that drawing a frame takes.
        frames: frames a second.
        selected: how many neurons are selected.
    """

    phase: float = -1.0
    beats: float = 0.0
    images: tuple[str, ...] = ()
    frame_ms: float = 0.0
    frames: float = 0.0
    selected: int = 0


@dataclass
class Console:
    """Draws the panels; what is chosen in them is passed on.

    Args:
        panel: draws.
        tree: the parameters.
        change: called with a parameter's name and its new value.
        recall: called with the name of a preset.
    """

    panel: Panel
    tree: ParameterTree
    change: Callable[[str, Value], None]
    recall: Callable[[str], None]
    page: str = "play"  # the page that is open
    widgets: Widgets = field(default_factory=Widgets)

    @property
    def places(self) -> dict[str, Rect]:
        """Where each widget was drawn last, in units of the window."""
        return self.widgets.places

    def sides(self, size: tuple[int, int]) -> tuple[float, float]:
        """Widths of the two panels in a window of this size."""
        scale = self.panel.scale
        left, right = _LEFT * scale, _RIGHT * scale
        if size[0] < left + right + 120.0 * scale:
            right = 0.0
        return min(left, float(size[0])), right

    def margins(self, size: tuple[int, int]) -> tuple[float, float, float]:
        """What the panels cover of a window: left, right and below."""
        return *self.sides(size), _FOOT * self.panel.scale

    def draw(self, size: tuple[int, int], snapshot: Snapshot, shown: Shown) -> None:
        """Draw everything, between the panel's begin and end.

        Args:
            size: of the window, in its units.
            snapshot: what is known of the engine.
            shown: the rest.
        """
        self.widgets.places.clear()
        scale = self.panel.scale
        left, right = self.sides(size)
        foot = _FOOT * scale
        height = max(1.0, size[1] - foot)
        if _window("controls", (0.0, 0.0), (left, height)):
            self._pages(snapshot)
        imgui.end()
        if right and _window("heard", (size[0] - right, 0.0), (right, height)):
            self._right(snapshot, shown, right)
        if right:
            imgui.end()
        if _window("foot", (0.0, height), (float(size[0]), foot), imgui.WindowFlags_.no_scrollbar.value):
            reports.foot(snapshot, shown.frame_ms, shown.frames, shown.selected)
        imgui.end()

    def _pages(self, snapshot: Snapshot) -> None:
        if not imgui.begin_tab_bar("pages"):
            return
        for page in ("play", "expert"):
            opened, _ = imgui.begin_tab_item(page)
            if opened:
                self.page = page
                imgui.begin_child("rows")
                self._rows([row for row in self.tree if row.page == page], snapshot)
                imgui.end_child()
                imgui.end_tab_item()
        imgui.end_tab_bar()

    def _rows(self, rows: list[Parameter], snapshot: Snapshot) -> None:
        width = imgui.get_content_region_avail().x
        group = ""
        shown = False
        triggers: list[Parameter] = []
        for row in rows:
            if row.group != group:
                self._buttons(triggers, width)
                triggers, group = [], row.group
                closed = group in _CLOSED and row.page == "play"
                flags = 0 if closed else imgui.TreeNodeFlags_.default_open.value
                shown = imgui.collapsing_header(group, flags)
                if shown and group == "tone":
                    reports.tone_curve(snapshot.values, width, 44.0 * self.panel.scale)
            if not shown:
                continue
            if row.kind == "trigger":
                triggers.append(row)
                continue
            value = snapshot.values.get(row.name, row.default)
            self._set(row, self.widgets.draw(row, value, _LABEL * width, width))
        self._buttons(triggers, width)

    def _buttons(self, rows: list[Parameter], width: float) -> None:
        """Triggers of a group share a line."""
        if not rows:
            return
        gap = imgui.get_style().item_spacing.x
        each = (width - gap * (len(rows) - 1)) / len(rows)
        for number, row in enumerate(rows):
            if number:
                imgui.same_line()
            self._set(row, self.widgets.draw(row, False, 0.0, each))

    def _set(self, row: Parameter, chosen: Value | None) -> None:
        if chosen is not None:
            self.change(row.name, chosen)

    def _right(self, snapshot: Snapshot, shown: Shown, width: float) -> None:
        inner = imgui.get_content_region_avail().x
        height = 104.0 * self.panel.scale
        for name, title in (("heard", "what it hears"), ("changed", "what changes")):
            imgui.text_disabled(title)
            reports.image(self.panel, name if name in shown.images else "", (inner, height), shown.phase, shown.beats)
        self._objective(snapshot, inner)
        if imgui.begin_tab_bar("lists"):
            for title, content in (
                ("layers", self._layers),
                ("clips", self._clips),
                ("presets", self._presets),
                ("loops", reports.loops),
                ("events", reports.events),
            ):
                opened, _ = imgui.begin_tab_item(title)
                if opened:
                    imgui.begin_child(title)
                    content(snapshot)
                    imgui.end_child()
                    imgui.end_tab_item()
            imgui.end_tab_bar()

    def _objective(self, snapshot: Snapshot, width: float) -> None:
        imgui.text_disabled("objective")
        imgui.same_line()
        imgui.text(f"{snapshot.objective:.3f}")
        imgui.same_line()
        imgui.text_disabled(reports.aim(snapshot))
        if len(snapshot.curve) > 1:
            values = np.array([value for _, value in snapshot.curve[-600:]], np.float32)
            low, high = float(values.min()), float(values.max())
            room = max(0.05 * (high - low), 1e-4)
            size = imgui.ImVec2(width, 52.0 * self.panel.scale)
            imgui.plot_lines("##objective", values, scale_min=low - room, scale_max=high + room, graph_size=size)
        else:
            imgui.dummy(imgui.ImVec2(width, 52.0 * self.panel.scale))

    def _layers(self, snapshot: Snapshot) -> None:
        chosen = snapshot.values.get("target/layer") if snapshot.values.get("target/by") == "layer" else ""
        for number, layer in enumerate(snapshot.layers):
            mean = snapshot.means[number] if number < len(snapshot.means) else 0.0
            if self._line(f"layer:{layer.name}", layer.name.replace("_", " "), layer.name == chosen):
                self.change("target/layer", layer.name)
            reports.meter(mean)

    def _clips(self, snapshot: Snapshot) -> None:
        for clip in snapshot.clips:
            if self._line(f"clip:{clip.name}", clip.name, clip.name == snapshot.values.get("source/clip")):
                self.change("source/clip", clip.name)
            reports.beside(f"{clip.seconds:.2f} s   {clip.beats} beats")

    def _presets(self, snapshot: Snapshot) -> None:
        for preset in snapshot.presets:
            if self._line(f"preset:{preset.name}", preset.title or preset.name, False):
                self.recall(preset.name)
            if imgui.is_item_hovered():
                imgui.set_tooltip(preset.description)

    def _line(self, place: str, text: str, selected: bool) -> bool:
        clicked, _ = imgui.selectable(f"{text}##{place}", selected)
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        self.widgets.places[place] = (low.x, low.y, high.x, high.y)
        return clicked


def _window(name: str, place: tuple[float, float], size: tuple[float, float], more: int = 0) -> bool:
    imgui.set_next_window_pos(imgui.ImVec2(*place))
    imgui.set_next_window_size(imgui.ImVec2(*size))
    opened, _ = imgui.begin(name, None, int(_FLAGS) | more)
    return opened
