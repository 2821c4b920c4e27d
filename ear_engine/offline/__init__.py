"""Dreaming without playing: from Python, and for ``ear-engine dream`` and ``ear-engine gallery``.

Five lines are a program::

    from ear_engine.offline import dream

    dreamed = dream(ear="small", clip="beat", target="bright hats", beats=32)
    dreamed.save("hats.wav")
    dreamed.picture("hats.png")
"""

from __future__ import annotations

from ear_engine.offline.dreamed import Dreamed as Dreamed
from ear_engine.offline.dreaming import dream as dream

__all__ = ["Dreamed", "dream"]
