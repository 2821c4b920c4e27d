"""The target over HTTP: which neurons count, by its number; nothing twice."""

from __future__ import annotations

import json

import numpy as np

from ear_engine.targets.resolve import Resolver
from ear_engine.targets.taken import taken
from ear_engine.web.blocks import read_block
from ear_engine.web.target import AimNow
from tests.targets.ears import target
from tests.web.ears import N
from tests.web.serving import Stage


def aim(stage: Stage, number: int, numbers: str) -> AimNow:
    assert stage.facts is not None
    terms = Resolver(stage.facts).resolve((target(by="neurons", neurons=numbers),), 8.0)
    return AimNow(number, "neurons", terms, stage.facts)


def test_what_counts_is_a_byte_a_neuron(stage: Stage) -> None:
    stage.aim = aim(stage, 7, "216-219, 300")
    got = stage.ask("/target")
    about, values = read_block(got.body)
    assert (about["number"], about["by"], about["neurons"]) == (7, "neurons", 5)
    assert values.dtype == np.uint8 and values.shape == (1, N)
    assert np.flatnonzero(values[0]).tolist() == [216, 217, 218, 219, 300] and values.max() == 255
    assert np.array_equal(values[0], np.ceil(255 * taken(stage.aim.terms, stage.aim.facts)))


def test_what_is_known_already_is_not_sent_again(stage: Stage) -> None:
    stage.aim = aim(stage, 1, "216")
    tag = stage.ask("/target").headers["etag"]
    again = stage.ask("/target", headers={"If-None-Match": tag})
    assert again.status == 304 and not again.body
    stage.aim = aim(stage, 2, "217")
    fresh = stage.ask("/target", headers={"If-None-Match": tag})
    assert fresh.status == 200 and fresh.headers["etag"] != tag
    assert np.flatnonzero(read_block(fresh.body)[1]).tolist() == [217]


def test_before_the_ear_is_known_it_says_so(stage: Stage) -> None:
    got = stage.ask("/target")
    assert got.status == 503 and json.loads(got.body)["error"] == "not_ready"


def test_an_aim_that_takes_in_no_neuron_is_dark(stage: Stage) -> None:
    assert stage.facts is not None
    stage.aim = AimNow(3, "objective", (), stage.facts)
    about, values = read_block(stage.ask("/target").body)
    assert about["neurons"] == 0 and not values.any()
