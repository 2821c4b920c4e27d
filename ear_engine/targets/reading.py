"""What a target that was typed means: a layer, an expression, numbers of neurons, or words for a sound."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from ear_engine.errors import UserError
from ear_engine.targets.functions import FUNCTIONS

_NUMBERS = re.compile(r"[0-9][0-9\s,-]*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ODD = re.compile(r"[0-9_]")  # in no word for a sound
_ALIKE, _MEANT = 0.8, 0.6  # from which likeness on a word is a name misspelled, and which names are offered


def read_target(text: str, layers: Collection[str]) -> dict[str, str]:
    """The parameter that ``text`` sets, and its value.

    Args:
        text: ``encoder_4_conv2``, ``0.5*channel(encoder_4_conv2, 12) - surprise()``, ``12-40, 77`` (a range may have a
            long dash) or ``bright hats``.
        layers: of the ear.

    Raises:
        UserError: it is empty, or looks like the name of a layer or a function that there is not.
    """
    text = text.strip()
    if not text:
        mend = "name a layer, words for a sound, an expression, or numbers of neurons"
        raise UserError("the target", "is empty", mend, "empty_target")
    if text in layers:
        return {"target/layer": text}
    if "(" in text:
        return {"target/objective": text}
    numbers = text.replace("–", "-")
    if _NUMBERS.fullmatch(numbers):
        return {"target/neurons": numbers}
    if _IDENTIFIER.fullmatch(text):
        _need_word(text, layers)
    return {"target/name": text}


def _need_word(text: str, layers: Collection[str]) -> None:
    names = {**{layer: layer for layer in layers}, **{name: row.usage for name, row in FUNCTIONS.items()}}
    odd = _ODD.search(text) is not None
    near = difflib.get_close_matches(text[:60].lower(), names, n=2, cutoff=_MEANT if odd else _ALIKE)
    if not (odd or near):
        return
    mend = f"did you mean {' or '.join(names[name] for name in near)}" if near else "use words, such as bright hats"
    raise UserError(f"target {text[:60]!r}", "is no layer or function of this ear", mend, "unknown_layer")
