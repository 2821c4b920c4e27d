"""Messages as people type and read them, and as programs read them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import numpy as np

from ear_engine.errors import UserError
from ear_engine.osc.codec import Argument, Bang, Message, encode

_WHOLE = re.compile(r"[-+]?[0-9]{1,20}")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", re.IGNORECASE)
_SWITCH = {"true": True, "false": False}
_SHOWN = 32  # bytes of a blob
_KINDS = {"i": "a whole number of 32 bits", "f": "a number of 32 bits", "b": "bytes in hexadecimal"}


def spell(words: Sequence[str], tags: str = "", known: Sequence[str] = ()) -> list[object]:
    """Values of the words that were typed.

    Args:
        words: as typed.
        tags: a letter of ``ifsb`` for each, as the user wants it; guessed if empty.
        known: letters of what the address takes, as far as that is known: what is text there stays text, a number for
            a float is one. All else is what it looks like: ``12`` is i, ``1.5`` f, ``true`` and ``false`` are 1 and 0.

    Raises:
        UserError: a letter that does not exist, too many or too few of them, or a word that is not of its type.
    """
    if tags and len(tags) != len(words):
        reason = f"has {len(tags)} letter{'s' * (len(tags) != 1)} for {len(words)} value{'s' * (len(words) != 1)}"
        raise UserError(f"--type {tags}", reason, "give a letter for each value", "bad_type")
    if set(tags) - set("ifsb"):
        mend = "use i, f, s and b, a letter for each value (true and false are i)"
        raise UserError(f"--type {tags}", "has a letter that is not sent", mend, "bad_type")
    if tags:
        return [_of_type(word, tag) for word, tag in zip(words, tags, strict=True)]
    return [_guess(word, known[at] if at < len(known) else "") for at, word in enumerate(words)]


def show(message: Message) -> str:
    """One line: address and arguments; text in quotes, floats with a point, all of it printable."""
    shown = [printable(message.address), *map(_show, message.arguments)]
    return " ".join(shown)


def plain(argument: Argument) -> object:
    """An argument for JSON: bytes in hexadecimal, a bang is true."""
    if isinstance(argument, bytes):
        return argument.hex()
    if isinstance(argument, tuple):
        return [plain(item) for item in argument]
    return _short(argument) if isinstance(argument, float) else True if isinstance(argument, Bang) else argument


def as_json(message: Message, **more: object) -> str:
    """One line of JSON: address, type tags and arguments, and ``more`` before them."""
    facts = {
        "address": message.address,
        "types": "".join(map(_tag, message.arguments)),
        "arguments": [plain(argument) for argument in message.arguments],
    }
    return json.dumps({**more, **facts})


def printable(text: str) -> str:
    """``text`` without what a terminal would take for a command."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _of_type(word: str, tag: str) -> object:
    if tag == "s":
        return word
    if tag == "i" and word.lower() in _SWITCH:
        return _SWITCH[word.lower()]
    try:
        value: object = bytes.fromhex(word) if tag == "b" else int(word) if tag == "i" else float(word)
        encode("/", value)
    except ValueError:
        mend = "change it, or say with --type what it is"
        raise UserError(f"value {word!r}", f"is not {_KINDS[tag]}", mend, "bad_value") from None
    return value


def _guess(word: str, known: str) -> object:
    if known == "s":
        return word
    if _WHOLE.fullmatch(word) and known != "f":
        return _of_type(word, "i")
    if _NUMBER.fullmatch(word):
        return _of_type(word, "f")
    return _SWITCH.get(word.lower(), word)


def _show(argument: Argument) -> str:
    if isinstance(argument, bool):
        return "true" if argument else "false"
    if isinstance(argument, bytes):
        more = "…" if len(argument) > _SHOWN else ""
        return f"<{len(argument)} bytes {argument[:_SHOWN].hex(' ', 4)}{more}>"
    if isinstance(argument, float):
        return str(_short(argument))
    if isinstance(argument, str):
        return '"' + printable(argument.replace("\\", "\\\\").replace('"', '\\"')) + '"'
    if isinstance(argument, tuple):
        return f"[{' '.join(map(_show, argument))}]"
    return "nil" if argument is None else "bang" if isinstance(argument, Bang) else str(argument)


def _short(number: float) -> float:
    """The shortest number that is this one in 32 bits, if it was sent so."""
    brief = _single(number)
    return float(str(brief)) if float(brief) == number else number


def _single(number: float) -> np.float32:
    with np.errstate(over="ignore"):
        return np.float32(number)


def _tag(argument: Argument) -> str:
    if isinstance(argument, tuple):
        return f"[{''.join(map(_tag, argument))}]"
    if argument is None or isinstance(argument, bool):
        return {None: "N", True: "T", False: "F"}[argument]
    if isinstance(argument, Bang):
        return "I"
    if isinstance(argument, float):
        return "f" if float(_single(argument)) == argument else "d"
    if isinstance(argument, int):
        return "i" if -(1 << 31) <= argument < 1 << 31 else "h"
    return "s" if isinstance(argument, str) else "b"
