from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.parameters import Parameter, ParameterTree

TABLE = list(ParameterTree())
NUMERIC = [row for row in TABLE if row.numeric]
every_row = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)


@every_row
def test_a_row_is_well_formed(row: Parameter) -> None:
    segments = row.name.split("/")
    assert len(segments) == 2
    assert all(re.fullmatch(r"[a-z0-9_]+", segment) and not segment.isdigit() for segment in segments)
    assert row.description.endswith(".") and row.description[0].isupper()
    assert (row.kind == "choice") == bool(row.choices)
    if row.numeric:
        assert row.low < row.high
        assert row.zero is None or row.zero < row.low
        assert row.curve == "linear" or row.low > 0


@every_row
def test_the_default_is_a_value_of_the_row(row: Parameter) -> None:
    if row.kind != "trigger":
        assert row.check(row.default) == row.default
        assert type(row.check(row.default)) is type(row.default)


def test_names_and_addresses_are_unique_and_norm_is_no_group() -> None:
    assert len({row.address for row in TABLE} | {row.norm_address for row in TABLE}) == 2 * len(TABLE)
    assert "norm" not in {row.group for row in TABLE}


@given(st.sampled_from(NUMERIC), st.floats(0, 1))
def test_a_position_survives_the_way_to_the_value_and_back(row: Parameter, position: float) -> None:
    value = row.denormalize(position)
    assert row.low <= float(value) <= row.high or math.isclose(float(value), row.high)
    assert row.check(value) == pytest.approx(value)
    if row.kind == "float":
        assert row.normalize(value) == pytest.approx(position, abs=1e-9)
    else:
        assert row.denormalize(row.normalize(value)) == value


@given(st.sampled_from(NUMERIC), st.floats(0, 1), st.floats(0, 1))
def test_a_fader_never_turns_back(row: Parameter, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert float(row.denormalize(low)) <= float(row.denormalize(high))


@given(st.sampled_from(NUMERIC), st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_numbers_end_up_in_the_range(row: Parameter, raw: float) -> None:
    value = float(row.check(raw))
    assert row.low <= value <= row.high or value == row.zero


@given(
    st.sampled_from(TABLE),
    st.one_of(
        st.none(),
        st.text(),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.binary(),
        st.lists(st.integers(), max_size=2),
    ),
)
def test_anything_at_all_is_taken_or_refused_in_one_sentence(row: Parameter, raw: object) -> None:
    try:
        value = row.check(raw)
    except UserError as error:
        assert error.subject == row.name
        assert error.code in ("bad_type", "bad_value", "out_of_range")
    else:
        assert type(value) in (float, int, bool, str)
        assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("dream/rate", "-12", -12.0),
        ("dream/rate", 3, -6.0),
        ("dream/pull", 0, 0.0),
        ("dream/pull", 0.1, 0.25),
        ("dream/run", "off", False),
        ("dream/run", 2.0, True),
        ("optimizer/batch_size", 2.6, 3),
        ("optimizer/steps_per_loop", 0, 0),
        ("playback/quantize", "bar", "bar"),
        ("source/reset", 0, False),
        ("source/reset", 1.0, True),
    ],
)
def test_what_clients_send_becomes_the_declared_type(name: str, raw: object, value: object) -> None:
    checked = ParameterTree()[name].check(raw)
    assert checked == value
    assert type(checked) is type(value)


@pytest.mark.parametrize(
    ("name", "raw", "code", "sentence"),
    [
        ("dream/rate", "loud", "bad_type", "takes a number, not 'loud'; send -60 to -6 dB."),
        ("dream/rate", math.nan, "bad_value", "takes finite numbers, not nan"),
        pytest.param("dream/rate", 10**400, "bad_value", "takes finite numbers, not inf", id="huge"),
        ("dream/pull", None, "bad_type", "send 0.25 to 256 beats (or 0 for off)"),
        ("playback/quantize", "bear", "bad_value", "has no choice 'bear'; use one of half, beat, bar, loop"),
        ("playback/quantize", 1, "bad_type", "takes text, not 1"),
        ("target/name", 7, "bad_type", "takes text, not 7; send a word."),
    ],
)
def test_what_cannot_be_meant_is_refused(name: str, raw: object, code: str, sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)) as caught:
        ParameterTree()[name].check(raw)
    assert caught.value.code == code


@pytest.mark.parametrize(("clip", "below", "above"), [("low", 0.0, None), ("high", None, 1.0), ("none", None, None)])
def test_an_end_that_does_not_clip_refuses(clip: str, below: float | None, above: float | None) -> None:
    row = Parameter("a/b", "float", 0.5, "A row.", clip=clip)  # type: ignore[arg-type]
    for raw, expected in ((-1, below), (2, above)):
        if expected is None:
            with pytest.raises(UserError, match="send 0 to 1") as caught:
                row.check(raw)
            assert caught.value.code == "out_of_range"
        else:
            assert row.check(raw) == expected


def test_the_tree_holds_the_defaults_and_no_triggers() -> None:
    tree = ParameterTree()
    assert tree.values["dream/rate"] == -18.0
    assert "source/reset" in tree and "source/reset" not in tree.values


def test_an_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(UserError, match=r"parameter 'dream/rat' does not exist; did you mean dream/rate") as caught:
        ParameterTree()["dream/rat"]
    assert caught.value.code == "unknown_parameter"


def test_a_set_is_checked_whole_and_stores_nothing() -> None:
    tree = ParameterTree()
    assert tree.check_all({"dream/rate": "-30", "dream/run": 0}) == {"dream/rate": -30.0, "dream/run": False}
    assert tree.values["dream/rate"] == -18.0
    with pytest.raises(UserError, match="did you mean dream/run"):
        tree.check_all({"dream/rate": -30, "dream/runn": 0})


def test_what_the_node_imports_is_light() -> None:
    """The node must answer whatever the ear, the sound card or the window do, so it never loads their libraries."""
    package = Path(__file__).parent.parent / "ear_engine"
    paths = [package / f"{name}.py" for name in ("cli", "control", "plugins", "reference", "resources", "platform")]
    paths += [
        path for folder in ("node", "osc", "shared_memory", "web") for path in sorted(package.glob(f"{folder}/*.py"))
    ]
    assert package / "node" / "__init__.py" in paths
    modules = [".".join(path.relative_to(package.parent).with_suffix("").parts) for path in paths]
    script = (
        "import importlib, sys\n"
        f"for module in {modules}:\n"
        "    importlib.import_module(module)\n"
        "    for heavy in {'torch', 'pyo', 'moderngl', 'glfw', 'OpenGL'} & set(sys.modules):\n"
        "        sys.exit(f'{module} imports {heavy}')\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
