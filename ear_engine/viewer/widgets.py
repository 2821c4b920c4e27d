"""One widget for each parameter, made from its row of the table; each draws itself and says what was chosen."""

from __future__ import annotations

import math

from imgui_bundle import imgui

from ear_engine.parameters import Parameter, Value

Rect = tuple[float, float, float, float]
_SAME = 5e-4  # of a range, a tenth of a pixel: a hand that rests


class Widgets:
    """Draws rows of the table; keeps what is being typed.

    ``places`` says where each widget was drawn last, (left, top, right, bottom), by the parameter's name.
    """

    def __init__(self) -> None:
        self.places: dict[str, Rect] = {}
        self._typed: dict[str, str] = {}

    def draw(self, row: Parameter, value: Value, label_width: float, width: float) -> Value | None:
        """Draw the widget of ``row`` showing ``value``; return a new value if one was chosen.

        Args:
            row: of the table.
            value: as it is.
            label_width: for its name, on its left.
            width: of all of it.
        """
        imgui.push_id(row.name)
        chosen = self._trigger(row, width) if row.kind == "trigger" else self._labeled(row, value, label_width, width)
        imgui.pop_id()
        return chosen

    def _labeled(self, row: Parameter, value: Value, label_width: float, width: float) -> Value | None:
        left = imgui.get_cursor_pos_x()
        imgui.align_text_to_frame_padding()
        imgui.text_disabled(caption(row))
        self._explain(row)
        imgui.same_line(left + label_width)
        imgui.set_next_item_width(width - label_width)
        chosen = {
            "float": self._number,
            "int": self._number,
            "bool": self._bool,
            "choice": self._choice,
            "text": self._text,
        }[row.kind](row, value)
        self._note(row)
        self._explain(row)
        if row.kind != "text" and imgui.is_item_clicked(imgui.MouseButton_.right) and value != row.default:
            return row.default
        return chosen

    def _number(self, row: Parameter, value: Value) -> Value | None:
        flags = imgui.SliderFlags_.no_round_to_format.value
        if row.curve == "log":
            flags |= imgui.SliderFlags_.logarithmic.value
        if row.kind == "int":
            moved, number = imgui.slider_int(
                "##", int(value), int(row.low), int(row.high), number_format(row, value), flags
            )
            return int(row.check(number)) if moved else None
        moved, real = imgui.slider_float("##", float(value), row.low, row.high, number_format(row, value), flags)
        chosen = float(row.check(real))
        same = abs(row.normalize(chosen) - row.normalize(value)) < _SAME and value != row.zero
        return chosen if moved and not same else None

    def _bool(self, row: Parameter, value: Value) -> Value | None:
        moved, on = imgui.checkbox("##", bool(value))
        return on if moved else None

    def _choice(self, row: Parameter, value: Value) -> Value | None:
        names = [choice.replace("_", " ") for choice in row.choices]
        current = row.choices.index(str(value)) if value in row.choices else -1
        moved, place = imgui.combo("##", current, names)
        return row.choices[place] if moved and place != current else None

    def _text(self, row: Parameter, value: Value) -> Value | None:
        """Text counts when Enter ends it; Escape, or going elsewhere, leaves it as it was."""
        text = self._typed.get(row.name, str(value))
        entered, text = imgui.input_text("##", text, imgui.InputTextFlags_.enter_returns_true)
        if imgui.is_item_active():
            self._typed[row.name] = text
        elif entered or row.name in self._typed:
            self._typed.pop(row.name, None)
        return text if entered and text != value else None

    def _trigger(self, row: Parameter, width: float) -> Value | None:
        pressed = imgui.button(caption(row), imgui.ImVec2(width, 0.0))
        self._note(row)
        self._explain(row)
        return True if pressed else None

    def _note(self, row: Parameter) -> None:
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        self.places[row.name] = (low.x, low.y, high.x, high.y)

    @staticmethod
    def _explain(row: Parameter) -> None:
        if imgui.is_item_hovered(imgui.HoveredFlags_.delay_normal):
            imgui.set_tooltip(f"{row.description}\n{row.address}")


def caption(row: Parameter) -> str:
    """What a parameter is called where its group is known."""
    return row.name.partition("/")[2].replace("_", " ")


def number_format(row: Parameter, value: Value) -> str:
    """How a slider shows its number, with its unit: ``%.1f dB``; ``off`` where the value means that."""
    if row.zero is not None and float(value) == row.zero:
        return "off"
    unit = f" {row.unit}".replace("%", "%%") if row.unit else ""
    if row.kind == "int":
        return f"%d{unit}"
    span = row.high - row.low
    if row.curve == "log":  # as many as tell its low end from 0, whatever the value: the slider goes by them
        digits = max(0, math.ceil(-math.log10(row.low)))
    else:
        digits = 2 if span <= 4 else 1 if span <= 200 else 0
    return f"%.{digits}f{unit}"
