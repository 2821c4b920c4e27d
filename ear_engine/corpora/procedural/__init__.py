"""Procedural dance and ambient music to train ears on: every seed is a different recording, and the hours are endless.

Written by this project and dedicated to the public domain (CC0), so weights trained on it carry no other license.
A seed draws a plan (style, tempo, key, scale), then a kit of voices, patterns, a form in sections and a mix.
"""

from ear_engine.corpora.procedural.render import TEST_SEEDS, label_track, plan_track, render_track, write_corpus
from ear_engine.corpora.procedural.styles import Style, styles
from ear_engine.corpora.procedural.track import Plan

__all__ = ["TEST_SEEDS", "Plan", "Style", "label_track", "plan_track", "render_track", "styles", "write_corpus"]
