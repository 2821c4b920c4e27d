"""YAML into dataclasses: what is meant is built, everything else is refused with its place and the nearest name."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.yaml_files import build, load_yaml, nearest

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words
anything = st.recursive(
    scalars, lambda x: st.lists(x, max_size=3) | st.dictionaries(words, x, max_size=3), max_leaves=8
)


@dataclass(frozen=True)
class Row:
    size: int
    pair: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Sheet:
    title: str
    height: float = 1.0
    count: int = 3
    on: bool = True
    mode: Literal["loud", "quiet"] = "loud"
    note: str | None = None
    first: Row = field(default_factory=lambda: Row(7))
    rows: tuple[Row, ...] = ()
    levels: tuple[float, ...] = ()


rows = st.builds(Row, st.integers(), st.tuples(st.integers(), st.integers()))
numbers = st.floats(allow_nan=False, allow_infinity=False)
sheets = st.builds(
    Sheet,
    title=words,
    height=numbers,
    count=st.integers(),
    on=st.booleans(),
    mode=st.sampled_from(["loud", "quiet"]),
    note=st.none() | words,
    first=rows,
    rows=st.lists(rows, max_size=3).map(tuple),
    levels=st.lists(numbers, max_size=3).map(tuple),
)


def as_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_lists(entry) for key, entry in value.items()}
    return [as_lists(entry) for entry in value] if isinstance(value, list | tuple) else value


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yaml") / "sheet.yaml"


@settings(deadline=None)
@given(sheet=sheets)
def test_what_is_written_is_built_again(file: Path, sheet: Sheet) -> None:
    file.write_text(yaml.safe_dump(as_lists(dataclasses.asdict(sheet)), allow_unicode=True), encoding="utf-8")
    assert build(Sheet, load_yaml(file), "sheet") == sheet


def test_missing_keys_keep_their_defaults() -> None:
    assert build(Sheet, {"title": "a", "first": {"size": 2}}, "sheet") == Sheet("a", first=Row(2))


@given(data=st.dictionaries(st.sampled_from([f.name for f in dataclasses.fields(Sheet)]) | words, anything, max_size=5))
def test_any_mapping_is_built_or_refused_and_never_anything_else(data: dict[str, Any]) -> None:
    try:
        sheet = build(Sheet, data, "sheet.yaml")
    except UserError as error:
        assert str(error).startswith("sheet.yaml: ")
        assert error.code in ("unknown_key", "missing_key", "bad_type", "bad_value")
        return
    assert set(data) <= set(vars(sheet))
    assert isinstance(sheet.title, str)
    assert isinstance(sheet.height, float)
    assert math.isfinite(sheet.height)
    assert type(sheet.count) is int
    assert type(sheet.on) is bool
    assert sheet.mode in ("loud", "quiet")
    assert all(isinstance(row, Row) and len(row.pair) == 2 for row in (sheet.first, *sheet.rows))


@given(key=st.sampled_from([f.name for f in dataclasses.fields(Sheet)]), place=st.integers(0, 20), letter=words)
def test_a_typo_is_refused_with_the_name_that_was_meant(key: str, place: int, letter: str) -> None:
    if len(key) < 4:
        return
    at = place % len(key)
    typo = key[:at] + "q" + key[at + 1 :]  # one wrong letter
    with pytest.raises(UserError) as refused:
        build(Sheet, {"title": "a", typo: 1}, "sheet.yaml")
    assert str(refused.value) == f"sheet.yaml: key {typo!r} is not known; did you mean {key}."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "sheet: key 'title' is missing; add it."),
        ({"title": 3}, "sheet: title is 3, not str; write a value of type str."),
        ({"title": None}, "sheet: title is None, not str; write a value of type str."),
        ({"title": "a", "count": 2.0}, "sheet: count is 2.0, not int; write a value of type int."),
        ({"title": "a", "count": True}, "sheet: count is True, not int; write a value of type int."),
        ({"title": "a", "count": "4"}, "sheet: count is '4', not int; write a value of type int."),
        ({"title": "a", "height": False}, "sheet: height is False, not float; write a value of type float."),
        ({"title": "a", "height": "tall"}, "sheet: height is 'tall', not float; write a value of type float."),
        ({"title": "a", "height": math.nan}, "sheet: height is nan; write a finite number."),
        ({"title": "a", "height": "-inf"}, "sheet: height is -inf; write a finite number."),
        ({"title": "a", "height": 10**400}, "not float; write a value of type float."),
        ({"title": "a", "on": 1}, "sheet: on is 1, not bool; write a value of type bool."),
        ({"title": "a", "mode": "lout"}, "sheet: mode is 'lout'; did you mean loud."),
        ({"title": "a", "mode": ["loud"]}, "sheet: mode is ['loud']"),
        ({"title": "a", "note": 4}, "sheet: note is 4, not str; write a value of type str."),
        ({"title": "a", "first": 3}, "sheet: first is 3, not a mapping; indent its keys below it."),
        ({"title": "a", "first": {}}, "sheet: first: key 'size' is missing; add it."),
        ({"title": "a", "first": {"siz": 1}}, "sheet: first: key 'siz' is not known; did you mean size."),
        ({"title": "a", "rows": {"size": 1}}, "sheet: rows is {'size': 1}, not a list; write [a, b, …]."),
        ({"title": "a", "rows": [{"size": 1}, {"size": "b"}]}, "sheet: rows[1]: size is 'b', not int"),
        ({"title": "a", "first": {"size": 1, "pair": [1]}}, "sheet: first: pair has 1 entries, not 2"),
        ({"title": "a", "first": {"size": 1, "pair": [1, 2, 3]}}, "sheet: first: pair has 3 entries, not 2"),
        ({"title": "a", "levels": [1, "x"]}, "sheet: levels[1] is 'x', not float"),
        ({"title": "a", 5: 1}, "sheet: key 5 is not known; use one of title, height,"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_the_mend(data: dict[Any, Any], said: str) -> None:
    with pytest.raises(UserError) as refused:
        build(Sheet, data, "sheet")
    assert said in str(refused.value)


def test_numbers_as_yaml_1_1_reads_them(file: Path) -> None:
    file.write_text("title: a\nheight: 1e-3\nlevels: [1, 2.5, -3e4]\n")
    sheet = build(Sheet, load_yaml(file), "sheet")
    assert (sheet.height, sheet.levels) == (1e-3, (1.0, 2.5, -3e4))
    assert all(isinstance(level, float) for level in sheet.levels)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [1, 2", "is not readable YAML"),
        (b"a: b: c", "is not readable YAML"),
        (b"- a\n- b\n", "is not a mapping of names to values; write `name: value` lines"),
        (b"just words", "is not a mapping"),
        (b"\xff\xfe\x00garbage", "is not readable YAML"),
        (b"RIFF\x00\x00\x00\x00WAVE", "is not readable YAML"),
        (b"day: 2020-13-45", "is not readable YAML"),
        (b"a: !!python/object/apply:os.system [ls]", "is not readable YAML"),
        (b"a: " + b"[" * 5000, "is not readable YAML"),
        (b"{[a]: 1}", "is not readable YAML"),
        (b"a: &a\n  b: *a\n", "uses the alias *a"),
        (b"a: &a [1]\nb: {<<: *a}\n", "uses the alias *a"),
        (b"a: 1\nb: 2\na: 3\n", "the key 'a' is in line 1 and again in line 3"),
        (b"top:\n  a: 1\n  'a': 2\n", "the key 'a' is in line 2 and again in line 3"),
        (b"a: 1\n" + b"#" * (1 << 20), "is larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused_in_one_line(file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)
    with pytest.raises(UserError) as refused:
        load_yaml(file)
    assert str(refused.value).startswith(str(file))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.code == "bad_file"


@settings(deadline=None)
@given(content=st.binary(max_size=60) | st.text("ab:-[]{}#&*!|>'\"%@ \n\t0129.", max_size=60).map(str.encode))
def test_any_bytes_are_a_mapping_or_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        data = load_yaml(file)
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert isinstance(data, dict)


def test_a_billion_laughs_are_refused_at_once(file: Path) -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    file.write_text("\n".join(lines))
    begun = time.perf_counter()
    with pytest.raises(UserError, match=r"uses the alias \*a0"):
        load_yaml(file)
    assert time.perf_counter() - begun < 1.0


def test_an_empty_file_is_an_empty_mapping(file: Path) -> None:
    file.write_text("# nothing but a comment\n")
    assert load_yaml(file) == {}


def test_a_missing_file_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yaml does not exist; check the path") as refused:
        load_yaml(tmp_path / "none.yaml")
    assert refused.value.code == "not_found"
    with pytest.raises(UserError, match="is not readable YAML"):
        load_yaml(tmp_path)


def test_the_nearest_word_or_all_of_them() -> None:
    assert nearest("heigth", ["width", "height"]) == "did you mean height"
    assert nearest("zzz", ["width", "height"]) == "use one of width, height"
