"""Commands that lay out and measure."""

from __future__ import annotations

import argparse

from ear_engine.arguments.parsers import Commands, Parser
from ear_engine.benchmarks import PARTS

_LAYOUT = """\
examples:
  ear-engine layout -o map.png                        look at it first
  ear-engine layout --k 2 -o map.npz -o map.svg       rounder, and as files
  ear-engine layout --edges weights -o weights.png    what the training has joined strongly lies near
  ear-engine layout --ear mine                        into its folder: the map that its targets mean
  ear-engine layout --ear paper --dimensions 3 -o map.csv -o map.exr
  ear-engine layout --time-points 8 --clip dub -o map.mp4   it moves as the ear hears a loop, with the sound

.npz is the map with its id, .png and .svg are pictures, .csv has a row for each neuron (Blender, Processing),
.exr is a texture of 32-bit floats (TouchDesigner): neuron after neuron, the top row first.
With --time-points, .mp4 is a film, .png a sheet of all maps, .csv has a row for each neuron and point, its time first,
.svg and .exr are numbered files (map_1.exr and on); .npz has all of them beside the still map.
The same seed makes the same map on a CPU."""
_SOAK = """\
examples:
  ear-engine soak --minutes 60                  an hour, with hands, clients and a viewer
  ear-engine soak --minutes 10 --faults         processes are killed now and then
  ear-engine soak --minutes 5 --audio jack --report report.json

It says what was missed, ends with 1 if anything was, and touches no files of yours."""
_QUALITY = """\
examples:
  ear-engine quality --quick                    seconds: four layers, against the built-in loops
  ear-engine quality layers --ear paper         every layer from a beat, noise and silence, against music
  ear-engine quality robustness --out results   what survives, with and without each regularizer
  ear-engine quality ranges --corpus open --out configs/quality/corpus_ranges.yaml

What was dreamed once, by the same code, is not dreamed again."""


def add(command: Commands) -> None:
    """Add these commands."""
    _add_layout(command("layout", "lay every neuron of an ear out on a map, by what it is joined with", _LAYOUT))
    _add_quality(command("quality", "measure whether targets fire as in no music, and whether it is music", _QUALITY))
    _add_soak(command("soak", "play for a while as on a stage, at full load, and say whether one can trust it", _SOAK))
    bench = command("bench", "measure a part against a plain reference")
    bench.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all if none is named")
    bench.add_argument("--json", action="store_true", help="print a JSON list of rows")


def _add_layout(layout: Parser) -> None:
    add = layout.add_argument
    files = "where to (map.npz in the ear's folder), .npz, .svg, .png, .csv, .exr or .mp4; may be repeated"
    add("-o", "--output", action="append", default=[], metavar="FILE", help=files)
    add("--ear", default="small", metavar="NAME|PATH", help="which ear (small)")
    add("--k", type=float, metavar="K", help="exponent of the repulsion, 0.25..4 (1.75): narrow cells, or an even disc")
    add("--centering", type=float, metavar="L", help="pull to the middle, 0.0001..10 (0.02): open, or round")
    soft = "distance below which repulsion no longer grows, 0.001..0.5 of the radius (0.008, above k = 2 more)"
    add("--softening", type=float, metavar="S", help=soft)
    edges = "how hard edges pull: all alike (uniform), or as the trained weights are large"
    add("--edges", default="uniform", choices=("uniform", "weights"), help=edges)
    charges = "what neurons push by: how they deviate within their layer, or the paper's plain variance"
    add("--charges", default="deviation", choices=("deviation", "variance"), help=charges)
    balance = "how much more neurons with more edges push, 0..4 (0.5); 0 as in the paper"
    add("--balance", type=float, metavar="B", help=balance)
    dense = (
        "where it is not known how an ear's layer connects, let all reach all, instead of naming the layer and ending"
    )
    add("--dense", action="store_true", help=dense)
    points = "points in time of a loop, 2..64, at each of which it is laid out by what neurons do then"
    add("--time-points", type=int, metavar="N", help=points)
    add("--clip", metavar="NAME|PATH", help="the loop that time points are in (beat); `ear-engine clips` lists them")
    add("--seed", type=int, default=0, metavar="N", help="of where it begins (0)")
    add("--dimensions", type=int, default=2, choices=(2, 3), help="in a plane or in space (2)")
    add("--device", choices=("auto", "cpu", "cuda"), default="cpu", help="what computes (cpu)")


def _add_quality(quality: Parser) -> None:
    add = quality.add_argument
    add("parts", nargs="*", metavar="PART", help="layers, robustness (both if none is named), or ranges")
    add("--ear", default="small", metavar="NAME|PATH", help="which ear dreams (small)")
    add("--other", default="paper", metavar="NAME|PATH", help="another ear that hears its dreams (paper)")
    add("--corpus", metavar="NAME|FOLDER", help="music that dreams are held against (open)")
    add("--clips", type=int, default=1500, metavar="N", help="how many clips of it, of 4 s (1500)")
    add("--source", action="append", default=[], metavar="NAME", help="beat, noise, silence (all); may be repeated")
    add("--layer", action="append", default=[], metavar="NAME", help="only this layer; may be repeated")
    sets = "layer that is dreamed of with each set of regularizers (five of them); may be repeated"
    add("--robust-layer", action="append", default=[], metavar="NAME", help=sets)
    add("--beats", type=int, default=32, metavar="N", help="length of a dream (32)")
    add("--steps", type=int, default=4, metavar="N", help="steps a beat (4)")
    add("--seed", type=int, default=0, metavar="N", help="of dreams and clips (0)")
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what dreams (auto)")
    add("--out", metavar="FOLDER", help="write tables, JSON and pictures there")
    add("--cache", metavar="FOLDER", help="where dreams are kept (the user's cache)")
    add("--quick", action="store_true", help="four layers, two beats, the built-in loops as music")
    add("--json", action="store_true", help="print JSON instead of Markdown")


def _add_soak(soak: Parser) -> None:
    add = soak.add_argument
    add("--minutes", type=float, default=1.0, metavar="N", help="how long (1)")
    add("--ear", default="small", metavar="NAME|PATH", help="who listens (small)")
    add("--audio", choices=("null", "jack", "portaudio"), default="null", help="where the sound goes (null)")
    add("--faults", action="store_true", help="kill a process every twenty seconds or so")
    view = "let a viewer draw beside it (yes)"
    add("--view", action=argparse.BooleanOptionalAction, default=True, help=view)
    add("--seed", type=int, default=0, metavar="N", help="of what hands do (0)")
    add("--keep", metavar="FOLDER", help="keep the performance there, for `ear-engine replay`")
    add("--report", metavar="FILE", help="write the report there, too, as JSON if it ends in .json")
    add("--json", action="store_true", help="print JSON instead of a table")
