"""``ear-engine ears``: which there are, what is known about one or a neuron of it, and where in it a sound is found."""

from __future__ import annotations

import argparse

from ear_engine import platform
from ear_engine.audition.excerpts import excerpts_of
from ear_engine.audition.recordings import Recordings
from ear_engine.commands.listings import print_table
from ear_engine.ear.naming import hertz
from ear_engine.ear.region_search import find_regions
from ear_engine.ear.statistics import Statistics
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear_files import find_ear, list_ears
from ear_engine.errors import UserError

_USUAL = "small"
_NAMED = 6  # regions of a layer that are named
_FOUND = 12  # regions that are listed


def run(typed: argparse.Namespace) -> int:
    """List the ears, or describe one."""
    if typed.name is not None or typed.find is not None or typed.neuron is not None:
        return _describe(typed.name or _USUAL, typed.find, typed.neuron)
    ears = list_ears()
    if not ears:
        print("There are no ears yet; train one with `ear-engine train`.")
        return 0
    rows = [(ear.name, f"{ear.megabytes:.1f} MB", ear.problem or ear.description, str(ear.path)) for ear in ears]
    print_table(("Ear", "Weights", "About", "Folder"), rows, right=("Weights",))
    print(f"\nYour own go to {platform.user_ear_dir()}, or give --ear a path.")
    return 0


def _describe(name: str, text: str | None, number: int | None) -> int:
    ear = find_ear(name)
    statistics = load_statistics(ear.path)
    if statistics is None:
        make = f"make them with `ear-engine statistics --ear {name} --corpus NAME`"
        raise UserError(f"ear {name!r}", "has no statistics", make, "no_statistics")
    if number is not None:
        return _neuron(statistics, number)
    if text is not None:
        return _find(statistics, text)
    print(f"{ear.name}: {ear.description}\n")
    rows = [
        (layer.name, str(layer.channels), str(layer.bins), _some(statistics.region_names[layer.name]))
        for layer in statistics.index.layers
    ]
    print_table(("Layer", "Channels", "Bins", "Some of its regions"), rows, right=("Channels", "Bins"))
    heard = statistics.heard
    print(f"\nNamed after {60 * heard.hours:.0f} min of {heard.corpus}; look for a sound with --find WORDS.")
    return 0


def _some(names: tuple[str, ...]) -> str:
    rest = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest


def _find(statistics: Statistics, text: str) -> int:
    rows = []
    for region in find_regions(statistics, text, _FOUND):
        bins = f"{region.first_bin}–{region.last_bin}" if region.last_bin > region.first_bin else str(region.first_bin)
        low, high = hertz(region.low), hertz(region.high)
        rows.append((region.name, region.layer, str(region.channel), bins, low if low == high else f"{low} – {high}"))
    print_table(("Region", "Layer", "Channel", "Bins", "Answers to"), rows, right=("Channel", "Bins"))
    return 0


def _neuron(statistics: Statistics, number: int) -> int:
    known = statistics.describe(number)
    where = f"{known.neuron.layer} channel {known.neuron.channel} bin {known.neuron.bin}"
    print(f"neuron {number}: {known.name}; {where}, {hertz(known.frequency)}")
    print(f"mean {known.mean:.2f} ± {known.deviation:.2f}, active {100.0 * known.active:.0f} % of the time\n")
    recordings, rows, problem = Recordings(), [], ""
    for excerpt in excerpts_of(statistics, number):
        try:
            labels = recordings.find(excerpt.corpus, excerpt.recording).labels
        except UserError as error:
            labels, problem = {}, str(error)
        minutes, tenths = divmod(round(10.0 * excerpt.seconds), 600)
        when = f"{minutes}:{tenths / 10.0:04.1f}"
        cells = (
            excerpt.recording,
            when,
            f"{excerpt.activation:.2f}",
            labels.get("author", ""),
            labels.get("license", ""),
        )
        rows.append((str(excerpt.which), *cells))
    if not rows:
        print("It has never fired in the music that this ear was measured on.")
        return 0
    print_table(("", "Excited most by", "At", "Activation", "Author", "License"), rows, right=("", "At", "Activation"))
    print(
        f"\n{problem}" if problem else "\nHear them while the engine plays: A in the viewer, or /ear/audition/neuron."
    )
    return 0
