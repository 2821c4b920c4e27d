"""The files of the Max package that are generated; its scripts are written by hand."""

from __future__ import annotations

import json

from ear_engine import __version__
from ear_engine.clients.maxmsp import abstractions, control, example, help, table, widgets

_PATCHES = {
    "ear.engine": abstractions.engine,
    "ear.param": abstractions.param,
    "ear.stream": abstractions.stream,
    "ear.list": abstractions.names,
    "ear.loop": abstractions.loop,
    "ear.fader": widgets.fader,
    "ear.lying": widgets.lying,
    "ear.toggle": widgets.toggle,
    "ear.menu": widgets.menu,
    "ear.button": widgets.button,
    "ear.text": widgets.text,
    "ear.pad": widgets.pad,
}


def files() -> dict[str, bytes]:
    """Path in the package → what is in it.

    Raises:
        py2max.exceptions.InvalidConnectionError: a cord that Max would not take.
    """
    made = {f"patchers/{name}.maxpat": patch().data() for name, patch in _PATCHES.items()}
    made["extras/ear-engine.maxpat"] = control.control().data()
    made["examples/ear.example.maxpat"] = example.example().data()
    for page in help.pages():
        made[f"help/{page.name}.maxhelp"] = page.help().data()
        made[f"docs/{page.name}.maxref.xml"] = page.reference()
    made["javascript/ear.table.js"] = table.table()
    made["package-info.json"] = (json.dumps(_info(), indent=1, ensure_ascii=False) + "\n").encode()
    return made


def _info() -> dict[str, object]:
    system = {"min_version": "none", "platform": ["x64", "aarch64"]}
    return {
        "name": "ear-engine",
        "displayname": "ear-engine",
        "version": __version__,
        "author": "ear-engine contributors",
        "authors": ["ear-engine contributors"],
        "description": "Play a neural ear: a network that listens reshapes the loop it hears. Needs ear-engine.",
        "tags": ["audio", "OSC", "machine learning", "control"],
        "extensible": 0,
        "max_version_min": "8.0",
        "max_version_max": "none",
        "os": {"macintosh": system, "windows": {**system, "platform": ["x64"]}},
        "homepatcher": "ear-engine.maxpat",
        "package_extra": {"reverse_domain": "org.ear-engine", "copyright": "MIT license"},
    }
