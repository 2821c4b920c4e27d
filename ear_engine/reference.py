"""The reference page, generated from the one table: what ``ear-engine parameters`` prints."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator

from ear_engine.parameters import Parameter

_PAGES = {"play": "Played", "expert": "Expert"}
_COLUMNS = ("Address", "Type", "Default", "Range", "Description")
_INTRO = (
    "Send an address with a value to set it, without one to get it back at the same address. "
    "`/ear/norm/<group>/<name>` takes and gives 0..1 for faders, the curve applied. A trigger fires on no argument "
    "or any but 0. In a set file the key is `group/name`, on the command line `--group.name VALUE`."
)


def range_text(row: Parameter) -> str:
    """What a parameter takes, for people: ``0.25 … 256 beats (log), 0 = off``."""
    if row.kind == "choice":
        return ", ".join(row.choices)
    if row.kind == "bool":
        return "0, 1"
    if not row.numeric:
        return ""
    text = f"{row.low:g} … {row.high:g}" + (f" {row.unit}" if row.unit else "")
    if row.curve == "log":
        text += " (log)"
    if row.zero is not None:
        text += f", {row.zero:g} = off"
    refused = {"both": "", "low": "above: refused", "high": "below: refused", "none": "outside: refused"}[row.clip]
    return f"{text}, {refused}" if refused else text


def default_text(row: Parameter) -> str:
    """Value at start, for people; a trigger has none."""
    if row.kind == "trigger":
        return ""
    return f"{row.default:g}" if row.numeric or row.kind == "bool" else str(row.default)


def markdown(rows: Iterable[Parameter]) -> str:
    """The page as Markdown: one table for each page and group of the ``rows``, in their order."""
    lines = ["# Parameters", "", _INTRO]
    for page, group, members in _grouped(rows):
        lines += ["", f"## {_PAGES[page]}: {group}", "", f"| {' | '.join(_COLUMNS)} |", "| --- " * len(_COLUMNS) + "|"]
        for row in members:
            cells = (f"`{row.address}`", row.kind, default_text(row), range_text(row), row.description)
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def plain(rows: Iterable[Parameter], width: int | None = None) -> str:
    """The page as text for a terminal of ``width`` characters (this one's if None; at least 60)."""
    width = max(60, shutil.get_terminal_size().columns if width is None else width)
    lines = textwrap.wrap(_INTRO.replace("`", ""), width)
    for page, group, members in _grouped(rows):
        lines += ["", f"{_PAGES[page]}: {group}"]
        for row in members:
            default = default_text(row)
            facts = (row.kind, f"default {default}" if default else "", range_text(row))
            lines.append(f"  {row.address}")
            for text in (" · ".join(fact for fact in facts if fact), row.description):
                lines += textwrap.wrap(text, width, initial_indent="      ", subsequent_indent="      ")
    return "\n".join(lines) + "\n"


def _grouped(rows: Iterable[Parameter]) -> Iterator[tuple[str, str, list[Parameter]]]:
    table = list(rows)
    for page in _PAGES:
        for group in dict.fromkeys(row.group for row in table if row.page == page):
            yield page, group, [row for row in table if row.page == page and row.group == group]
