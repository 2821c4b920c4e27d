"""``ear-engine soak``: plays for a while as on a stage, and says whether one can trust it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ear_engine import platform
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError

MISSED = 1
_LONGEST = 24 * 60.0  # minutes


def run(typed: argparse.Namespace) -> int:
    """Do it; 1 if a target is missed."""
    if not 0.0 < typed.minutes <= _LONGEST:
        mend = f"use one of up to {_LONGEST:g}"
        raise UserError(f"--minutes {typed.minutes:g}", "is not a length", mend, "bad_value")
    find_ear(typed.ear)
    report_file = None if typed.report is None else Path(typed.report).expanduser()
    if report_file is not None and not report_file.parent.is_dir():
        reason = "lies in a folder that does not exist"
        raise UserError(f"--report {typed.report}", reason, "make it first", "not_found")
    platform.yield_cores()
    from ear_engine.soak.options import SoakOptions
    from ear_engine.soak.run import soak

    options = SoakOptions(
        seconds=60.0 * typed.minutes,
        ear=typed.ear,
        audio=typed.audio,
        faults=typed.faults,
        view=typed.view,
        seed=typed.seed,
        keep=None if typed.keep is None else Path(typed.keep).expanduser().absolute(),
    )
    report = soak(options, _told if sys.stderr.isatty() else lambda _seconds, _text: None)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    data, text = json.dumps(report.data(), indent=1), report.text()
    print(data if typed.json else text)
    if report_file is not None:
        report_file.write_text((data if report_file.suffix == ".json" else text) + "\n")
    return 0 if report.met else MISSED


def _told(seconds: float, text: str) -> None:
    print(f"\r\033[K{int(seconds // 60)}:{int(seconds % 60):02d}  {text}", end="", file=sys.stderr, flush=True)
