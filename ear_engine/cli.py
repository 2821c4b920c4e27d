"""The command line: what can be typed, and nothing else. What a command needs is imported when it is called."""

from __future__ import annotations

import argparse
import difflib
import importlib
import itertools
import re
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import ear_engine
from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.parameters import ParameterTree

BAD_INPUT = 2
INTERRUPTED = 130
_NEGATIVE = re.compile(r"-(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$|-(inf|infinity|nan)$", re.IGNORECASE)
PARAMETER = "parameter:"  # prefix of the destination of a parameter's option

_SERVE = """\
examples:
  ear-engine serve                                  the default ear and beat
  ear-engine serve --autopilot                      it plays by itself: sit back and listen
  ear-engine serve --preset drone --clip voice      another sound and loop
  ear-engine serve --clip dub --dream.rate -18      another loop, more change a beat
  ear-engine serve --clip ~/loops/kick_120bpm.wav --record take.wav --seconds 60
  ear-engine serve --set configs/sets/first_light.yaml --send 127.0.0.1:57120
  ear-engine serve --audio null --json-status       no sound card, status for a program

Any parameter can be given as --GROUP.NAME VALUE; `ear-engine parameters` lists them.
Ctrl-C ends it; a recording is complete then."""
_VIEW = """\
examples:
  ear-engine view                                   the engine on this machine
  ear-engine view --engine 192.168.1.20:9000        one elsewhere (serve it with --bind 0.0.0.0)
  ear-engine view --fullscreen --monitor 1 --palette stage --no-console
  ear-engine serve --view                           engine and viewer together

Press ? in the window for the keys. It waits for the engine, and finds it again."""
_DREAM = """\
examples:
  ear-engine dream -o loop.wav --target "bright hats" --picture
  ear-engine dream -o loop.wav --clip dub --target encoder_4_conv2 --beats 64
  ear-engine dream -o loop.wav --target "0.7*channel(encoder_4_conv2, 12) - 0.3*surprise()"
  ear-engine dream -o loop.wav --clip ~/loops/kick_120bpm.wav --preset drone --tone.tilt -6

Any parameter that does something without playing can be given as --GROUP.NAME VALUE.
On one machine with as many threads, the same seed makes the same file."""
_RENDER = """\
examples:
  ear-engine render --seconds 20 -o film.mp4                     the map, and what is dreamed, with its sound
  ear-engine render --set mine.yaml --seconds 60 --size 1920x1080 --fps 60 -o film.mp4
  ear-engine render --preset drone --seconds 8 -o poster.png     the last moment of eight seconds
  ear-engine render --seconds 10 --palette ink -o frames         numbered pictures, and sound.wav
  ear-engine render --seconds 8 --size 560x560 --fps 15 -o loop.webp     the last loop, which comes round, for a page

A new version of the dream enters with every beat, after --steps steps. No display is needed.
In mine.yaml, below the values of the start, `score:` lists what changes when: `- {beat: 8, over: 4, dream/rate: -12}`,
`- {second: 20, preset: bloom}`, also `source/reset: on`.
On one machine with as many threads, the same seed makes the same film."""
_CLIENTS = """\
examples:
  ear-engine clients list                       what there is, and where each goes
  ear-engine clients install supercollider      where SuperCollider looks for it
  ear-engine clients install puredata --to ~/pd

Files that you have changed there are never overwritten without --force."""
_OSC = """\
examples:
  ear-engine osc list /ear/dream                     addresses, with type, range, unit and value
  ear-engine osc send /ear/dream/rate -12            set; what it has become is printed
  ear-engine osc send /ear/dream/rate                ask
  ear-engine osc send "/ear/playback/*"              ask for all of them
  ear-engine osc listen                              where the sound is, new loops, events
  ear-engine osc listen /ear/summary/mean --rate 30 --json
  ear-engine osc listen --port 7400                  what another program sends to this port
  ear-engine osc dump                                what comes into the engine, and what becomes of it

A value is what it looks like (12 whole, 1.5 a number, true 1, else text), or what the address takes, or what --type
says.
send ends with 1 if the engine refuses; listen and dump end with Ctrl-C."""
_CORPUS = """\
examples:
  ear-engine corpus info                        all corpora, and what the built-in ones need
  ear-engine corpus build open                  a built-in one, from public packages
  ear-engine corpus build ~/music --name mine   your own; again after a change, only that is decoded
  ear-engine corpus attributions open           whom to thank, as Markdown

Ctrl-C loses nothing that was decoded; the same command goes on from there."""
_TRAIN = """\
examples:
  ear-engine train small --corpus ~/music --run runs/mine
  ear-engine train my.yaml --corpus ~/music --run runs/mine --device cuda --export mine
  ear-engine serve --ear mine

Ctrl-C saves; the same command goes on from there."""

_EVALUATE = """\
examples:
  ear-engine evaluate --quick
  ear-engine evaluate --ear small --ear ~/mine --probe tracks --probe tempo
  ear-engine evaluate --ear small --device cuda --out results

Features are kept: what was heard once is not heard again."""

_QUALITY = """\
examples:
  ear-engine quality --quick                    seconds: four layers, against the built-in loops
  ear-engine quality layers --ear paper         every layer from a beat, noise and silence, against music
  ear-engine quality robustness --out results   what survives, with and without each regularizer
  ear-engine quality ranges --corpus open --out configs/quality/corpus_ranges.yaml

What was dreamed once, by the same code, is not dreamed again."""
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


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, and takes every way to write a negative number for a value."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._negative_number_matcher = _NEGATIVE

    def error(self, message: str) -> NoReturn:
        """Report a mistake and leave."""
        print(f"ear-engine: {message}; see `{self.prog} --help`.", file=sys.stderr)
        sys.exit(BAD_INPUT)


class Mixed(Parser):
    """Takes options between what has no name, too: ``send ADDRESS --type f VALUE``."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse options first, then the rest in its order."""
        options: list[str] = []
        rest: list[str] = []
        words = iter(args or ())
        for word in words:
            if word == "--":
                rest += [word, *words]
            elif not word.startswith("-") or self._negative_number_matcher.match(word):
                rest.append(word)
            else:
                known = self._option_string_actions.get(word)
                values = list(itertools.islice(words, 1)) if known is not None and known.nargs is None else None
                if values == []:  # what it takes is missing, also behind all else
                    rest.append(word)
                else:
                    options += [word, *(values or ())]
        return super().parse_known_args([*options, *rest], namespace)


def build_parser() -> Parser:
    """Everything that can be typed."""
    parser = Parser(
        prog="ear-engine",
        description="Play a neural ear: a network that listens reshapes the loop it hears, live and over OSC.",
        epilog="start with: ear-engine serve",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ear-engine {ear_engine.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)

    def command(name: str, help: str, epilog: str = "") -> Parser:
        made: Parser = commands.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        return made

    _add_serve(command("serve", "play: dream, sound and OSC", _SERVE))
    _add_view(command("view", "show the map while the ear listens, and touch what shall be heard", _VIEW))
    _add_dream(command("dream", "dream a loop into a file, without playing", _DREAM))
    _add_render(command("render", "make a film of a dream: the map as it hears, with the sound", _RENDER))
    _add_gallery(command("gallery", "dream a page of loops with pictures: layers of rising depth, and all presets"))
    command("doctor", "say what this machine can do, and how to mend what it cannot")
    ears = command("ears", "list the ears that can listen, or what is known about one")
    ears.add_argument("name", nargs="?", metavar="NAME|PATH", help="describe this one")
    about = ears.add_mutually_exclusive_group()
    about.add_argument("--find", metavar="WORDS", help='where in it a sound is found ("low kicks", "tones at 220 Hz")')
    about.add_argument("--neuron", type=int, metavar="N", help="what is known about this one, and what excites it most")
    clips = command("clips", "list the loops to dream from")
    clips.add_argument("--export", metavar="DIR", help="write the built-in loops as WAV files into this folder")
    command("presets", "list the sounds to start from")
    parameters = command("parameters", "print the reference of all parameters")
    form = parameters.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="as a Markdown page")
    form.add_argument("--html", metavar="FILE", help="write a page for a browser, with streams and examples to copy")
    plugins = command("plugins", "list the plug-ins")
    plugins.add_argument("--check", action="store_true", help="load each, to see whether it works")
    _add_clients(command("clients", "install what ships for SuperCollider and other programs", _CLIENTS))
    _add_osc(command("osc", "speak with a running engine: send, listen, dump, list", _OSC))
    _add_corpus(command("corpus", "make music ready to learn from, and say what is in it", _CORPUS))
    _add_train(command("train", "teach an ear on a folder of music", _TRAIN))
    _add_ablate(command("ablate", "compare variants of a recipe, several seeds each, by what can be read from them"))
    _add_evaluate(command("evaluate", "measure what an ear has learned, against features made by hand", _EVALUATE))
    _add_statistics(command("statistics", "measure what every neuron of an ear does, and name what it answers to"))
    _add_directions(command("directions", "find directions in an ear that mean something in music, and name them"))
    _add_layout(command("layout", "lay every neuron of an ear out on a map, by what it is joined with", _LAYOUT))
    _add_quality(command("quality", "measure whether targets fire as in no music, and whether it is music", _QUALITY))
    bench = command("bench", "measure a part against a plain reference")
    bench.add_argument(
        "parts", nargs="*", metavar="PART", help="scalogram, dream, training, layout, osc; all if none is named"
    )
    bench.add_argument("--json", action="store_true", help="print a JSON list of rows")
    return parser


def _add_serve(serve: Parser) -> None:
    add = serve.add_argument
    add("--audio", choices=("auto", "portaudio", "jack", "null"), default="auto", help="where the sound goes (auto)")
    add("--audio-device", metavar="NAME", help="PortAudio device, by number or part of its name")
    add("--input", action="store_true", help="listen to the device's inputs too, for target/imprint input")
    add("--record", metavar="FILE.wav", help="write what is heard")
    add("--seconds", type=float, metavar="N", help="end after N seconds of sound")
    add("--ear", metavar="NAME|PATH", help="who listens (small); `ear-engine ears` lists them")
    add("--clip", metavar="NAME|PATH", help="loop to dream from (beat); `ear-engine clips` lists them")
    add("--preset", metavar="NAME", help="start with this sound; `ear-engine presets` lists them")
    add("--set", metavar="FILE.yaml", help="start from the values in this file")
    add("--autopilot", action="store_true", help="let it play by itself until a target or source is touched")
    add("--osc-port", type=int, default=9000, metavar="N", help="UDP port (9000); 0 picks a free one")
    add("--http-port", type=int, default=0, metavar="N", help="TCP port (that of OSC, or a free one)")
    add("--send", action="append", default=[], metavar="HOST:PORT", help="a client that only listens; may be repeated")
    bind = "listen at this address (127.0.0.1: this machine only)"
    add("--bind", type=_address, default="127.0.0.1", metavar="ADDRESS", help=bind)
    allow = "with --bind: listen to these machines only, such as 192.168.1.0/24; may be repeated"
    add("--allow", action="append", default=[], metavar="NETWORK", help=allow)
    announce = "let programs find it by mDNS (auto: where other machines can reach it)"
    add("--announce", choices=("auto", "on", "off"), default="auto", help=announce)
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what computes the dream (auto)")
    add("--seed", type=int, metavar="N", help="of all randomness (0)")
    add("--view", action="store_true", help="open the viewer, too")
    _add_output(serve, "; without --view no window opens")
    add("--json-status", action="store_true", help="one JSON object a line on stdout, at start and every second")
    _add_parameters(serve)


def _add_view(view: Parser) -> None:
    add = view.add_argument
    add("--engine", default="127.0.0.1:9000", metavar="HOST:PORT", help="which engine (127.0.0.1:9000)")
    add("--fullscreen", action="store_true", help="fill the screen")
    add("--monitor", type=int, metavar="N", help="screen to open on, from 0 (the main one)")
    add("--palette", metavar="NAME", help="colors: paper, safe, depth, stage, ink (as the engine says)")
    console = "show the console beside the map, or the map alone; Tab does either"
    add("--console", action=argparse.BooleanOptionalAction, default=True, help=console)
    add("--seconds", type=float, metavar="N", help="end after N seconds")
    _add_output(view)
    add("--offscreen", action="store_true", help="open no window, the picture is for --output alone; needs no display")
    add(
        "--screenshot",
        metavar="FILE.png",
        help="write what is seen as soon as the ear is heard, or after N seconds; end",
    )
    add("--session", help=argparse.SUPPRESS)  # of an engine beside it: maps and loops are read directly
    add("--parent", type=int, default=0, help=argparse.SUPPRESS)  # it ends with this process


def _add_output(parser: Parser, more: str = "") -> None:
    text = f"give the picture, without the console, to other programs; mjpeg[:[ADDRESS:]PORT] serves it over HTTP{more}"
    parser.add_argument("--output", action="append", default=[], metavar="SINK[:WHERE]", help=text)


def _add_parameters(parser: Parser) -> None:
    for row in ParameterTree():
        option = f"--{row.name.replace('/', '.')}"
        parser.add_argument(option, dest=PARAMETER + row.name, default=None, metavar="VALUE", help=argparse.SUPPRESS)


def _add_dream(dream: Parser) -> None:
    add = dream.add_argument
    add("-o", "--output", required=True, metavar="FILE.wav", help="where to")
    add("--ear", metavar="NAME|PATH", help="who listens (small)")
    add("--clip", metavar="NAME|PATH", help="loop to dream from (beat)")
    add("--target", metavar="TARGET", help="a layer, words for a sound, an expression, or numbers of neurons")
    add("--preset", metavar="NAME", help="start with this sound; `ear-engine presets` lists them")
    add("--set", metavar="FILE.yaml", help="start from the values in this file")
    add("--beats", type=float, default=32.0, metavar="N", help="how long is dreamed (32)")
    add("--steps", type=int, default=8, metavar="N", help="steps a beat (8)")
    add("--seed", type=int, metavar="N", help="of all randomness (0)")
    add("--variants", type=int, default=1, metavar="N", help="loops dreamed side by side, FILE_1.wav and on (1)")
    add("--picture", nargs="?", const="", metavar="FILE.png", help="draw it too; beside the WAV file if none is named")
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what computes (auto)")
    _add_parameters(dream)


def _add_render(render: Parser) -> None:
    add = render.add_argument
    files = "a film (.mp4), a loop (.webp), a poster (.png) or a folder for pictures"
    add("-o", "--output", required=True, metavar="FILE", help=files)
    add("--seconds", type=float, required=True, metavar="N", help="how long it lasts")
    add("--ear", metavar="NAME|PATH", help="who listens (small)")
    add("--clip", metavar="NAME|PATH", help="loop to dream from (beat)")
    add("--target", metavar="TARGET", help="a layer, words for a sound, an expression, or numbers of neurons")
    add("--preset", metavar="NAME", help="start with this sound; `ear-engine presets` lists them")
    add("--set", metavar="FILE.yaml", help="start from the values in this file, and follow its score")
    add("--steps", type=int, default=8, metavar="N", help="steps a beat (8)")
    add("--size", default="1280x720", metavar="WxH", help="pixels, even numbers (1280x720)")
    add("--fps", type=float, default=30.0, metavar="N", help="frames a second (30)")
    add("--palette", default="paper", metavar="NAME", help="colors: paper, safe, depth, stage, ink (paper)")
    add("--seed", type=int, metavar="N", help="of all randomness (0)")
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what computes the dream (auto)")
    _add_parameters(render)


def _add_gallery(gallery: Parser) -> None:
    add = gallery.add_argument
    add("-o", "--output", required=True, metavar="FOLDER", help="for the page, the loops and the pictures")
    add("--ear", default="small", metavar="NAME|PATH", help="who listens (small)")
    add("--clip", action="append", default=[], metavar="NAME|PATH", help="loop to dream from; may be repeated")
    add("--target", action="append", default=[], metavar="TARGET", help="what to dream of; may be repeated")
    add("--beats", type=float, default=32.0, metavar="N", help="how long each is dreamed (32)")
    add("--steps", type=int, default=8, metavar="N", help="steps a beat (8)")
    add("--seed", type=int, default=0, metavar="N", help="of all randomness (0)")
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what computes (auto)")


def _add_statistics(statistics: Parser) -> None:
    add = statistics.add_argument
    add("--ear", default="small", metavar="NAME|PATH", help="which ear (small)")
    add("--corpus", required=True, metavar="NAME|FOLDER", help="music to listen to")
    add("--excerpts", type=int, default=240, metavar="N", help="how many, of 15 s each, spread over all of it (240)")
    add("--seed", type=int, default=0, metavar="N", help="that draws them (0)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="what computes (auto)")
    add("-o", "--output", metavar="FILE", help="where to; the ear's own folder, so that it is found, if not given")


def _add_directions(directions: Parser) -> None:
    add = directions.add_argument
    add("ear", metavar="NAME|PATH", help="which ear; it needs statistics")
    add("--corpus", action="append", default=[], metavar="NAME", help="labeled music (procedural_test and band_test)")
    add("--corpora", metavar="FOLDER", help="where corpora lie, if not in the usual place")
    add("--excerpts", type=int, default=1500, metavar="N", help="how many to listen to, about (1500)")
    add("--seed", type=int, default=0, metavar="N", help="of the folds (0)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="what computes (auto)")
    add("-o", "--output", metavar="FILE", help="where to; the ear's own folder, so that it is found, if not given")


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


def _add_clients(clients: Parser) -> None:
    actions = clients.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    actions.add_parser("list", help="what there is, and where each goes", allow_abbrev=False)
    install = actions.add_parser("install", help="copy one to where its program looks for it", allow_abbrev=False)
    install.add_argument("name", metavar="NAME", help="supercollider, for one; `ear-engine clients list` lists all")
    install.add_argument("--to", metavar="FOLDER", help="put its folder into this one")
    install.add_argument("--force", action="store_true", help="overwrite files that were changed there, too")


def _add_osc(osc: Parser) -> None:
    actions = osc.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Mixed)

    def action(name: str, help: str) -> Parser:
        made: Parser = actions.add_parser(
            name, help=help, description=help[0].upper() + help[1:] + ".", allow_abbrev=False
        )
        made.add_argument(
            "--engine", default="127.0.0.1:9000", metavar="HOST:PORT", help="which engine (127.0.0.1:9000)"
        )
        made.add_argument("--json", action="store_true", help="print JSON")
        return made

    send = action("send", "send a message, print what is answered")
    send.add_argument("address", metavar="ADDRESS", help="such as /ear/dream/rate, or a pattern in quotes")
    send.add_argument("values", nargs="*", default=[], metavar="VALUE", help="of what the address takes; none asks")
    send.add_argument(
        "--type", default="", metavar="LETTERS", help="i, f, s or b (bytes in hexadecimal) for each value"
    )
    send.add_argument("--seconds", type=float, metavar="N", help="how long is waited for what takes long (60)")
    listen = action("listen", "print what is sent")
    listen.add_argument("patterns", nargs="*", metavar="PATTERN", help="streams, events and parameters (/ear/*)")
    listen.add_argument("--rate", type=float, default=10.0, metavar="HZ", help="most messages a second of each (10)")
    listen.add_argument("--format", default="list", metavar="NAME", help="of activations: list, blob, channels (list)")
    listen.add_argument("--seconds", type=float, metavar="N", help="end after N seconds")
    listen.add_argument("--port", type=int, metavar="N", help="ask no engine: print what comes to this UDP port")
    listen.add_argument(
        "--bind", type=_address, default="127.0.0.1", metavar="ADDRESS", help="of that port (127.0.0.1)"
    )
    dump = action("dump", "print all messages that come into the engine, changes of parameters, and events")
    dump.add_argument("--seconds", type=float, metavar="N", help="end after N seconds")
    rows = action("list", "print the addresses of a running engine, or of this version if none runs")
    rows.add_argument("prefix", nargs="?", default="", metavar="PREFIX", help="only those that begin with it")


def _address(text: str) -> str:
    return "127.0.0.1" if text.lower() == "localhost" else text


def _add_corpus(corpus: Parser) -> None:
    actions = corpus.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    build = actions.add_parser("build", help="decode a folder of music, or make a built-in corpus", allow_abbrev=False)
    build.add_argument("source", metavar="FOLDER|NAME", help="music in any format, or a built-in corpus")
    build.add_argument("--name", metavar="NAME", help="call it this (the folder's name)")
    build.add_argument("--workers", type=int, metavar="N", help="processes (one a core)")
    info = actions.add_parser("info", help="all corpora, or what is in one", allow_abbrev=False)
    info.add_argument("name", nargs="?", metavar="NAME|FOLDER", help="all if none is named")
    info.add_argument("--json", action="store_true", help="print JSON instead of tables")
    thanks = actions.add_parser("attributions", help="whom to thank, as Markdown", allow_abbrev=False)
    thanks.add_argument("name", metavar="NAME|FOLDER", help="a corpus that is built")


def _add_train(train: Parser) -> None:
    add = train.add_argument
    add("config", metavar="CONFIG", help="a recipe: a YAML file, or the name of one that ships (small)")
    add(
        "--corpus",
        required=True,
        action="append",
        metavar="NAME|FOLDER[=SHARE]",
        help="a corpus by name, or a folder of music; several may be given, each with its share of the batches",
    )
    run = "where the run is kept; an unfinished one there goes on (torchrun takes the longer name only)"
    add("--run", "--run-folder", required=True, metavar="FOLDER", help=run)
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what computes (auto)")
    add("--compile", action="store_true", help="compile the networks first: a minute that pays on a GPU")
    add("--steps", type=int, metavar="N", help="optimizer steps, instead of the recipe's")
    add("--export", metavar="NAME|DIR", help="save the ear at the end, by name or in a folder")


def _add_ablate(ablate: Parser) -> None:
    add = ablate.add_argument
    add("config", metavar="CONFIG", help="variants: a YAML file, or the name of one that ships (ablation)")
    add("--corpus", required=True, action="append", metavar="NAME|FOLDER[=SHARE]", help="music to learn from")
    add("--out", required=True, metavar="FOLDER", help="for the runs, the table and what is cached; finished runs stay")
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what computes (auto)")
    add("--jobs", type=int, default=1, metavar="N", help="runs that train at the same time (1)")
    add("--workers", type=int, metavar="N", help="processes that classify (one a core)")
    add("--corpora", metavar="FOLDER", help="look for the corpora of the probes here first")


def _add_evaluate(evaluate: Parser) -> None:
    add = evaluate.add_argument
    add("--ear", action="append", default=[], metavar="NAME|PATH", help="which ear (small); may be repeated")
    add("--probe", action="append", default=[], metavar="NAME", help="only this probe; may be repeated")
    add("--corpora", metavar="FOLDER", help="look for stores of corpora here first, a folder of the corpus's name each")
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what listens (auto)")
    add("--workers", type=int, metavar="N", help="processes that classify (all cores)")
    add("--supervised", type=int, metavar="N", help="folds in which a network learns from scratch (1 on a GPU, else 0)")
    add("--out", metavar="FOLDER", help="write tables, JSON and pictures there")
    add("--cache", metavar="FOLDER", help="where features are kept (the user's cache)")
    add("--seed", type=int, default=0, metavar="N", help="of splits, changes and untrained ears (0)")
    add("--quick", action="store_true", help="a fifth of the excerpts: a first look")
    add("--json", action="store_true", help="print JSON instead of Markdown")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read what was typed.

    Raises:
        UserError: an unknown option; the nearest one is named.
        SystemExit: anything else, after one sentence on stderr, or after the help.
    """
    parser = build_parser()
    known, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise _unknown(unknown[0], known.command)
    return known


def _unknown(word: str, command: str) -> UserError:
    name = word.split("=")[0]
    mend = f"see `ear-engine {command} --help`"
    if not name.startswith("-"):
        return UserError(f"argument {word!r}", "is not expected", mend, "unknown_option")
    parser = build_parser()
    subparsers = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    options = list(subparsers.choices[command]._option_string_actions)
    near = difflib.get_close_matches(name, options, n=2, cutoff=0.6)
    if near:
        mend = f"did you mean {' or '.join(near)}"
    return UserError(f"option {name}", "does not exist", mend, "unknown_option")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0, 2 for bad input, 130 if interrupted."""
    typed = sys.argv[1:] if arguments is None else arguments
    try:
        options = parse(typed)
        platform.yield_cores()
        if options.command == "serve":  # SIGTERM ends it like Ctrl-C from the first moment on
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        module = importlib.import_module(f"ear_engine.commands.{options.command}")
        return int(module.run(options))
    except UserError as error:
        print(f"ear-engine: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return 0 if typed and typed[0] == "serve" else INTERRUPTED
    except BrokenPipeError:  # `ear-engine parameters | head`
        sys.stderr.close()
        return 0
