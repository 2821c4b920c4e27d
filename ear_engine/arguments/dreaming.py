"""Commands that dream without playing."""

from __future__ import annotations

from ear_engine.arguments.parsers import Commands, Parser, add_parameters

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


def add(command: Commands) -> None:
    """Add these commands."""
    _add_dream(command("dream", "dream a loop into a file, without playing", _DREAM))
    _add_render(command("render", "make a film of a dream: the map as it hears, with the sound", _RENDER))
    _add_gallery(command("gallery", "dream a page of loops with pictures: layers of rising depth, and all presets"))


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
    add_parameters(dream)


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
    add_parameters(render)


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
