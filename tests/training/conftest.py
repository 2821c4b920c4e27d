"""Seven short pieces of procedural music, as a folder and as a corpus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ear_engine.corpora.build import build_corpus
from ear_engine.corpora.corpus import Corpus
from ear_engine.corpora.procedural import write_corpus


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors on a busy machine: threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than a tiny training."""
    monkeypatch.setattr("ear_engine.training.curves.draw_curve", lambda source, target: None)


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of FLAC files, 4.6 s each."""
    folder = tmp_path_factory.mktemp("music")
    write_corpus(folder, 7, 4.6, 1, workers=1)
    return folder


@pytest.fixture(scope="session")
def corpus(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """That folder as a corpus: five recordings train, two validate."""
    return build_corpus(music, tmp_path_factory.mktemp("store"), name="tiny", validation_share=0.3, workers=1)
