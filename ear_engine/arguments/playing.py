"""Commands that play, and show what is played."""

from __future__ import annotations

import argparse

from ear_engine.arguments.parsers import Commands, Parser, add_parameters, address

_SERVE = """\
examples:
  ear-engine serve                                  the default ear and beat
  ear-engine serve --autopilot                      it plays by itself: sit back and listen
  ear-engine serve --preset drone --clip voice      another sound and loop
  ear-engine serve --clip dub --dream.rate -18      another loop, more change a beat
  ear-engine serve --clip ~/loops/kick_120bpm.wav --record take.wav --seconds 60
  ear-engine serve --set first_light --send 127.0.0.1:57120
  ear-engine serve --set last                       as it was, also after a crash
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

_REPLAY = """\
examples:
  ear-engine replay friday                          compute the sound again; say whether it is what was heard
  ear-engine replay friday -o friday.wav            the same samples, faster than they were played
  ear-engine replay friday --list                   what happened when
  ear-engine replay friday --loops loops            every loop as a WAV file
  ear-engine replay friday -o friday.mp4            a film of what the ear heard
  ear-engine replay friday --recompute              dream it again, and say where it differs

Performances are kept with /ear/session/record or `ear-engine serve --keep NAME`."""


def add(command: Commands) -> None:
    """Add these commands."""
    _add_serve(command("serve", "play: dream, sound and OSC", _SERVE))
    _add_replay(command("replay", "play a performance again that was kept: as sound, as a film, dreamed anew", _REPLAY))
    command("devices", "list what sound can go to: devices, channels, rates, JACK's ports")
    _add_view(command("view", "show the map while the ear listens, and touch what shall be heard", _VIEW))


def _add_serve(serve: Parser) -> None:
    add = serve.add_argument
    add("--audio", choices=("auto", "portaudio", "jack", "null"), default="auto", help="where the sound goes (auto)")
    add("--audio-device", metavar="NAME", help="PortAudio device, by number or part of its name; `ear-engine devices`")
    add("--rate", type=int, metavar="HZ", help="of the device (44100 if it takes that, else its usual one)")
    add("--buffer", type=int, metavar="N", help="samples in a block, 64 to 4096 (1024); smaller is faster and riskier")
    add("--channels", type=int, choices=(2, 4), default=2, help="4: outputs 3 and 4 carry the cue, see cue/source (2)")
    live = "the device's inputs too, or a sound file in their place, over and over: to record takes of, to listen to"
    add("--input", nargs="?", const="", metavar="FILE", help=live)
    add("--record", metavar="FILE.wav", help="write what is heard")
    keep = "keep the performance from the start: its log, its loops; `ear-engine replay NAME` plays it again"
    add("--keep", metavar="NAME|FOLDER", help=keep)
    add("--seconds", type=float, metavar="N", help="end after N seconds of sound")
    add("--ear", metavar="NAME|PATH", help="who listens (small); `ear-engine ears` lists them")
    add("--clip", metavar="NAME|PATH", help="loop to dream from (beat); `ear-engine clips` lists them")
    add("--preset", metavar="NAME", help="start with this sound; `ear-engine presets` lists them")
    add("--set", metavar="NAME|FILE", help="start from a set: its name, its file, or last, as it was before it ended")
    add("--autopilot", action="store_true", help="let it play by itself until a target or source is touched")
    add("--osc-port", type=int, default=9000, metavar="N", help="UDP port (9000); 0 picks a free one")
    add("--http-port", type=int, default=0, metavar="N", help="TCP port (that of OSC, or a free one)")
    add("--send", action="append", default=[], metavar="HOST:PORT", help="a client that only listens; may be repeated")
    bind = "listen at this address (127.0.0.1: this machine only)"
    add("--bind", type=address, default="127.0.0.1", metavar="ADDRESS", help=bind)
    allow = "with --bind: listen to these machines only, such as 192.168.1.0/24; may be repeated"
    add("--allow", action="append", default=[], metavar="NETWORK", help=allow)
    announce = "let programs find it by mDNS (auto: where other machines can reach it)"
    add("--announce", choices=("auto", "on", "off"), default="auto", help=announce)
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="what computes the dream (auto)")
    midi = "where MIDI controllers are looked for (auto)"
    add("--midi", choices=("auto", "alsa", "jack", "off"), default="auto", help=midi)
    map_ = "map of controllers, for all that have none or for ports whose name holds a word; may be repeated"
    add("--midi-map", action="append", default=[], metavar="NAME[=PORT]", help=map_)
    add("--seed", type=int, metavar="N", help="of all randomness (0)")
    add("--view", action="store_true", help="open the viewer, too")
    _add_output(serve, "; without --view no window opens")
    restart = "start the engine again if it dies; the sound goes on meanwhile (yes)"
    add("--restart", action=argparse.BooleanOptionalAction, default=True, help=restart)
    add("--kept", type=int, default=0, help=argparse.SUPPRESS)  # by this process, which starts another one if it dies
    add("--afresh", action="store_true", help=argparse.SUPPRESS)  # what the one before has left is not gone on with
    add("--json-status", action="store_true", help="one JSON object a line on stdout, at start and every second")
    add_parameters(serve)


def _add_replay(replay: Parser) -> None:
    add = replay.add_argument
    add("file", metavar="NAME|FOLDER", help="what was kept")
    add("-o", "--output", metavar="FILE", help="its sound (.wav) or a film (.mp4)")
    add("--list", action="store_true", help="say what happened when")
    add("--loops", metavar="FOLDER", help="write all loops that were heard there")
    add("--recompute", action="store_true", help="dream it again from its log, and say where it differs")
    add("--ear", metavar="NAME|PATH", help="the ear that dreamed, if it lies elsewhere now")
    add("--size", default="1280x720", metavar="WxH", help="of a film: pixels, even numbers (1280x720)")
    add("--fps", type=float, default=30.0, metavar="N", help="of a film: frames a second (30)")
    add("--palette", default="paper", metavar="NAME", help="of a film: paper, safe, depth, stage, ink (paper)")


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
    allow = "with --output: let these machines look only, such as 192.168.1.0/24; may be repeated"
    add("--allow", action="append", default=[], metavar="NETWORK", help=allow)
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
