"""Music whose every second has a pitch of its own, as a corpus of that name, and statistics that were made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from ear_engine.corpora.catalog import build_named
from ear_engine.ear.statistics import Heard, Statistics
from ear_engine.ear.statistics_file import STATISTICS, hash_weights, write_statistics
from ear_engine.ear_files import WEIGHTS
from tests.corpora.audio import RATE, write
from tests.web.ears import N, statistics

SECONDS = 20
MOMENT = 12.0  # at which every neuron fires, in both recordings
NAMES = ("first piece", "second piece")
SILENT = 5  # a neuron that has never fired


def pitch(recording: int, second: int) -> float:
    """Hz of a second of a recording."""
    return 300.0 + 1000.0 * recording + 20.0 * second


def piece(recording: int, seconds: int = SECONDS) -> NDArray[np.float64]:
    times = np.arange(RATE) / RATE
    level = 0.3 if recording == 0 else 0.05
    return np.concatenate([level * np.sin(2 * np.pi * pitch(recording, s) * times) for s in range(seconds)])


def heard_pitch(audio: NDArray[np.float32], rate: int) -> float:
    """Hz of the strongest frequency."""
    return float(np.abs(np.fft.rfft(audio * np.hanning(len(audio)))).argmax()) * rate / len(audio)


def measured(corpus: str = "music", names: tuple[str, ...] = NAMES) -> Statistics:
    """Every neuron fires in both recordings at ``MOMENT``, the first one more; ``SILENT`` never does."""
    plain = statistics()
    recording = np.full((N, 5), -1, np.int32)
    recording[:, :2] = (0, 1)
    recording[SILENT] = -1
    activation = np.tile(np.array([9.0, 8.0, 0.0, 0.0, 0.0], np.float32), (N, 1))
    return replace(
        plain,
        heard=Heard(corpus, 0.01, 2, 0, names),
        excerpt_recording=recording,
        excerpt_seconds=np.full((N, 5), MOMENT, np.float32),
        excerpt_activation=activation,
    )


class Music:
    """Builds the corpus as often as it is asked."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.store = folder / "data" / "ear-engine" / "corpora" / "music"
        labels = {"first piece.wav": {"author": "Ada", "license": "CC-BY-3.0", "source": "here", "title": "First"}}
        for number, name in enumerate(NAMES):
            write(self.source / f"{name}.wav", piece(number))
        (self.source / "labels.json").write_text(json.dumps(labels))
        self.build()

    def build(self, name: str = "music") -> None:
        build_named(self.source, name, workers=1)


def ear_folder(folder: Path, known: Statistics | None = None) -> Path:
    """The folder of an ear with these statistics; its weights are none of any network."""
    folder.mkdir()
    (folder / "config.yaml").write_text("name: ear\ndescription: has heard nothing\n")
    save_file({"nothing": np.zeros(1, np.float32)}, folder / WEIGHTS)
    known = measured() if known is None else known
    write_statistics(replace(known, weights=hash_weights(folder)), folder / STATISTICS)
    return folder
