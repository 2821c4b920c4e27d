"""Excerpts over HTTP: what they are, whom to thank, how they sound, and what is said when they are not there."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.targets.facts import make_facts
from tests.audition.music import MOMENT, NAMES, SILENT, Music, heard_pitch, measured, pitch
from tests.corpora.audio import RATE
from tests.osc.synthetic import Session
from tests.web.ears import INDEX, facts
from tests.web.serving import Got, Stage, serving


@pytest.fixture
def stage(music: Music, tmp_path: Path) -> Iterator[Stage]:
    session = Session(tmp_path)
    with serving(session.folder, make_facts(INDEX, {}, measured())) as made:
        yield made
    session.close()


def refused(got: Got, status: int, code: str) -> str:
    said = json.loads(got.body)
    assert (got.status, said["error"]) == (status, code)
    return str(said["message"])


def test_they_say_what_they_are_and_whom_to_thank(stage: Stage) -> None:
    got = stage.ask("/neurons/7/excerpts")
    about = json.loads(got.body)
    assert got.status == 200 and (about["neuron"], about["corpus"]) == (7, "music")
    first, second = about["excerpts"]
    assert first == {
        "which": 1,
        "corpus": "music",
        "recording": NAMES[0],
        "seconds": MOMENT,
        "activation": 9.0,
        "wav": "/neurons/7/excerpts/1.wav",
        "begins": MOMENT - 3.0,
        "length": 4.0,
        "title": "First",
        "author": "Ada",
        "license": "CC-BY-3.0",
        "source": "here",
    }
    assert second["recording"] == NAMES[1] and "license" not in second
    assert json.loads(stage.ask(f"/neurons/{SILENT}/excerpts").body)["excerpts"] == []


@pytest.mark.parametrize("which", [1, 2])
def test_each_is_a_wav_file(stage: Stage, which: int) -> None:
    rows = json.loads(stage.ask("/neurons/7/excerpts").body)["excerpts"]
    got = stage.ask(rows[which - 1]["wav"])
    assert got.status == 200 and got.headers["content-type"] == "audio/wav"
    audio, rate = soundfile.read(io.BytesIO(got.body), dtype="float32")
    assert (rate, audio.shape) == (RATE, (4 * RATE, 2)) and np.array_equal(audio[:, 0], audio[:, 1])
    assert heard_pitch(audio[3 * RATE :, 0], rate) == pytest.approx(pitch(which - 1, 12), abs=1.0)


def test_what_is_not_there_is_said(stage: Stage, music: Music) -> None:
    assert "1 to 2" in refused(stage.ask("/neurons/7/excerpts/3.wav"), 404, "out_of_range")
    refused(stage.ask("/neurons/7/excerpts/0.wav"), 404, "out_of_range")
    refused(stage.ask(f"/neurons/{SILENT}/excerpts/1.wav"), 404, "no_excerpts")
    refused(stage.ask("/neurons/99999999/excerpts"), 404, "out_of_range")
    refused(stage.ask("/neurons/99999999/excerpts/1.wav"), 404, "out_of_range")
    for path in ("/neurons/x/excerpts", "/neurons/7/excerpts/x.wav", "/neurons/7/excerpts/../../etc/passwd"):
        refused(stage.ask(path), 404, "not_found")
    assert stage.ask("/neurons/7/excerpts", "POST").status == 405
    shutil.rmtree(music.store)
    row = json.loads(stage.ask("/neurons/7/excerpts").body)["excerpts"][0]
    assert row["recording"] == NAMES[0] and "ear-engine corpus build" in row["problem"]
    assert "ear-engine corpus build" in refused(stage.ask("/neurons/7/excerpts/1.wav"), 404, "not_built")


def test_without_statistics_or_an_ear_there_are_none(stage: Stage) -> None:
    stage.facts = facts(known=False)
    assert "ear-engine statistics" in refused(stage.ask("/neurons/7/excerpts"), 404, "no_statistics")
    refused(stage.ask("/neurons/7/excerpts/1.wav"), 404, "no_statistics")
    stage.facts = None
    refused(stage.ask("/neurons/7/excerpts"), 503, "not_ready")
