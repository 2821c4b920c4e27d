"""In a real window: A plays the music of the neuron under the pointer, Esc ends it. Beside a real engine and ear."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.corpora.build import build_corpus
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.osc.place import Place
from ear_engine.viewer.app import App, ViewOptions
from tests.corpora.audio import sine, write
from tests.viewer.screen import EngineProcess, screen, wait_for, xdo

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def heard_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[str]]:
    """A neuron of the ear that ships, and its recordings, of which the first two are in a store here."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    known = load_statistics(find_ear("small").path)
    assert known is not None
    number = known.index["encoder_3_conv1"].offset + 7
    hits = known.describe(number).excerpts
    for hit in hits[:2]:
        write(tmp_path / "source" / f"{hit.recording}.wav", sine(440.0, hit.seconds + 1.0))
    store = tmp_path / "data" / "ear-engine" / "corpora" / known.heard.corpus
    build_corpus(tmp_path / "source", store, name=known.heard.corpus, workers=1)
    return number, [hit.recording for hit in hits]


@pytest.fixture
def engine(heard_by: tuple[int, list[str]], tmp_path: Path) -> Iterator[EngineProcess]:
    made = EngineProcess("--ear", "small", "--optimizer.steps_per_loop", "4", "--record", str(tmp_path / "take.wav"))
    yield made
    made.kill()


def test_a_plays_what_excites_the_neuron_under_the_pointer(
    heard_by: tuple[int, list[str]], engine: EngineProcess, tmp_path: Path
) -> None:
    number, recordings = heard_by
    with screen():
        app = App(ViewOptions(Place("127.0.0.1", engine.port)))
        app.start()
        try:

            def told() -> str:
                audition = app.client.snapshot().audition
                return "" if audition is None else audition.text

            def press(key: str) -> None:
                xdo("key", key)
                for _ in range(4):
                    app.step()

            xdo("mousemove", 640, 30)
            wait_for(lambda: app.stage.picture is not None and app.client.snapshot().loops, app.step, 60.0)
            app.step()
            press("a")
            assert told() == "" and app.hovered == -1
            assert app.stage.picture is not None
            xdo("mousemove", *map(round, app.stage.camera.to_screen(app.stage.picture.positions[number])))
            wait_for(lambda: app.hovered >= 0 and app.asker.answered.words_for == app.hovered, app.step, 10.0)
            if app.hovered != number:
                pytest.fail(f"{app.hovered} lies over {number}: choose another neuron for this test")
            assert any(recordings[0] in line for line in app.asker.answered.words)
            for which in (1, 2):
                press("a")
                wait_for(lambda which=which: f"excerpt {which} of" in told(), app.step, 10.0)
                assert recordings[which - 1] in told()
            began = time.perf_counter()
            wait_for(lambda: time.perf_counter() > began + 1.5, app.step)
            press("a")
            wait_for(lambda: "is not in it any more" in told(), app.step, 10.0)  # the third is in no store
            press("a")
            press("a")
            press("a")
            wait_for(lambda: "excerpt 1 of" in told(), app.step, 10.0)
            assert app.auditioning(app.client.snapshot().audition.at)  # type: ignore[union-attr]
            press("Escape")
            assert told() == "" and not app.window.fullscreen
        finally:
            app.close()
    wait_for(lambda: (tmp_path / "take.wav").exists(), lambda: None, 5.0)
    heard, _ = soundfile.read(tmp_path / "take.wav", dtype="float32")
    blocks = heard[: len(heard) // 11025 * 11025, 0].reshape(-1, 11025)
    spectra = np.abs(np.fft.rfft(blocks * np.hanning(11025), axis=1))
    assert (np.abs(spectra.argmax(axis=1) * 4.0 - 440.0) <= 4.0).sum() >= 2  # quarters of a second: it was heard
