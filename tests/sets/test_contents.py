"""Sets as they are written and read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.held_targets import MAX_KEPT, TARGET_FIELDS, Held, target_of
from ear_engine.parameters import Parameter, ParameterTree
from ear_engine.presets import Preset, governs
from ear_engine.setfile import SetFile, read_set
from ear_engine.sets.contents import Contents, all_values, read_contents, set_values
from ear_engine.sets.text import set_text

TREE = ParameterTree()
PRINTABLE = st.characters(categories=("L", "M", "N", "P", "S")) | st.just(" ")


def values_of(row: Parameter) -> st.SearchStrategy[Any]:
    if row.kind == "bool":
        return st.booleans()
    if row.kind == "choice":
        return st.sampled_from(row.choices)
    if row.kind == "text":
        return st.text(PRINTABLE, max_size=min(row.longest, 60))
    if row.kind == "int":
        return st.integers(int(row.low), int(row.high))
    return st.floats(row.low, row.high)


ROWS = [row for row in TREE if row.kind != "trigger" and row.name not in ("source/clip", "model/ear", "playback/run")]
TARGETS = st.fixed_dictionaries({name: values_of(TREE[f"target/{name}"]) for name in TARGET_FIELDS}).map(
    lambda fields: target_of({f"target/{name}": value for name, value in fields.items()})
)
STORABLE = TARGETS.map(lambda target: replace(target, by="layer") if target.by == "morph" else target)
PLAIN = st.recursive(
    st.one_of(st.integers(-(10**6), 10**6), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
    | st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_xyz", min_size=1), inner, max_size=3),
    max_leaves=8,
)
LINES = st.text(PRINTABLE, max_size=50).map(lambda text: f"x{text}y")
PRESETS = st.builds(
    lambda title, text, tilt: Preset("x", title, text, {"tone/tilt": tilt, "target/by": "depth"}),
    LINES,
    LINES,
    st.floats(-12, 12),
)


@st.composite
def contents(draw: st.DrawFn) -> Contents:
    chosen = draw(st.lists(st.sampled_from(ROWS), unique=True, max_size=12))
    values = {**{row.name: row.default for row in TREE if row.kind != "trigger"}}
    values |= {row.name: draw(values_of(row)) for row in chosen}
    presets = draw(st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True), PRESETS, max_size=2))
    return Contents(
        SetFile(
            set_values(values, TREE),
            ear=draw(st.sampled_from([None, "small", "my ear: 2"])),
            clip=draw(st.sampled_from([None, "beat", "Ünusual: 'clip' #1", "007"])),
            seed=draw(st.sampled_from([None, 0, (1 << 63) - 1])),
            version=1,
        ),
        Held(tuple(draw(st.lists(TARGETS, max_size=3))), draw(st.dictionaries(st.sampled_from("ab"), STORABLE))),
        {name: Preset(name, p.title, p.description, p.values) for name, p in presets.items()},
        draw(st.dictionaries(st.sampled_from(["maps", "learned", "more"]), PLAIN)),
    )


@settings(max_examples=40)
@given(contents())
def test_what_is_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, held: Contents) -> None:
    path = tmp_path_factory.mktemp("sets") / "night.yaml"
    path.write_text(set_text(held, TREE, "today"), encoding="utf-8")
    assert read_contents(path, TREE) == held


def test_a_log_that_starts_from_a_set_is_what_it_was(tmp_path: Path) -> None:
    before = ControlLog(ParameterTree())
    before.apply({"target/x": 0.2, "tone/tilt": -1.5, "source/fit": "crop", "playback/tempo": 90.0}, "me")
    before.apply({"target/keep": True, "target/depth": 0.5}, "me")  # the depth by default, and still chosen
    path = tmp_path / "night.yaml"
    plain = SetFile(set_values(before.tree.values, before.tree))
    path.write_text(set_text(Contents(plain, before.held), before.tree, "today"))
    again = ControlLog(ParameterTree())
    read = read_contents(path, again.tree)
    again.apply(read.plain.values, "set")
    again.restore({}, read.held, "set", "set")
    assert (again.tree.values, again.held) == (before.tree.values, before.held)
    other = ControlLog(ParameterTree())
    other.apply({"target/name": "hats", "tone/low": 5.0, "playback/mute": True, "view/latency_ms": 80.0}, "me")
    other.restore(all_values(read.plain, other.tree), read.held, "set", "set")
    stay = {"playback/mute": True, "view/latency_ms": 80.0}
    assert other.tree.values == {**before.tree.values, **stay}


def test_it_reads_like_one_made_by_hand(tmp_path: Path) -> None:
    control = ControlLog(ParameterTree())
    control.apply({"dream/rate": -22, "target/name": "low tones", "rhythm/grid": "off", "dream/run": False}, "me")
    plain = SetFile(set_values(control.tree.values, control.tree), "small", "beat", 7)
    lines = set_text(Contents(plain), control.tree, "2026-01-02 03:04").splitlines()
    assert lines[0] == "# A set of ear-engine 0.1.0, saved 2026-01-02 03:04."
    assert lines[3:] == [
        "version: 1 # of the way sets are written",
        "engine: 0.1.0",
        "ear: small",
        "clip: beat",
        "seed: 7",
        "",
        "dream:",
        "  run: off # Let the dream go on",
        "  rate: -22.0 # Change of the loop in one beat, relative to its loudness (dB)",
        "target:",
        "  by: name # What decides the target",
        "  name: low tones # Words for what shall be heard",
    ]


def written(folder: Path, text: str) -> Path:
    path = folder / "night.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("dream: {rtae: -20}", 1, "did you mean dream/rate"),
        ("clip: dub\nkept: 7", 2, "not a list of targets"),
        ("kept:\n  - {by: depth}\n  - {by: smell}", 3, "has no choice 'smell'"),
        ("kept:\n  - {deep: 1}", 2, "did you mean depth"),
        ("kept:\n  - {depth: 7}", 2, "outside 0 to 1"),
        ("stored:\n  c: {by: layer}", 2, "use a and b"),
        ("stored:\n  a: {by: morph}", 2, "the way between a and b"),
        ("midi: [1]", 1, "not a mapping"),
        ("presets:\n  ../x: {title: a, description: b}", 0, "cannot be the name of a preset"),
        ("presets:\n  x: {description: b}", 2, "title is missing"),
        ("clip_folders: /tmp", 1, "not a list of folders"),
        ("version: new", 1, "not a whole number"),
        (f"kept: [{', '.join(['{by: layer}'] * (MAX_KEPT + 1))}]", 1, "up to 32"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError, match=reason) as refusal:
        read_contents(path, TREE)
    assert not line or f"line {line}" in str(refusal.value)
    lenient = read_contents(path, TREE, lenient=True)
    assert [fault.code for fault in lenient.faults] == [refusal.value.code]


def test_of_a_newer_set_all_is_loaded_that_is_known(tmp_path: Path) -> None:
    text = (
        "version: 7\nhologram: {depth: 1}\ndream: {rate: -25, warp: 1}\nkept: [{depth: 0.25, by: depth}, {by: smell}]"
    )
    found = read_contents(written(tmp_path, text), TREE)
    assert found.plain.values == {"dream/rate": -25.0}
    assert [target.depth for target in found.held.kept] == [0.25]
    assert [fault.code for fault in found.faults] == [
        "newer_set",
        "unknown_parameter",
        "unknown_parameter",
        "bad_value",
    ]


@pytest.mark.parametrize("text", ["a: &x [1]\nb: *x", "- 1", "clip: [", "kept: " + "[" * 300])
def test_what_is_no_set_is_refused_even_leniently(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError):
        read_contents(written(tmp_path, text), TREE, lenient=True)


def test_a_set_with_more_in_it_can_be_dreamed_and_rendered(tmp_path: Path) -> None:
    held = Held((ControlLog(ParameterTree()).target,))
    path = written(tmp_path, set_text(Contents(SetFile({"dream/rate": -20.0}, "small", "dub", 3), held), TREE, "x"))
    assert read_set(path, TREE) == SetFile({"dream/rate": -20.0}, "small", "dub", 3, 1)


def test_every_value_that_presets_govern_is_in_a_set() -> None:
    values = {row.name: row.default for row in TREE if row.kind != "trigger"}
    assert {row.name for row in TREE if governs(row)} <= all_values(SetFile(), TREE).keys()
    assert set_values(values, TREE) == {}


def test_a_folder_of_nobody_is_a_folder_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_text("clip_folders: ['~nobody-is-called-so/loops']\n")
    assert read_contents(path, TREE).clip_folders == (Path("~nobody-is-called-so/loops"),)
