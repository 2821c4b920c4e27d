"""How a dream finds a first sound when there is only silence: a few long steps before anything is heard."""

from __future__ import annotations

from dataclasses import replace

from ear_engine.optimization.settings import DreamSettings

FIRST_STEPS = 8  # steps that find a first sound,
FIRST_BEATS = 0.5  # each as long as this many beats,
_FIRST_RATE = 0.0  # at this many dB a beat,
_FIRST_COPIES = 8  # heard in each: what one copy begins sounds at the frame rate, and reshaping would keep it so
_FIRST_RESHAPE = 0.4  # at most


def first_settings(settings: DreamSettings) -> DreamSettings:
    """Those of the first steps, if ``settings`` are those of the steps after them."""
    copies = max(_FIRST_COPIES, settings.batch_size)
    reshape = min(_FIRST_RESHAPE, settings.reshape)
    return replace(settings, rate=_FIRST_RATE, batch_size=copies, reshape=reshape)
