from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ear_engine.corpora.procedural import write_corpus
from ear_engine.training.corpus import Corpus, open_corpus


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors on a busy machine: threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of seven short pieces of procedural music."""
    folder = tmp_path_factory.mktemp("music")
    write_corpus(folder, 7, 4.6, 1)
    return folder


@pytest.fixture(scope="session")
def corpus(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return open_corpus(music, tmp_path_factory.mktemp("cache"), excerpt=44100)
