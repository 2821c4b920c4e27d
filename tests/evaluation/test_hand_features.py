"""Hand-made features say what they are named after."""

from __future__ import annotations

import numpy as np
import torch

from ear_engine.ear.scalogram import Scalogram, ScalogramConfig
from ear_engine.evaluation.hand_features import CEPSTRA, LAGS, cepstra, moments, rhythm_and_chroma

CONFIG = ScalogramConfig()
SAMPLES = 202 * 1024


def amplitude(audio: np.ndarray[tuple[int], np.dtype[np.float64]]) -> torch.Tensor:
    sound = torch.from_numpy(audio.astype(np.float32))[None]
    return Scalogram(CONFIG)(sound, circular=True, frames=202)[:, 0]


def test_moments_are_mean_and_deviation_in_time() -> None:
    values = torch.tensor([[[1.0, 3.0], [2.0, 2.0]]])
    assert moments(values).tolist() == [[2.0, 2.0, 1.0, 0.0]]


def test_a_louder_sound_moves_the_first_cepstrum_alone() -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, SAMPLES)
    loud, soft = cepstra(amplitude(noise))[0], cepstra(amplitude(0.1 * noise))[0]
    change = (loud - soft).abs()
    assert len(loud) == 3 * CEPSTRA
    assert change[0] > 100 * change[1:].max()


def test_chroma_finds_the_pitch_class_of_a_tone_in_every_octave() -> None:
    for pitch, octave in ((0, 4), (4, 5), (9, 3)):  # C, E, A
        frequency = 440.0 * 2.0 ** ((pitch - 9) / 12 + octave - 4)
        tone = 0.3 * np.sin(2 * np.pi * frequency / 44100 * np.arange(SAMPLES))
        features = rhythm_and_chroma(amplitude(tone), CONFIG)[0]
        chroma = features[-36:-24]
        assert int(chroma.argmax()) == pitch
        assert chroma.sum() > 0.99


def test_the_autocorrelation_of_onsets_peaks_at_the_beat() -> None:
    beat = 20  # frames
    clicks = np.zeros(SAMPLES)
    clicks[:: beat * 1024] = 0.9
    correlation = rhythm_and_chroma(amplitude(clicks), CONFIG)[0][: 3 * LAGS].reshape(3, LAGS)
    assert (correlation[:, 4:30].argmax(dim=1) + 5).tolist() == [beat] * 3
