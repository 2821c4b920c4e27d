"""What the keys do: one row each, from which the list on ``?`` is made, too."""

from __future__ import annotations

from dataclasses import dataclass

from ear_engine.viewer.events import Key


@dataclass(frozen=True)
class Binding:
    """One thing keys do.

    Args:
        action: its name in the program.
        keys: names of keys that do it, ``shift+`` before those that need it.
        shown: how they are called in the list.
        about: what they do, for people.
    """

    action: str
    keys: tuple[str, ...]
    shown: str
    about: str


BINDINGS = (
    Binding("help", ("?", "f1", "h"), "?", "this list"),
    Binding("console", ("tab",), "Tab", "console: show or hide"),
    Binding("fit", ("f", "home"), "F", "the whole map"),
    Binding("fly_target", ("t",), "T", "fly to the target"),
    Binding("fly_layer", ("g",), "G", "fly to the target's layer"),
    Binding("next_layer", ("]", "page down"), "]", "target: the next layer"),
    Binding("previous_layer", ("[", "page up"), "[", "target: the layer before"),
    Binding("move", ("1",), "1", "left drag moves the map"),
    Binding("box", ("2",), "2", "left drag selects a box (or Alt)"),
    Binding("lasso", ("3",), "3", "left drag selects a lasso (or Shift)"),
    Binding("brush", ("4",), "4", "left drag paints neurons (or Ctrl)"),
    Binding("smaller", (",", "-"), ",", "smaller brush"),
    Binding("larger", (".", "+", "="), ".", "larger brush"),
    Binding("audition", ("a",), "A", "hear what excites this neuron; the next; stop"),
    Binding("palette", ("p",), "P", "next palette"),
    Binding("palette_back", ("shift+p",), "Shift P", "palette before"),
    Binding("links", ("l",), "L", "links: show or hide"),
    Binding("fullscreen", ("f11", "enter"), "F11", "full screen"),
    Binding("monitor", ("m",), "M", "next screen"),
    Binding("blackout", ("b",), "B", "blackout"),
    Binding("screenshot", ("s", "f12"), "S", "save a picture"),
    Binding("frames", ("i",), "I", "frames a second"),
    Binding("escape", ("escape",), "Esc", "close, stop an excerpt, or leave full screen"),
    Binding("quit", ("ctrl+q",), "Ctrl Q", "end"),
)
_ACTIONS = {key: binding.action for binding in BINDINGS for key in binding.keys}
MOUSE = (
    ("drag", "move the map"),
    ("wheel", "zoom at the pointer"),
    ("right drag", "turn"),
    ("double click", "the whole map"),
    ("click", "this neuron becomes the target"),
)


def action_of(key: Key) -> str:
    """What a key that goes down does; empty if nothing."""
    if not key.down or not key.name or key.mods & 4:
        return ""
    name = key.name.lower()
    name = f"ctrl+{name}" if key.mods & 2 else name
    if key.mods & 1:
        return _ACTIONS.get(f"shift+{name}", _ACTIONS.get(name, "") if not name.isalpha() else "")
    return _ACTIONS.get(name, "")
