"""What a target that was typed means: a layer, an expression, numbers of neurons, or words for a sound."""

from __future__ import annotations

import re
from collections.abc import Collection

_NUMBERS = re.compile(r"[\d\s,\-–]+")


def read_target(text: str, layers: Collection[str]) -> dict[str, str]:
    """The parameter that ``text`` sets, and its value.

    Args:
        text: ``encoder_4_conv2``, ``0.5*channel(encoder_4_conv2, 12) - surprise()``, ``12-40, 77`` or ``bright hats``.
        layers: of the ear.
    """
    text = text.strip()
    if text in layers:
        return {"target/layer": text}
    if "(" in text:
        return {"target/objective": text}
    if _NUMBERS.fullmatch(text):
        return {"target/neurons": text}
    return {"target/name": text}
