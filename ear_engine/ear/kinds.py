"""Ears of any kind: the plug-in that an ear's ``config.yaml`` names loads it."""

from __future__ import annotations

from pathlib import Path

from ear_engine.ear.network import Ear
from ear_engine.ear_files import CONFIG
from ear_engine.plugins import Registry
from ear_engine.yaml_files import load_yaml

_KIND = "cpc"  # of an ear whose config names none


def load_ear_of_any_kind(folder: Path, registry: Registry | None = None) -> Ear:
    """The ear in a folder.

    Args:
        folder: of the ear.
        registry: finds the plug-in; a new one if None.

    Raises:
        UserError: its plug-in is not there, or the ear cannot be loaded.
    """
    kind = str(load_yaml(folder / CONFIG).get("kind", _KIND))
    ear: Ear = (registry or Registry()).load("ears", kind)(folder)
    return ear
