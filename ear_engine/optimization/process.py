"""The dreamer process: its entry point."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.optimization.dreamer import Dreamer, DreamerOptions


def dreamer_main(session: Path, options: DreamerOptions) -> None:
    """Entry point of the spawned process.

    Raises:
        SystemExit: code 2 if the ear or device cannot be used (the reason is an event in the dreamer's state).
    """
    platform.ignore_interrupt()
    platform.lower_priority()
    platform.reuse_memory()
    try:
        Dreamer(session, replace(options, ear=Path(options.ear))).run()
    except UserError:
        raise SystemExit(2) from None
