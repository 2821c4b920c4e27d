"""Keeping a performance: begun, ended, refused, and what is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node.recording import Recording
from ear_engine.offline.replaying import play_again
from ear_engine.parameters import ParameterTree
from ear_engine.performance.log_states import LogStates
from ear_engine.performance.naming import ENDED
from ear_engine.performance.reading import Kept, read_performance
from ear_engine.shared_memory.loops import LoopFile, write_loop
from ear_engine.shared_memory.states import AudioState, ControlState, Event
from tests.node.standin import audio_state, options, playing, until
from tests.playback.helpers import noise

Said = list[tuple[str, str, str]]


def recording(tmp_path: Path, state: ControlState | None = None) -> tuple[Recording, ControlLog, Said]:
    said: Said = []
    (tmp_path / "loops").mkdir(exist_ok=True)
    control = ControlLog(ParameterTree(), ear=str(tmp_path / "ear"), seed=7, state=state)
    made = Recording(control, tmp_path, lambda: None, lambda *words: said.append(words), tmp_path / "kept")
    return made, control, said


def ended(made: Recording, folder: Path) -> Kept:
    made.stop("me")
    made.close()
    return read_performance(folder)


def test_every_change_of_the_log_and_the_sources_that_it_names_are_kept(tmp_path: Path) -> None:
    made, control, _ = recording(tmp_path)
    control.apply({"dream/rate": -30.0, "target/depth": 0.2}, "before")
    folder = made.record("friday", "osc")
    control.apply({"dream/rate": -20.0}, "osc")
    control.apply({"target/keep": True}, "osc")
    write_loop(tmp_path / "loops" / "source-00000001.ear", LoopFile(0, noise(500, 1), 44100, 4, source_number=1))
    control.set_source("source-00000001.ear", "node", {"playback/tempo": 90.0})
    control.apply({"target/clear": True}, "osc")
    kept = ended(made, folder)
    assert kept.faults == [] and folder == tmp_path / "kept" / "friday"
    assert [change.origin for change in kept.changes] == ["osc", "osc", "osc", "node", "osc", "me"]
    assert (kept.files["source-00000001.ear"].array("audio") == noise(500, 1)).all()
    states = LogStates(kept)
    begun = states.at(kept.changes[0].number)
    assert begun.values["dream/rate"] == -30.0 and begun.recording == str(folder) and begun.seed == 7
    assert [target.depth for target in states.at(kept.changes[2].number).kept] == [0.2]
    last = states.at(kept.changes[4].number)
    assert (last.source, last.source_number, last.kept) == ("source-00000001.ear", 1, [])
    assert last == replace(control.snapshot(), sequence=last.sequence, recording=str(folder))


@pytest.mark.parametrize("name", ["a/b", "../x", "/etc/x", "~/x", "a\\b", ".hidden", "x" * 300, " x", "a\nb", "C:x"])
def test_names_that_are_more_than_a_name_are_refused(tmp_path: Path, name: str) -> None:
    made, control, _ = recording(tmp_path)
    with pytest.raises(UserError) as refused:
        made.record(name, "osc")
    assert refused.value.code == "bad_name" and control.snapshot().recording == ""
    assert not (tmp_path / "kept").exists()


def test_it_runs_once_ends_once_and_never_replaces_anything(tmp_path: Path) -> None:
    made, _, _ = recording(tmp_path)
    with pytest.raises(UserError, match="not being recorded"):
        made.stop("osc")
    first = made.record("night", "osc")
    with pytest.raises(UserError, match="night") as refused:
        made.record("other", "osc")
    assert refused.value.code == "already_recording"
    made.stop("osc")
    assert made.status() is None
    second = made.record("night", "osc")
    assert (first.name, second.name) == ("night", "night-2")
    assert made.status() is not None
    made.stop("osc")
    assert made.record("", "osc").name[:2] == "20"
    made.close()


def test_where_another_process_cannot_go_on_it_ends_in_a_sentence(tmp_path: Path) -> None:
    made, control, said = recording(tmp_path)
    made.record("night", "osc")
    audio = AudioState(1, "null", "", 44100, 44100, 1024, 0, 0.0, 0.0, 0, [])
    made.look(audio, None)
    assert said == [] and control.snapshot().recording
    made.look(replace(audio, events=[Event(3, "error", ENDED, "No space left on device.")]), None)
    made.look(replace(audio, events=[Event(3, "error", ENDED, "No space left on device.")]), None)
    assert [code for _, code, _ in said] == ["recording_ended"] and control.snapshot().recording == ""
    made.close()


def test_a_node_that_takes_over_goes_on_in_the_same_folder(tmp_path: Path) -> None:
    made, control, _ = recording(tmp_path)
    folder = made.record("night", "osc")
    control.apply({"dream/rate": -20.0}, "osc")
    made.close()  # as far as a file goes whose writer is killed
    again, after, _ = recording(tmp_path, control.snapshot())
    again.open(None)
    after.apply({"dream/rate": -10.0}, "osc")
    kept = ended(again, folder)
    assert kept.faults == []
    assert [change.values.get("dream/rate") for change in kept.changes] == [None, -20.0, -10.0, None]


def test_what_a_whole_engine_plays_is_kept_and_played_again_to_the_bit(tmp_path: Path) -> None:
    folder = tmp_path / "night"

    async def perform() -> None:
        def sounded(seconds: float) -> Callable[[], bool]:
            return lambda: audio_state(node).kept > seconds

        async with playing(options(keep=str(folder))) as (node, _):
            await until(sounded(1.0))
            node.control.apply({"playback/gain": -6.0, "playback/wet": 0.3}, "test")
            await until(sounded(2.5))

    asyncio.run(perform())
    kept = read_performance(folder)
    played, (file,) = play_again(kept, tmp_path / "out.wav")
    assert kept.faults == [] and kept.sounds[0].shut and file.stat().st_size > 2 * 44100 * 8
    assert played.differences == () and played.compared == played.seconds > 2.5
    assert any(change.origin == "test" and change.state["position"] for change in kept.changes)
    assert len(kept.sounds[0].entries) > 1
