"""What happens to a window, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

SHIFT, CONTROL, ALT = 1, 2, 4
LEFT, RIGHT, MIDDLE = 0, 1, 2


@dataclass(frozen=True)
class Moved:
    """The pointer is at (x, y), in units of the window from the top left."""

    x: float
    y: float


@dataclass(frozen=True)
class Button:
    """A button of the pointer goes down or up."""

    button: int
    down: bool
    mods: int
    x: float
    y: float


@dataclass(frozen=True)
class Wheel:
    """The wheel, or two fingers: right and up."""

    right: float
    up: float
    x: float
    y: float


@dataclass(frozen=True)
class Key:
    """A key, by its number and name, goes down or up."""

    key: int
    name: str
    down: bool
    repeat: bool
    mods: int


@dataclass(frozen=True)
class Text:
    """A character was typed."""

    code: int


@dataclass(frozen=True)
class Focus:
    """The window gets or loses the keys."""

    has: bool


Event = Moved | Button | Wheel | Key | Text | Focus

KEY_NAMES = {
    32: "space", 256: "escape", 257: "enter", 258: "tab", 259: "backspace", 260: "insert", 261: "delete",
    262: "right", 263: "left", 264: "down", 265: "up", 266: "page up", 267: "page down", 268: "home", 269: "end",
    335: "enter", **{289 + n: f"f{n}" for n in range(1, 13)},
}  # fmt: skip
"""Of keys without a letter, by GLFW's numbers."""
