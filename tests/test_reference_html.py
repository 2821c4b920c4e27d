"""The reference page for a browser."""

from __future__ import annotations

import shlex
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ear_engine.cli import main
from ear_engine.commands.parameters import all_commands
from ear_engine.control import ControlLog
from ear_engine.osc.codec import decode, encode
from ear_engine.osc.service import OscService
from ear_engine.osc.stream_table import stream_rows
from ear_engine.parameters import Parameter, ParameterTree
from ear_engine.reference_html import Place, page
from tests.osc.synthetic import LAYERS, status

SENT = {"i": int, "f": float, "s": str}


class Reader(HTMLParser):
    """Cells of all tables, examples, and what the page would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.examples: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self._copy = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "link", "iframe") or "src" in given:
            self.loads.append(tag)
        if tag != "meta":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self._copy = given.get("class") == "copy"
        if self._copy:
            self.examples.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._copy = False

    def handle_data(self, data: str) -> None:
        if "td" in self.open:
            self.rows[-1][-1] += data
        if self._copy:
            self.examples[-1] += data


def whole() -> Reader:
    tree = ParameterTree()
    return Reader(page(tree, all_commands(tree), stream_rows(), (), Place("192.168.1.7", 9123)))


def test_every_address_is_there_once_with_all_that_the_table_says() -> None:
    tree, read = ParameterTree(), whole()
    assert not read.open and not read.loads
    addresses = [row[0] for row in read.rows if row and row[0].startswith("/")]
    commands = [command.address for command in all_commands(tree)]
    streams = [row.usage.partition(" ")[0] for row in stream_rows()]
    assert sorted(addresses) == sorted([*(row.address for row in tree), *commands, *streams])
    by_address = {row[0]: row for row in read.rows if row}
    assert by_address["/ear/dream/rate"] == [
        "/ear/dream/rate",
        "float",
        "-18",
        "-60 … -6",
        "dB",
        tree["dream/rate"].description,
        "oscsend 192.168.1.7 9123 /ear/dream/rate f -18",
    ]
    assert by_address["/ear/source/reset"][6] == "oscsend 192.168.1.7 9123 /ear/source/reset"
    assert "phase 0 … 1" in by_address["/ear/playhead"][2] and "beat 0 … 64 beats" in by_address["/ear/playhead"][2]


def test_every_example_is_understood(tmp_path: Path) -> None:
    (tmp_path / "loops").mkdir()
    tree, refused = ParameterTree(), []
    service = OscService(
        ControlLog(tree), tmp_path, status=status, layers=lambda: LAYERS, commands=all_commands(tree)[-3:]
    )
    link = service.link("127.0.0.1", 50_000, lambda packet, _: bool(refused.append(decode(packet)[0])) or True)
    examples = whole().examples
    assert len(examples) == len(set(tree)) + len(all_commands(tree)) + len(stream_rows())
    for example in examples:
        name, host, port, address, *rest = shlex.split(example)
        assert (name, host, port) == ("oscsend", "192.168.1.7", "9123")
        tags, values = (rest[0], rest[1:]) if rest else ("", [])
        assert len(tags) == len(values)
        del refused[:]
        link.receive(encode(address, *(SENT[tag](value) for tag, value in zip(tags, values, strict=True))))
        codes = {message.arguments[1] for message in refused if message.address == "/ear/fail"}
        assert codes <= {"not_ready"}, (example, codes)
    link.close()
    service.close()


def test_what_a_table_says_is_never_markup() -> None:
    row = Parameter("a/b", "text", "<script>alert(1)</script>", 'is "<b>" & more', longest=50)
    text = page([row])
    assert "<script>" not in text and "&lt;script&gt;" in text and "&quot;&lt;b&gt;&quot; &amp; more" in text
    assert shlex.split(Reader(text).examples[0])[-1] == "<script>alert(1)</script>"


def test_it_is_written_by_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parameters", "--html", str(tmp_path / "page.html")]) == 0
    assert "/ear/dream/rate" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert main(["parameters", "--html", str(tmp_path / "no" / "page.html")]) == 2
    assert "cannot be written" in capsys.readouterr().err
