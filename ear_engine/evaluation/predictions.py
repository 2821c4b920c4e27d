"""What an ear's own predictions say about which excerpt follows: no classifier, nothing trained."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.network import Ear
from ear_engine.ear.scalogram import Scalogram
from ear_engine.evaluation.follows import GAP
from ear_engine.evaluation.listening import Report, batches, hear
from ear_engine.evaluation.study import Study


@torch.no_grad()
def predicted_chances(
    ear: Ear, study: Study, *, device: str = "cpu", batch: int = 16, threads: int = 2, report: Report | None = None
) -> NDArray[np.float32]:
    """Probabilities of a study of pairs by the ear's scores, (pairs, 2); only which is larger means something.

    The score of an excerpt is the mean over the predicted codes, from the context that ends the first excerpt, of what
    the training loss compares: ``z_k M_k c``, or its cosine. Codes hear nothing from before their own excerpt.
    """
    assert study.pairs is not None
    listening = ear.fused().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    front = Scalogram(ear.config.scalogram)
    steps = torch.arange(ear.config.skip + 1, ear.config.skip + 1 + ear.config.predictions) - GAP
    predictions, codes = list[Tensor](), list[Tensor]()
    done = 0
    for audio in batches(study.excerpts, batch, threads):
        features = hear(front, audio.to(device)).contiguous(memory_format=torch.channels_last)
        heard = listening.hear(features, circular=False)
        known = (steps >= 0) & (steps < heard.z.shape[-1])
        predicted = listening.predict(heard.c[..., -1])[:, known.to(device)]
        true = heard.z[..., steps[known].to(device)].transpose(1, 2)
        predicted, true = listening.scorable(predicted, true)
        predictions.append(predicted.half().cpu())
        codes.append(true.half().cpu())
        done += len(audio)
        if report is not None:
            report("predicting", done, len(study.excerpts))
    everything, found = torch.cat(predictions), torch.cat(codes)
    scores = []
    for candidates in (study.pairs.following, study.pairs.other):
        rows = zip(study.pairs.first.tolist(), candidates.tolist(), strict=True)
        scores.append([float((everything[a].float() * found[b].float()).sum(-1).mean()) for a, b in rows])
    true_score, other_score = np.array(scores, np.float64)
    margin = np.clip(true_score - other_score, -30, 30)
    right = 1.0 / (1.0 + np.exp(-margin))
    chances = np.stack([1.0 - right, right], axis=1)
    chances[study.labels == 0] = chances[study.labels == 0][:, ::-1]
    return np.asarray(chances, np.float32)
