"""``python -m ear_engine.benchmarks [PART …] [--output BENCHMARKS.md]``: measure and write the page."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from ear_engine import platform
from ear_engine.benchmarks import PARTS, run
from ear_engine.benchmarks.report import describe_machine, markdown


def main() -> None:
    """Measure the parts that are named, all if none is."""
    parser = argparse.ArgumentParser(prog="python -m ear_engine.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], metavar="PART")
    parser.add_argument("--repetitions", type=int, default=None, help="rounds; each part's own choice if not given")
    parser.add_argument("--output", type=Path, default=None, help="Markdown file to write; printed if not given")
    typed = parser.parse_args()
    platform.reuse_memory()  # as the engine does
    machine = describe_machine()  # before it is busy with us
    rows = [row for part in typed.parts or PARTS for row in run(part, typed.repetitions)]
    page = markdown(rows, machine, f"{parser.prog} {shlex.join(sys.argv[1:])}".strip())
    if typed.output is None:
        print(page, end="")
    else:
        typed.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
