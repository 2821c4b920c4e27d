from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ear_engine.shared_memory.slot import SlotReader
from ear_engine.shared_memory.states import (
    AudioState,
    ControlState,
    DreamerState,
    Entry,
    Event,
    StateReader,
    StateWriter,
    Target,
)

# a fresh file an example would be slow: all of them go through one mailbox, as in the engine
one_mailbox = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
finite = st.floats(allow_nan=False, allow_infinity=False)


def _states(kind: type) -> st.SearchStrategy:
    """Any state of ``kind``; its numbers are finite, as JSON wants them."""
    fields: dict[str, st.SearchStrategy] = {f.name: finite for f in dataclasses.fields(kind) if f.type == "float"}
    if kind is ControlState:
        fields["values"] = st.dictionaries(st.text(), st.one_of(st.text(), st.booleans(), st.integers(), finite))
        fields["kept"] = st.lists(_states(Target), max_size=3)
    if kind is AudioState:
        fields["schedule"] = st.lists(_states(Entry), max_size=4)
    return st.builds(kind, **fields)


@pytest.mark.parametrize("kind", [ControlState, AudioState, DreamerState])
@one_mailbox
@given(data=st.data())
def test_a_state_arrives_as_it_was(tmp_path: Path, kind: type, data: st.DataObject) -> None:
    state = data.draw(_states(kind))
    StateWriter(tmp_path, "a").write(state)
    assert StateReader(tmp_path, "a", kind).read() == state


def test_a_reader_sees_changes_and_parses_only_them(tmp_path: Path) -> None:
    reader = StateReader(tmp_path, "control", ControlState)
    assert reader.read() is None
    writer: StateWriter[ControlState] = StateWriter(tmp_path, "control")
    region = Target("encoder_0_conv1", 0.5, 0.1, 20.0, 20000.0, 0.0, 0.0, 1.0)
    first = ControlState(1, {"dream/rate": -18.0}, {}, "source-00000001.ear", 1, [region], "small", 0)
    writer.write(first)
    seen = reader.read()
    assert seen == first
    assert reader.read() is seen
    writer.write(ControlState(2, {}, {}, "", 1, [], "small", 0, stop=True))
    changed = reader.read()
    assert changed is not None and changed.stop and changed.kept == []


def test_a_mailbox_holds_a_full_evening_of_the_largest_state(tmp_path: Path) -> None:
    """Sixty-four kept targets and sixteen long events fit the default capacity with room to spare."""
    region = Target("autoregressive_12", 0.123456789012, 0.123456789012, 20.0, 20000.0, 63.0, 64.0, -2.0)
    values = {f"group_{number}/a_parameter_with_a_long_name": 0.123456789012 for number in range(500)}
    StateWriter(tmp_path, "control").write(
        ControlState(1 << 40, values, {}, "source-00000001.ear", 1, [region] * 64, "/long" * 50, 0)
    )
    event = Event(1, "warning", "code", "A sentence. " * 40)
    layers = [f"autoregressive_{number}" for number in range(64)]
    StateWriter(tmp_path, "dreamer").write(
        DreamerState(1, "running", 0.0, "small", "cpu", layers, 1, 1.0, 1.0, 1, "", 1, 1, 0.0, [event] * 16)
    )
    for name in ("control", "dreamer"):
        found = SlotReader(tmp_path / f"{name}.slot").read()
        assert found is not None and len(found[1]) < (1 << 17) / 2
