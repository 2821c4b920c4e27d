"""What commands that dream without playing are asked for."""

from __future__ import annotations

import argparse
from pathlib import Path

from ear_engine.commands.options import typed_parameters
from ear_engine.offline.request import Request, effective
from ear_engine.parameters import ParameterTree, Value
from ear_engine.score import Score, read_scored_set
from ear_engine.setfile import SetFile, overlay, read_set


def dream_request(typed: argparse.Namespace) -> Request:
    """What a command that dreams without playing was asked for: what is typed, over the set file, over the defaults.

    Raises:
        UserError: the set file or a value cannot be used.
    """
    tree = ParameterTree()
    chosen = SetFile() if typed.set is None else read_set(Path(typed.set).expanduser(), tree)
    return _request(typed, chosen, tree)


def scored_request(typed: argparse.Namespace) -> tuple[Request, Score]:
    """The same, and the score that the set file has.

    Raises:
        UserError: the set file, its score or a value cannot be used.
    """
    tree = ParameterTree()
    if typed.set is None:
        return _request(typed, SetFile(), tree, film=True), ()
    chosen, score = read_scored_set(Path(typed.set).expanduser(), tree)
    return _request(typed, chosen, tree, film=True), score


def _request(typed: argparse.Namespace, chosen: SetFile, tree: ParameterTree, film: bool = False) -> Request:
    own = typed_parameters(typed, tree)
    clip = own.pop("source/clip", None)
    both: dict[str, Value] = overlay(chosen.values, own, tree)
    fit = both.get("source/fit", tree["source/fit"].default)
    seed = typed.seed if typed.seed is not None else chosen.seed
    usual = Request()
    return Request(
        ear=typed.ear or chosen.ear or usual.ear,
        clip=str(typed.clip or clip or chosen.clip or usual.clip),
        target=typed.target,
        beats=getattr(typed, "beats", usual.beats),
        steps=typed.steps,
        preset=typed.preset or "",
        values={**effective(both, tree, fit, film), **own},
        seed=seed or 0,
        device=typed.device,
        variants=getattr(typed, "variants", usual.variants),
    )
