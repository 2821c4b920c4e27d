from __future__ import annotations

from ear_engine import reference
from ear_engine.osc.commands import Argument, Command
from ear_engine.parameters import Parameter, ParameterTree
from ear_engine.targets.functions import FUNCTIONS

ROWS = [
    Parameter("dream/pull", "float", 16.0, "Half-life.", 0.25, 256, "beats", "log", zero=0.0),
    Parameter("dream/run", "bool", True, "Go on | or not."),
    Parameter("source/reset", "trigger", False, "Back."),
    Parameter("playback/quantize", "choice", "beat", "Where.", choices=("half", "beat")),
    Parameter("dream/cap", "int", 3, "Expert row.", 1, 9, clip="low", page="expert"),
]


def test_the_markdown_page_word_for_word() -> None:
    page = reference.markdown(ROWS)
    assert page.split("\n\n", 2)[2] == (
        "## Played: dream\n\n"
        "| Address | Type | Default | Range | Description |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `/ear/dream/pull` | float | 16 | 0.25 … 256 beats (log), 0 = off | Half-life. |\n"
        "| `/ear/dream/run` | bool | 1 | 0, 1 | Go on \\| or not. |\n\n"
        "## Played: source\n\n"
        "| Address | Type | Default | Range | Description |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `/ear/source/reset` | trigger |  |  | Back. |\n\n"
        "## Played: playback\n\n"
        "| Address | Type | Default | Range | Description |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `/ear/playback/quantize` | choice | beat | half, beat | Where. |\n\n"
        "## Expert: dream\n\n"
        "| Address | Type | Default | Range | Description |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `/ear/dream/cap` | int | 3 | 1 … 9, above: refused | Expert row. |\n"
    )


def test_the_terminal_page_fits_and_says_the_same() -> None:
    page = reference.plain(ROWS, width=60)
    assert max(map(len, page.splitlines())) <= 60
    assert "  /ear/dream/pull\n      float · default 16 · 0.25 … 256 beats (log), 0 = off\n      Half-life.\n" in page
    assert "  /ear/source/reset\n      trigger\n      Back.\n" in page


def test_commands_and_functions_follow_the_parameters() -> None:
    arguments = (Argument("text", "s"), Argument("most", "i", 8))
    find = Command("target/find", arguments, "same s:name", "Regions | by words.", lambda call: None)
    functions = [FUNCTIONS["band"], FUNCTIONS["cpc"]]
    page = reference.markdown(ROWS, [find], functions)
    assert "| `/ear/target/find s:text [i:most]` | `same s:name` | Regions \\| by words. |\n" in page
    assert page.endswith(
        "| `band(freq, [time=])` | the level in a band of frequencies |\n| `cpc()` | how well the ear foresees |\n"
    )
    text = reference.plain(ROWS, 60, [find], functions)
    assert max(map(len, text.splitlines())) <= 60
    assert "  /ear/target/find s:text [i:most]\n      answer: same s:name\n      Regions | by words.\n" in text
    assert text.endswith("  cpc()\n      how well the ear foresees\n")


def test_every_parameter_is_on_both_pages_once() -> None:
    tree = ParameterTree()
    markdown, plain = reference.markdown(tree), reference.plain(tree, 100).splitlines()
    for row in tree:
        assert markdown.count(f"`{row.address}`") == 1
        assert plain.count(f"  {row.address}") == 1
