"""The example that sounds: layers as a chord, and the newest loop in step with the engine."""

from __future__ import annotations

from collections.abc import Iterator

from py2max.core.box import Box

from ear_engine.clients.maxmsp.sheet import Sheet

_LAYERS = 26  # of the ears that ship
_VOICES = (1, 4, 7, 10, 13, 16, 19, 23)  # layers that are heard
_HERTZ = (55.0, 82.5, 110.0, 165.0, 220.0, 330.0, 440.0, 660.0)


def example() -> Sheet:
    """``ear.example``: needs nothing but a running engine and the audio switched on."""
    sheet = Sheet((1120, 720))
    sheet.comment(
        "1. Start the engine (start, or in a terminal: ear-engine serve). 2. Switch the audio on. Left: eight layers, "
        "from close to the sound to close to the music, as a chord. Right: the newest loop, in step with the engine; "
        "mute the engine, or you hear it twice.",
        (20, 10),
        900,
    )
    _engine(sheet)
    out = sheet.ui("ezdac~", (20, 640, 45, 45))
    chord = sheet.box("*~ 0.08", (20, 590))
    sheet.cord(chord, out)
    sheet.cord(chord, out, 0, 1)
    means = sheet.box("ear.stream /ear/summary/mean 60.", (20, 200))
    shares = sheet.box("js ear.meter.js", (20, 240), (1, 1))
    layers = sheet.box(" ".join(["unpack", *["0."] * _LAYERS]), (20, 280))
    sheet.chain(means, shares, layers)
    for voice, (layer, hertz) in enumerate(zip(_VOICES, _HERTZ, strict=True)):
        x = 20 + 75 * voice
        pair = sheet.box("pack 0. 60", (x, 330))
        gain = sheet.box("line~", (x, 370))
        tone = sheet.box(f"cycle~ {hertz:g}", (x, 440))
        heard = sheet.box("*~", (x, 500))
        sheet.cord(layers, pair, layer)
        sheet.chain(pair, gain)
        sheet.cord(tone, heard)
        sheet.cord(gain, heard, 0, 1)
        sheet.cord(heard, chord)
    for side, sound in enumerate(_player(sheet)):
        sheet.cord(sound, out, 0, side)
    return sheet


def _engine(sheet: Sheet) -> None:
    engine = sheet.box("ear.engine 127.0.0.1 9000 7400", (20, 110))
    for number, word in enumerate(("start", "stop")):
        sheet.cord(sheet.message(word, (20 + 60 * number, 75)), engine)
    told = sheet.box("print ear-engine", (20, 150))
    sheet.cord(engine, told)
    mute = sheet.ui("toggle", (250, 75, 24, 24))
    param = sheet.box("ear.param /ear/playback/mute", (250, 110))
    back = sheet.box("prepend set", (250, 150))
    sheet.comment("mute the engine", (280, 77), 120)
    sheet.chain(mute, param, back, mute)


def _player(sheet: Sheet) -> Iterator[Box]:
    """The newest loop, faded into from the one before: left, then right."""
    x = 680
    loop = sheet.box("ear.loop dream", (x, 110))
    facts = sheet.box("unpack 0 0. 0 0 0.", (x + 140, 150))
    sheet.cord(loop, facts, 1)
    hertz = sheet.box("!/ 1.", (x + 120, 190))
    length = sheet.box("* 1000.", (x + 190, 190))
    sheet.cord(facts, hertz, 1)
    sheet.cord(facts, length, 1)
    phase = sheet.box("phasor~ 0.25", (x + 120, 400))
    place = sheet.box("*~ 4000.", (x + 120, 440))
    sheet.cord(hertz, phase)
    sheet.cord(length, place, 0, 1)
    sheet.cord(phase, place)
    _sync(sheet, phase)
    which = sheet.box("sel dream.a dream.b", (x, 150))
    sheet.cord(loop, which)
    gains = []
    for number, name in enumerate("ab"):
        up, down = sheet.message("1. 40", (x + 60 * number, 230)), sheet.message("0. 40", (x + 60 * number, 262))
        sheet.cord(which, up, number)
        sheet.cord(which, down, 1 - number)
        fade = sheet.box("line~", (x + 60 * number, 300))
        sheet.cord(up, fade)
        sheet.cord(down, fade)
        played = sheet.box(f"play~ dream.{name} 2", (x + 120 * number, 490))
        sheet.cord(place, played)
        gains.append((played, fade))
    for side in (0, 1):
        both = sheet.box("*~ 0.8", (x + 130 * side, 590))
        for number, (played, fade) in enumerate(gains):
            heard = sheet.box("*~", (x + 130 * side + 60 * number, 540))
            sheet.cord(played, heard, side)
            sheet.cord(fade, heard, 0, 1)
            sheet.cord(heard, both)
        yield both


def _sync(sheet: Sheet, phase: Box) -> None:
    """Set the phase anew when it is more than a fiftieth of the loop off, across its end as well."""
    x = 860
    stream = sheet.box("ear.stream /ear/playhead 10.", (x, 230))
    parts = sheet.box("unpack 0 0. 0 0. 0", (x, 265))
    order = sheet.box("t f f b", (x + 30, 300))
    now = sheet.box("snapshot~", (x + 150, 440))
    off = sheet.box("expr (abs($f1-$f2) > 0.02) && (abs($f1-$f2) < 0.98)", (x - 50, 340))
    far = sheet.box("sel 1", (x - 50, 370))
    kept = sheet.box("f", (x + 50, 400))
    sheet.chain(stream, parts)
    sheet.cord(parts, order, 1)
    sheet.cord(order, now, 2)
    sheet.cord(phase, now)
    sheet.cord(now, off, 0, 1)
    sheet.cord(order, kept, 1, 1)
    sheet.cord(order, off)
    sheet.chain(off, far, kept)
    sheet.cord(kept, phase, 0, 1)
