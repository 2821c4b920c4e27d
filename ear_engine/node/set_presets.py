"""Presets that a set brings along: those of the user that were played go into it, and are saved where it is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ear_engine.change import Change
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree
from ear_engine.preset_files import save_preset
from ear_engine.presets import Preset, find_preset, shipped_presets

_USED = 32  # presets that a set remembers


class UsedPresets:
    """Remembers which were played.

    Args:
        control: its changes say that one is played.
    """

    def __init__(self, control: ControlLog) -> None:
        self._used: dict[str, None] = {}  # the last one last
        control.listen(self._changed)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the latest 32, the last one last."""
        return tuple(self._used)

    def _changed(self, change: Change) -> None:
        what, *names = change.gesture.partition("#")[0].split(" ")
        if what in ("preset", "morph", "blend"):
            for name in names:
                self._used.pop(name, None)
                self._used[name] = None
            for name in list(self._used)[:-_USED]:
                del self._used[name]


def own_presets(names: Sequence[str], tree: ParameterTree) -> dict[str, Preset]:
    """Of presets that are called so, those that do not ship, by name; reads files.

    One that was deleted, or broken by hand, is left out.
    """
    presets = dict[str, Preset]()
    for name in sorted(set(names) - shipped_presets()) if names else ():
        try:
            presets[name] = find_preset(name, tree)
        except UserError:  # deleted, or broken by hand
            continue
    return presets


def add_presets(presets: Mapping[str, Preset], tree: ParameterTree) -> list[UserError]:
    """Save presets that a set brings and that are not there; return why some cannot be."""
    faults = []
    for name, preset in presets.items():
        title, text = preset.title, preset.description
        try:
            save_preset(name, preset.values, tree, title=title, description=text)
        except UserError as error:
            if error.code != "exists":
                faults.append(error)
    return faults
