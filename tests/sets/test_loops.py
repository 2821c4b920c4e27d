"""Loops of a session's memory that a set names: kept as clips, or left out with a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ear_engine.clip import Clip
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.held_targets import Held
from ear_engine.parameters import ParameterTree
from ear_engine.setfile import SetFile
from ear_engine.sets.contents import read_contents
from ear_engine.sets.loops import keep_loop, names_in, renamed
from ear_engine.sources.library import ClipLibrary

TREE = ParameterTree()
TARGET = ControlLog(ParameterTree()).target


def noise(samples: int, beats: int = 4) -> Clip:
    audio = np.random.default_rng(1).uniform(-0.5, 0.5, (2, samples)).astype(np.float32)
    return Clip("memory:3", audio, 44100, beats, "given")


def test_a_loop_that_is_kept_is_a_clip_of_the_same_samples_and_beats(tmp_path: Path) -> None:
    clip = noise(88201)
    name = keep_loop(clip, tmp_path)
    assert keep_loop(clip, tmp_path) == name and keep_loop(noise(88201, 2), tmp_path) != name
    again = ClipLibrary((tmp_path,)).load(name)
    assert again.beats == 4 and np.array_equal(again.audio, clip.audio)


def test_one_that_no_clip_could_be_is_written_twice_or_is_silence(tmp_path: Path) -> None:
    short = noise(8820, 1)
    again = ClipLibrary((tmp_path,)).load(keep_loop(short, tmp_path))
    assert again.beats == 2 and np.array_equal(again.audio, np.tile(short.audio, (1, 2)))
    assert keep_loop(replace(short, audio=np.zeros_like(short.audio)), tmp_path) == "silence"


def test_a_folder_that_takes_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "heard").write_text("")
    with pytest.raises(UserError, match="heard"):
        keep_loop(noise(44100), tmp_path)


def test_every_place_that_names_a_clip_is_renamed() -> None:
    aimed = {"target/imprint": "memory:3", "target/objective": "likeness('memory:5') - likeness(\"memory:50\")"}
    kept, stored = replace(TARGET, by="imprint", imprint="memory:7"), replace(TARGET, objective="likeness('memory:3')")
    plain, held = SetFile(aimed, clip="memory:3"), Held((kept,), {"a": stored})
    assert names_in(plain, held) == {"memory:3", "memory:5", "memory:50", "memory:7"}
    plain, held = renamed(plain, held, {"memory:3": "x", "memory:5": "y", "memory:7": "z"})
    assert plain.clip == "x"
    assert plain.values == {"target/imprint": "x", "target/objective": "likeness('y') - likeness(\"memory:50\")"}
    assert (held.kept[0].imprint, held.stored["a"].objective) == ("z", "likeness('x')")


def test_a_set_that_names_a_loop_of_another_session_is_read_without_it(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(
        "clip: memory:3\ntone: {tilt: -9.5}\ntarget: {by: imprint, imprint: 'memory:5', depth: 0.25}\n"
        "kept: [{by: imprint, imprint: 'memory:7'}, {by: depth, depth: 0.5}]\n"
        "stored: {a: {by: imprint, imprint: dub}}\n"
    )
    found = read_contents(path, TREE)
    assert found.plain.clip is None and found.plain.values == {"tone/tilt": -9.5, "target/depth": 0.25}
    assert [one.by for one in found.held.kept] == ["depth"] and found.held.stored["a"].imprint == "dub"
    assert [str(fault) for fault in found.faults] == [
        f"{path}: clip 'memory:{n}' is a loop of the session that saved the set; "
        "choose the clip again and save the set."
        for n in (3, 5, 7)
    ]
