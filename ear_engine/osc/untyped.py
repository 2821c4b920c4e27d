"""Values of a message without type tags, as old senders write them, read as what the address takes.

OSC 1.0 asks for robustness where the tags are missing; what the bytes mean is then a matter of who gets them.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from ear_engine.errors import UserError
from ear_engine.osc.reader import MalformedPacket, Untyped, read_string


def typed(data: Untyped, tags: str, address: str) -> list[Any]:
    """As many values as ``data`` has.

    Args:
        data: what came after the address.
        tags: what the address takes, one letter a value: i, f, s, or a (a whole number or text: text, if it begins
            with a letter that is printed).
        address: named if it does not fit.

    Raises:
        UserError: it is cut short, goes on behind them, or holds a number that is not finite.
    """
    found: list[Any] = []
    at = 0
    for tag in tags:
        if at == len(data):
            break
        try:
            if tag == "s" or (tag == "a" and data[at] >= 0x20):
                value, at = read_string(data, at, len(data))
                found.append(value)
            else:
                found += struct.unpack_from(">f" if tag == "f" else ">i", data, at)
                at += 4
        except (struct.error, MalformedPacket):
            raise _refused(address, tags) from None
    if at != len(data) or not all(math.isfinite(value) for value in found if isinstance(value, float)):
        raise _refused(address, tags)
    return found


def _refused(address: str, tags: str) -> UserError:
    mend = f"send its type tags, such as ,{tags[:1].replace('a', 'i') or 'i'}"
    return UserError(address, "does not take these bytes without type tags", mend, "bad_arguments")
