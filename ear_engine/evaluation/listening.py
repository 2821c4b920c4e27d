"""Listening: every listener hears every excerpt once, on any torch device, while threads read and change the audio."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.scalogram import Scalogram, ScalogramConfig
from ear_engine.evaluation.cache import Arrays, Cache, code_digest
from ear_engine.evaluation.excerpts import ExcerptSet
from ear_engine.evaluation.listeners import Listener
from ear_engine.evaluation.window import MARGIN

Report = Callable[[str, int, int], None]
"""Called with (what, done, all)."""
_CODE = ("evaluation/hand_features.py", "evaluation/listeners.py", "evaluation/changes.py")


def feature_file(cache: Cache, listener: Listener, excerpts: ExcerptSet) -> Path:
    """Where the features of these excerpts lie."""
    return cache.path("features", listener.digest, excerpts.digest, code_digest(*_CODE))


def listen(
    listeners: Sequence[Listener],
    sets: Sequence[ExcerptSet],
    cache: Cache,
    *,
    device: str = "cpu",
    batch: int = 16,
    threads: int = 2,
    report: Report | None = None,
) -> None:
    """Put the features of all sets into the cache, where they are not yet.

    Args:
        listeners: each hears through its own scalogram; those with equal ones share it.
        sets: what to hear.
        cache: takes (excerpts, dimension) float32 arrays, one file for each listener and set.
        device: of torch.
        batch: excerpts at once.
        threads: that read audio.
        report: of progress.
    """
    work = []
    for excerpts in sets:
        missing = [one for one in listeners if not cache.has(feature_file(cache, one, excerpts))]
        work += [(excerpts, missing)] if missing else []
    total = sum(len(excerpts) for excerpts, _ in work)
    done = 0
    for listener in {id(one): one for _, missing in work for one in missing}.values():
        listener.to(device)
    fronts = {config: Scalogram(config) for config in {one.scalogram for _, missing in work for one in missing}}
    for excerpts, missing in work:
        collected: list[dict[str, list[NDArray[np.float32]]]] = [{} for _ in missing]
        for audio in batches(excerpts, batch, threads):
            sound = audio.to(device)
            heard = {config: hear(fronts[config], sound) for config in {one.scalogram for one in missing}}
            for listener, parts in zip(missing, collected, strict=True):
                for name, values in listener.parts(heard[listener.scalogram]).items():
                    parts.setdefault(name, []).append(values.float().cpu().numpy())
            done += len(audio)
            if report is not None:
                report("listening", done, total)
        for listener, parts in zip(missing, collected, strict=True):
            arrays: Arrays = {name: np.concatenate(values) for name, values in parts.items()}
            cache.write(feature_file(cache, listener, excerpts), arrays)


@torch.no_grad()
def hear(front: Scalogram, audio: Tensor) -> Tensor:
    """Scalogram of windows as music, not as loops: (batch, window samples) to (batch, 2, bins, heard frames)."""
    config: ScalogramConfig = front.config
    features: Tensor = front(audio, circular=True, frames=audio.shape[-1] // config.hop)
    return features[..., MARGIN:-MARGIN].contiguous()


def batches(excerpts: ExcerptSet, batch: int, threads: int) -> Iterator[Tensor]:
    """Audio of all excerpts in order, (batch, window samples); the next batch is read while one is in use."""
    with ThreadPoolExecutor(max(1, threads)) as pool:
        starts = range(0, len(excerpts), batch)

        def begin(at: int) -> Iterator[NDArray[np.float32]]:
            return pool.map(excerpts.audio, range(at, min(at + batch, len(excerpts))))

        ahead = [begin(at) for at in starts[:2]]
        for number in range(len(starts)):
            current = ahead.pop(0)
            if number + 2 < len(starts):
                ahead.append(begin(starts[number + 2]))
            yield torch.from_numpy(np.stack(list(current)))
