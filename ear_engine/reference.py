"""The reference page, generated from the tables: what ``ear-engine parameters`` prints."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from ear_engine.osc.commands import Command
from ear_engine.osc.stream_table import StreamRow
from ear_engine.parameters import Parameter
from ear_engine.targets.functions import Function

_PAGES = {"play": "Played", "expert": "Expert"}
_COLUMNS = ("Address", "Type", "Default", "Range", "Description")
INTRO = (
    "Send an address with a value to set it, without one to get it back at the same address. "
    "`/ear/norm/<group>/<name>` takes and gives 0..1 for faders, the curve applied. A trigger fires on no argument "
    "or any but 0. In a set file the key is `group/name`, on the command line `--group.name VALUE`."
)
COMMANDS = (
    "Commands do something or list something. Arguments have types: i whole number, f number, s text, a either; those "
    "in [brackets] may be left out. `same` means that the answer has the address of the request. A whole number after "
    "the arguments comes back in `/ear/done` and `/ear/fail`."
)
STREAMS = (
    "Subscribe with `/ear/stream/subscribe` (wildcards, too). In the formats `blob`, `blob16` and `blob8` what follows "
    "again and again (…) comes as `i:loop i:frame i:offset i:total s:dtype f:scale b:bytes`: big-endian numbers of "
    "that type, each times the scale. As `channels` every value has an address of its own (`ADDRESS/NAME f`), the same "
    "set with or without a sound; streams of more than 1,024 values are not sent so. Events come when they happen."
)
EXPRESSIONS = (
    "`/ear/target/objective` takes sums of these functions, each times a number if you like, with parentheses: "
    "`0.7*channel(encoder_4_conv2, 12) - 0.3*surprise()`. Arguments in [brackets] may be left out; those that end in = "
    "are given by name. freq is a range in Hz (`200..800`, `1k..4k`), time one in beats, channels count from 0 (`12`, "
    "`3..7`), shares are 0 to 1. Names with spaces stand in quotes."
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


def markdown(
    rows: Iterable[Parameter],
    commands: Iterable[Command] = (),
    functions: Iterable[Function] = (),
    streams: Iterable[StreamRow] = (),
) -> str:
    """The page as Markdown: a table for each page and group of the ``rows``, in their order, then the others."""
    lines = ["# Parameters", "", INTRO]
    for page, group, members in grouped(rows):
        cells = ((f"`{r.address}`", r.kind, default_text(r), range_text(r), r.description) for r in members)
        lines += ["", f"## {_PAGES[page]}: {group}", "", *_table(_COLUMNS, cells)]
    told = [(f"`{command.usage}`", f"`{command.answer}`", command.description) for command in commands]
    if told:
        lines += ["", "## Commands", "", COMMANDS, "", *_table(("Address", "Answer", "Description"), told)]
    sent = [(f"`{row.usage}`", row.description) for row in streams]
    if sent:
        lines += ["", "## Streams and events", "", STREAMS, "", *_table(("Address", "Description"), sent)]
    said = [(f"`{function.usage}`", function.description) for function in functions]
    if said:
        lines += ["", "## Expressions", "", EXPRESSIONS, "", *_table(("Function", "Chooses"), said)]
    return "\n".join(lines) + "\n"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield "| --- " * len(titles) + "|"
    for cells in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def plain(
    rows: Iterable[Parameter],
    width: int | None = None,
    commands: Iterable[Command] = (),
    functions: Iterable[Function] = (),
    streams: Iterable[StreamRow] = (),
) -> str:
    """The page as text for a terminal of ``width`` characters (this one's if None; at least 60)."""
    width = max(60, shutil.get_terminal_size().columns if width is None else width)
    wrap = partial(textwrap.wrap, width=width, break_long_words=False)
    lines = wrap(INTRO.replace("`", ""))

    def entry(name: str, *texts: str) -> None:
        lines.extend(wrap(name, initial_indent="  ", subsequent_indent="    "))
        for text in texts:
            lines.extend(wrap(text, initial_indent="      ", subsequent_indent="      "))

    for page, group, members in grouped(rows):
        lines += ["", f"{_PAGES[page]}: {group}"]
        for row in members:
            default = default_text(row)
            facts = (row.kind, f"default {default}" if default else "", range_text(row))
            entry(row.address, " · ".join(fact for fact in facts if fact), row.description)
    for number, command in enumerate(commands):
        if number == 0:
            lines += ["", "Commands", *wrap(COMMANDS.replace("`", ""))]
        entry(command.usage, f"answer: {command.answer}", command.description)
    for number, stream in enumerate(streams):
        if number == 0:
            lines += ["", "Streams and events", *wrap(STREAMS.replace("`", ""))]
        entry(stream.usage, stream.description)
    for number, function in enumerate(functions):
        if number == 0:
            lines += ["", "Expressions", *wrap(EXPRESSIONS.replace("`", ""))]
        entry(function.usage, function.description)
    return "\n".join(lines) + "\n"


def grouped(rows: Iterable[Parameter]) -> Iterator[tuple[str, str, list[Parameter]]]:
    """Rows by page (``play``, ``expert``) and group, both in the order of the table."""
    table = list(rows)
    for page in _PAGES:
        for group in dict.fromkeys(row.group for row in table if row.page == page):
            yield page, group, [row for row in table if row.page == page and row.group == group]
