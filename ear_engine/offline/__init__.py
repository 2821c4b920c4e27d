"""Dreaming without playing: from Python, and for ``ear-engine dream`` and ``ear-engine gallery``.

Five lines are a program::

    from ear_engine.offline import dream

    dreamed = dream(ear="small", clip="beat", target="bright hats", beats=32)
    dreamed.save("hats.wav")
    dreamed.picture("hats.png")

Torch is loaded when one of the names is used: whoever only draws films does without.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ear_engine.offline.dreamed import Dreamed as Dreamed
    from ear_engine.offline.dreaming import dream as dream

__all__ = ["Dreamed", "dream"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "dreamed" if name == "Dreamed" else "dreaming"
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
