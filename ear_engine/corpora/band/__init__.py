"""Music of this project's own, played by real instruments: every seed is a different piece by a different band.

The scores are dedicated to the public domain (CC0); with a permissively licensed soundfont, so are weights trained on
them free of other licenses than its notice. A seed draws a plan (style, tempo, meter, key), hires a band, composes the
music of each section, arranges it, performs it, and masters the recording.
"""

from ear_engine.corpora.band.plan import BandPlan
from ear_engine.corpora.band.render import TEST_SEEDS, label_band, plan_band, render_band, score_band, write_band
from ear_engine.corpora.band.styles import Style, styles

__all__ = [
    "TEST_SEEDS",
    "BandPlan",
    "Style",
    "label_band",
    "plan_band",
    "render_band",
    "score_band",
    "styles",
    "write_band",
]
