"""The picture's benchmark draws what it says, against references that draw, too."""

from __future__ import annotations

import json

import numpy as np

from ear_engine.benchmarks import view
from tests.viewer.maps import lights, spread


def test_frames_are_measured_against_the_films_renderer_and_against_uploading_all() -> None:
    picture = spread((4, 6), (8, 3))
    ranks = np.random.default_rng(0).random((8, len(picture.index)))
    rows = view.run(1, [view.Subject("tiny", picture, lights(picture, ranks))])
    assert [row.case.rpartition(", against ")[2] for row in rows] == [
        "the films' renderer (neurons alone, 720 x 720)",
        "uploading map and loop for each frame",
    ]
    for row in rows:
        assert row.case.startswith("48 neurons, 18 links, 1280 x 720, ")
        assert (row.part, row.unit) == ("view", "ms")
        assert row.value > 0.0 < row.reference
        assert row.target in (2.0, 16.0)
        assert row.met is (row.value <= row.target)
        json.dumps(vars(row), allow_nan=False)
