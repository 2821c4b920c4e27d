"""``ear-engine osc``: speak with a running engine from a terminal, without another program."""

from __future__ import annotations

import argparse
import math

from ear_engine.commands import osc_dump, osc_list, osc_listen, osc_send
from ear_engine.errors import UserError

_ACTIONS = {"send": osc_send, "listen": osc_listen, "dump": osc_dump, "list": osc_list}


def run(typed: argparse.Namespace) -> int:
    """Send, listen, dump or list; return 0, or 1 if the engine refused.

    Raises:
        UserError: what was typed cannot be, or no engine is there.
    """
    seconds = getattr(typed, "seconds", None)
    if seconds is not None and not (seconds > 0 and math.isfinite(seconds)):
        raise UserError(f"--seconds {seconds:g}", "is not a time", "use a number above 0", "bad_value")
    return int(_ACTIONS[typed.action].run(typed))
