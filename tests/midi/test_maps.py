"""Map files: those that ship, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ear_engine.commands.parameters import all_commands
from ear_engine.errors import UserError
from ear_engine.midi.binding import Binding, read_binding
from ear_engine.midi.bindings import MidiBindings
from ear_engine.midi.controls import Control
from ear_engine.midi.learning import Learned
from ear_engine.midi.maps import DeviceMap, list_maps, map_roots, read_map
from ear_engine.parameters import ParameterTree

TREE = ParameterTree()


def written(tmp_path: Path, text: str) -> DeviceMap:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return read_map(path, TREE, {"/ear/preset/recall": None})


def test_the_maps_that_ship_are_right_and_find_their_devices() -> None:
    commands = {command.address: None for command in all_commands(TREE)}
    maps = {found.name: found for found in list_maps(TREE, commands, map_roots()[1:])}
    assert set(maps) == {"bcf2000", "nanokontrol2", "generic_8"}
    assert not [problem for found in maps.values() for problem in found.problems]
    assert maps["bcf2000"].fits("BCF2000:BCF2000 MIDI 1 24:0") and maps["nanokontrol2"].fits("nanoKONTROL2 0")
    assert not maps["generic_8"].fits("BCF2000")


def test_bad_lines_are_named_with_the_nearest_name_and_the_others_work(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        "title: Mine\nprots: [x]\nchannel: 2\ncontrols:\n"
        "  - {cc: 1, to: dream/rate}\n"
        "  - {cc: 2, to: dream/rat}\n"
        "  - {cc: 128, to: dream/rate}\n"
        "  - {cc: 3, too: dream/rate}\n"
        "  - {cc: 4, to: target/name}\n"
        "  - {cc: 5, note: 6, to: dream/rate}\n"
        "  - {cc: 6, call: preset/recal, arguments: [drone]}\n"
        "  - {note: 36, call: preset/recall, arguments: [drone]}\n"
        "  - {cc: 7, to: playback/gain, low: -80}\n"
        "  - 7\n",
    )
    assert [binding.control for binding in found.bindings] == [Control("cc", 2, 1), Control("note", 2, 36)]
    assert len(found.problems) == 9
    for line, word in ((2, "ports"), (6, "dream/rate"), (7, "0 to 127"), (8, "did you mean to"), (9, "values")):
        assert any(f"line {line}" in problem and word in problem for problem in found.problems), (line, word)
    assert any("line 11" in problem and "/ear/preset/recall" in problem for problem in found.problems)


def test_a_file_that_is_no_map_at_all_is_listed_with_its_problem(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("controls: [*a]")
    (tmp_path / "list.yaml").write_text("controls: 7\nports: BCF2000\nchannel: x")
    bad, rows = list_maps(TREE, {}, [tmp_path])
    assert bad.problems and not bad.bindings
    assert len(rows.problems) == 3


def bindings(*maps: DeviceMap) -> MidiBindings:
    return MidiBindings(maps, TREE, {})


def test_what_is_learned_takes_the_control_from_the_map_until_it_is_forgotten() -> None:
    one, two = Control("cc", 1, 1), Control("cc", 1, 2)
    found = bindings(
        DeviceMap("desk", ports=("DESK",), bindings=(Binding(one, "dream/rate"), Binding(two, "dream/pull")))
    )
    found.learn(Learned("DESK 20:0", Binding(one, "tone/tilt")))
    assert [(b.control, b.to) for b in found.of("DESK 24:0")] == [(two, "dream/pull"), (one, "tone/tilt")]
    assert found.of("other") == ()
    assert found.forget("dream/pull") == 0 and found.forget("tone/tilt") == 1
    assert [b.to for b in found.of("DESK 24:0")] == ["dream/rate", "dream/pull"]


def test_a_map_goes_with_the_port_it_was_chosen_for_and_one_without_with_the_rest() -> None:
    found = bindings(DeviceMap("a", ports=("A",)), DeviceMap("b"), DeviceMap("c"))
    found.choose("b")
    found.choose("c", "desk")
    names = [getattr(found.map_of(port), "name", None) for port in ("A 1", "My Desk", "other")]
    assert names == ["a", "c", "b"]
    with pytest.raises(UserError, match="did you mean a"):
        found.choose("aa")


def test_bindings_survive_a_set_and_what_is_wrong_in_one_is_named() -> None:
    found = bindings(DeviceMap("b"))
    found.choose("b", "desk")
    found.learn(Learned("DESK 20:0", Binding(Control("bend", 3), "dream/rate", touch=Control("note", 3, 104))))
    found.learn(
        Learned("DESK 20:0", Binding(Control("cc", 1, 7), "playback/gain", low=-20.0, fine=True, feedback=True))
    )
    data = found.as_data()
    other = bindings(DeviceMap("b"))
    assert other.from_data(data) == []
    assert other.as_data() == data and other.of("DESK 99:0") == found.of("DESK 20:0")
    data["learned"][0]["to"] = "dream/rat"
    problems = other.from_data({**data, "maps": [{"map": "gone"}, 7], "more": 1})
    assert len(problems) == 4 and any("dream/rate" in problem for problem in problems)
    assert len(other.learned) == 1


@given(
    some.dictionaries(
        some.sampled_from(["cc", "note", "bend", "program", "channel", "to", "mode", "low", "step", "values", "touch"]),
        some.one_of(
            some.integers(-200, 200),
            some.sampled_from(["dream/rate", "twos", "all", ""]),
            some.none(),
            some.lists(some.integers()),
        ),
    )
)
def test_whatever_is_in_a_row_it_is_a_binding_or_a_sentence(row: dict[str, object]) -> None:
    try:
        found = read_binding(row, TREE, "row", {})
    except UserError as error:
        assert str(error).startswith("row")
    else:
        assert read_binding(found.as_data(), TREE, "row", {}) == found
