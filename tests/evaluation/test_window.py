"""An excerpt is exactly what one c hears, and all of it is there."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from ear_engine.ear.network import EarConfig
from ear_engine.ear.scalogram import Scalogram, ScalogramConfig
from ear_engine.errors import UserError
from ear_engine.evaluation.listeners import untrained
from ear_engine.evaluation.listening import hear
from ear_engine.evaluation.window import MARGIN, measure_span, window_for
from tests.evaluation.music import TINY, tiny_window


def test_the_papers_network_hears_202_frames_in_one_c() -> None:
    span = measure_span(EarConfig())
    assert (span.code, span.context, span.codes) == (22, 202, 46)
    assert measure_span(dataclasses.replace(TINY, pooling="blur")).context > 202
    window = tiny_window()
    assert (window.span, window.heard, window.frames) == (202, 209, 209 + 2 * MARGIN)
    assert window.seconds == pytest.approx(4.69, abs=0.01)


def test_c_depends_on_the_whole_span_and_on_nothing_before_it() -> None:
    ear = untrained(TINY, 3).double()
    generator = torch.Generator().manual_seed(1)
    features = torch.rand(1, 2, 216, 241, generator=generator, dtype=torch.float64).requires_grad_()
    ear.hear(features, circular=False).c[..., -1].sum().backward()
    assert features.grad is not None
    used = features.grad.abs().sum(dim=(0, 1, 2)).nonzero().flatten()
    assert int(used[-1]) == 240
    assert int(used[0]) == 241 - measure_span(TINY).context


def test_more_sound_before_the_window_changes_no_context() -> None:
    ear, window = untrained(TINY, 3), tiny_window()
    more = 32 * window.hop
    audio = 0.1 * torch.randn(2, window.samples + more, generator=torch.Generator().manual_seed(1))
    front = Scalogram(TINY.scalogram)
    with torch.no_grad():
        short, long = (ear.hear(hear(front, sound), circular=False).c[..., -1] for sound in (audio[:, more:], audio))
    assert short.std() > 0
    assert torch.allclose(short, long, rtol=1e-3, atol=1e-3 * float(short.std()))


def test_a_window_serves_all_ears_or_says_why_not() -> None:
    blurred = dataclasses.replace(TINY, pooling="blur")
    assert window_for([TINY, blurred]) == window_for([blurred])
    other = dataclasses.replace(TINY, scalogram=ScalogramConfig(hop=512))
    with pytest.raises(UserError, match="different hops"):
        window_for([TINY, other])
