"""The reference page for a browser, generated from the tables: every address, and an example of each to copy.

One file without scripts, and nothing is fetched, so that it works offline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from shlex import quote

import ear_engine
from ear_engine.osc.commands import Command
from ear_engine.osc.stream_table import Part, StreamRow
from ear_engine.parameters import Parameter
from ear_engine.reference import COMMANDS, EXPRESSIONS, INTRO, default_text, grouped, range_text
from ear_engine.targets.functions import Function

_STREAMS = (
    "Streams are sent to whoever subscribes, as often as is asked for; events when something happens. The examples let "
    "them come to port 9001 of your machine (`oscdump 9001` shows them); without a port they come to the sender."
)
_EXAMPLES = (
    "The examples are for `oscsend`, which comes with liblo (Debian, Ubuntu: `apt-get install liblo-tools`); a click "
    "chooses one whole."
)
_PAGES = {"play": "Played", "expert": "Expert"}
_SAMPLES = {
    "pattern": "/ear/playhead",
    "prefix": "dream/",
    "address": "/ear/dream/rate",
    "text": "bright hats",
    "name": "dream/rate",
    "layer": "encoder_3_conv1",
    "region": "one",
}
_TEXTS = {
    "source/clip": "break",
    "target/neurons": "12-40,77",
    "target/name": "bright hats",
    "target/imprint": "now",
    "target/objective": "channel(encoder_4_conv2, 12)",
    "model/ear": "paper",
}
_LAYER = "encoder_3_conv1"
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 78rem; margin: 0 auto; padding: 0 1rem 4rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem .9rem; padding: .6rem 0; }
h1 { margin: 1.2rem 0 0; } h2 { margin: 2.2rem 0 .4rem; }
p { max-width: 48rem; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; border-bottom: 2px solid; }
th, td { padding: .3rem .6rem .3rem 0; vertical-align: top; }
td { border-bottom: 1px solid #8884; }
code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; }
code.copy { user-select: all; cursor: copy; }
"""


@dataclass(frozen=True)
class Place:
    """Where the examples send to.

    Args:
        host: name or IP address.
        port: of OSC.
    """

    host: str = "127.0.0.1"
    port: int = 9000

    def example(self, address: str, tags: str = "", values: Sequence[object] = ()) -> str:
        """A line for a shell that sends a message."""
        words = ["oscsend", self.host, str(self.port), address, *([tags] if tags else [])]
        return " ".join(quote(word) for word in (*words, *(_typed(value) for value in values)))


def page(
    rows: Iterable[Parameter],
    commands: Iterable[Command] = (),
    streams: Iterable[StreamRow] = (),
    functions: Iterable[Function] = (),
    place: Place | None = None,
) -> str:
    """The page.

    Args:
        rows: parameters.
        commands: of OSC.
        streams: and events.
        functions: of expressions.
        place: where examples send to.
    """
    place = place or Place()
    sections: list[tuple[str, str]] = []
    titles = ("Address", "Type", "Default", "Range", "Unit", "Description", "Example")
    for kind, group, members in grouped(rows):
        cells = (_parameter(row, place) for row in members)
        sections.append((f"{_PAGES[kind]}: {group}", _table(titles, cells)))
    told = [_command(command, place) for command in commands]
    if told:
        table = _table(("Address", "Takes", "Answer", "Description", "Example"), told)
        sections.append(("Commands", _text(COMMANDS) + table))
    sent = [_stream(row, place) for row in streams]
    if sent:
        table = _table(("Address", "Sends", "Range", "Description", "Example"), sent)
        sections.append(("Streams and events", _text(_STREAMS) + table))
    said = [(_code(f.usage), escape(f.description)) for f in functions]
    if said:
        sections.append(("Expressions", _text(EXPRESSIONS) + _table(("Function", "Chooses"), said)))
    links = "\n".join(f'<a href="#{_anchor(title)}">{escape(title)}</a>' for title, _ in sections)
    body = "".join(f'<h2 id="{_anchor(title)}">{escape(title)}</h2>{inside}' for title, inside in sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>ear-engine {ear_engine.__version__}: addresses</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>ear-engine {ear_engine.__version__}</h1>\n{_text(INTRO)}{_text(_EXAMPLES)}\n<nav>{links}</nav>\n"
        f"{body}\n</body>\n</html>\n"
    )


def _parameter(row: Parameter, place: Place) -> tuple[str, ...]:
    bare = range_text(row).replace(f" {row.unit}", "", 1) if row.unit else range_text(row)
    value = _TEXTS.get(row.name, row.default)
    values = () if row.kind == "trigger" else (value,)
    example = place.example(row.address, row.type_tag * len(values), values)
    return (
        _code(row.address),
        row.kind,
        _code(default_text(row)),
        escape(bare),
        escape(row.unit),
        escape(row.description),
        _copy(example),
    )


def _command(command: Command, place: Place) -> tuple[str, ...]:
    needed = [argument for argument in command.arguments if argument.default is None]
    values = [_sample(command.name, argument.name, argument.tag) for argument in needed]
    tags = "".join(argument.tag.replace("a", "i") for argument in needed)
    takes = command.usage.removeprefix(command.address).strip()
    example = place.example(command.address, tags, values)
    return _code(command.address), _code(takes), _code(command.answer), escape(command.description), _copy(example)


def _stream(row: StreamRow, place: Place) -> tuple[str, ...]:
    address, _, takes = row.usage.partition(" ")
    wanted = row.address
    if wanted.endswith("/"):
        wanted += "one" if "one" in address else _LAYER
    parts = [*row.parts, *([row.many] if row.many is not None else [])]
    ranges = ", ".join(text for text in map(_ends, parts) if text)
    example = place.example("/ear/stream/subscribe", "sfsi", (wanted, 30.0, "list", 9001))
    return _code(address), _code(takes), escape(ranges), escape(row.description), _copy(example)


def _ends(part: Part) -> str:
    """Range and unit of a part; nothing where it has neither."""
    if part.low is None and part.high is None:
        return f"{part.name} in {part.unit}" if part.unit else ""
    low, high = ("" if end is None else f"{end:g}" for end in (part.low, part.high))
    return f"{part.name} {low} …{f' {high}' if high else ''}{f' {part.unit}' if part.unit else ''}"


def _sample(command: str, name: str, tag: str) -> object:
    if tag == "s":
        return "bloom" if command == "preset/recall" else _SAMPLES.get(name, "one")
    return 9001 if name == "port" else 0.5 if tag == "f" else 1


def _typed(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{title}</th>" for title in titles)
    lines = ("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows)
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody></table>\n"


def _text(markdown: str) -> str:
    """A paragraph; what stands between backticks is code."""
    pieces = escape(markdown).split("`")
    return "<p>" + "".join(f"<code>{p}</code>" if k % 2 else p for k, p in enumerate(pieces)) + "</p>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""


def _copy(text: str) -> str:
    return f'<code class="copy">{escape(text)}</code>'


def _anchor(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower())
