"""Commands that list what there is."""

from __future__ import annotations

from ear_engine.arguments.parsers import Commands


def add(command: Commands) -> None:
    """Add these commands."""
    command("doctor", "say what this machine can do, and how to mend what it cannot")
    ears = command("ears", "list the ears that can listen, or what is known about one")
    ears.add_argument("name", nargs="?", metavar="NAME|PATH", help="describe this one")
    about = ears.add_mutually_exclusive_group()
    about.add_argument("--find", metavar="WORDS", help='where in it a sound is found ("low kicks", "tones at 220 Hz")')
    about.add_argument("--neuron", type=int, metavar="N", help="what is known about this one, and what excites it most")
    clips = command("clips", "list the loops to dream from")
    clips.add_argument("--export", metavar="DIR", help="write the built-in loops as WAV files into this folder")
    command("presets", "list the sounds to start from")
    command("sets", "list the sets to play")
    parameters = command("parameters", "print the reference of all parameters")
    form = parameters.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="as a Markdown page")
    form.add_argument("--html", metavar="FILE", help="write a page for a browser, with streams and examples to copy")
    plugins = command("plugins", "list the plug-ins")
    plugins.add_argument("--check", action="store_true", help="load each, to see whether it works")
