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
        group: one of :data:`GROUPS`, under which it is listed.
    """

    action: str
    keys: tuple[str, ...]
    shown: str
    about: str
    group: str


GROUPS = ("look", "aim", "left drag", "stage")


BINDINGS = (
    Binding("fit", ("f", "home"), "F", "the whole map", "look"),
    Binding("fly_target", ("t",), "T", "fly to the target", "look"),
    Binding("fly_layer", ("g",), "G", "fly to the target's layer", "look"),
    Binding("palette", ("p",), "P", "next palette", "look"),
    Binding("palette_back", ("shift+p",), "Shift P", "palette before", "look"),
    Binding("links", ("l",), "L", "links: show or hide", "look"),
    Binding("next_layer", ("]", "page down"), "]", "the next layer", "aim"),
    Binding("previous_layer", ("[", "page up"), "[", "the layer before", "aim"),
    Binding("audition", ("a",), "A", "hear what excites this neuron, the next, stop", "aim"),
    Binding("move", ("1",), "1", "moves the map", "left drag"),
    Binding("box", ("2",), "2", "selects a box (also Alt)", "left drag"),
    Binding("lasso", ("3",), "3", "selects a lasso (also Shift)", "left drag"),
    Binding("brush", ("4",), "4", "paints neurons (also Ctrl)", "left drag"),
    Binding("smaller", (",", "-"), ",", "smaller brush", "left drag"),
    Binding("larger", (".", "+", "="), ".", "larger brush", "left drag"),
    Binding("help", ("?", "f1", "h"), "?", "this list", "stage"),
    Binding("console", ("tab",), "Tab", "console: show or hide", "stage"),
    Binding("fullscreen", ("f11", "enter"), "F11", "full screen", "stage"),
    Binding("monitor", ("m",), "M", "next screen", "stage"),
    Binding("blackout", ("b",), "B", "blackout", "stage"),
    Binding("screenshot", ("s", "f12"), "S", "save a picture", "stage"),
    Binding("frames", ("i",), "I", "frames a second", "stage"),
    Binding("escape", ("escape",), "Esc", "close, stop an excerpt, or leave full screen", "stage"),
    Binding("quit", ("ctrl+q",), "Ctrl Q", "end", "stage"),
)
_REPEATED = ("smaller", "larger", "next_layer", "previous_layer")
_ACTIONS = {key: binding.action for binding in BINDINGS for key in binding.keys}
MOUSE = (
    ("click", "this neuron becomes the target"),
    ("Shift click", "this one, too"),
    ("drag", "move the map"),
    ("wheel", "zoom at the pointer"),
    ("right drag", "turn"),
    ("double click", "the whole map"),
)


def action_of(key: Key) -> str:
    """What a key that goes down does; empty if nothing. One that is held does again only what goes on step by step."""
    if not key.down or not key.name or key.mods & 4:
        return ""
    action = _action(key)
    return action if not key.repeat or action in _REPEATED else ""


def _action(key: Key) -> str:
    name = key.name.lower()
    found = _of(name, key.mods)
    latin = name.isascii() and name.isalpha()
    if found or latin or key.mods & 2 or not 32 < key.key < 127:
        return found
    return _of(chr(key.key).lower(), key.mods)  # a keyboard without such letters: where they would be


def _of(name: str, mods: int) -> str:
    name = f"ctrl+{name}" if mods & 2 else name
    if mods & 1:
        return _ACTIONS.get(f"shift+{name}", _ACTIONS.get(name, "") if not name.isalpha() else "")
    return _ACTIONS.get(name, "")
