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
    head = "48 neurons, 18 links, 1280 x 720, "
    assert all(row.case.startswith(head) for row in rows)
    assert [row.case.rpartition(": a frame")[2] for row in rows] == [
        ", against the films' renderer (neurons alone, 720 x 720)",
        ", against uploading map and loop for each frame",
        " while the camera moves",
        " with the console open, against the map alone between its panels",
    ]
    for row, target in zip(rows, ({2.0, 16.0}, {2.0, 16.0}, {None}, {25.0}), strict=True):
        assert (row.part, row.unit) == ("view", "ms")
        assert row.value > 0.0
        assert row.target in target
        assert row.met is (None if row.target is None else row.value <= row.target)
        json.dumps(vars(row), allow_nan=False)
    assert all(row.reference > 0.0 for row in rows if row.target is not None)
