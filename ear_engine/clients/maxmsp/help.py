"""Help patches and reference pages of the abstractions: what each does, its arguments, and something to try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ear_engine.clients.maxmsp import abstractions
from ear_engine.clients.maxmsp.sheet import Sheet


@dataclass(frozen=True)
class Page:
    """What is said of one abstraction.

    Args:
        name: of it.
        does: one or two lines.
        arguments: (name, type, description).
        inlet: (message, description).
        outlets: what each gives.
        tries: puts something to try below ``y`` into the help patch.
    """

    name: str
    does: str
    arguments: tuple[tuple[str, str, str], ...]
    inlet: tuple[tuple[str, str], ...]
    outlets: tuple[str, ...]
    tries: Callable[[Sheet, int], None]

    def help(self) -> Sheet:
        """The help patch."""
        sheet = Sheet((720, 620))
        sheet.comment(self.name, (20, 12), 300, fontsize=20.0)
        sheet.comment(self.does, (20, 44), 640)
        lines = [f"{name} ({kind}): {what}" for name, kind, what in self.arguments]
        lines += [f"inlet · {message}: {what}" for message, what in self.inlet]
        lines += [f"outlet {number + 1} · {what}" for number, what in enumerate(self.outlets)]
        y = 96
        for line in lines:
            note = sheet.comment(line, (20, y), 640)
            y += int(note.patching_rect[3]) if note.patching_rect is not None else 20
        self.tries(sheet, y + 16)
        return sheet

    def reference(self) -> bytes:
        """The reference page, ``.maxref.xml``."""
        first, _, rest = self.does.partition("\n")
        parts = [
            '<?xml version="1.0" encoding="utf-8" standalone="yes"?>',
            f'<c74object name={quoteattr(self.name)} module="ear-engine" category="ear-engine">',
            f"<digest>{escape(first)}</digest>",
            f"<description>{escape(rest or first)}</description>",
            "<objarglist>",
            *(
                f'<objarg name={quoteattr(name)} optional="{int(kind.startswith("optional"))}" '
                f"type={quoteattr(kind.split()[-1])}><digest>{escape(what)}</digest></objarg>"
                for name, kind, what in self.arguments
            ),
            "</objarglist>",
            "<methodlist>",
            *(
                f"<method name={quoteattr(message.split()[0])}><digest>{escape(what)}</digest>"
                f"<description>{escape(message)}</description></method>"
                for message, what in self.inlet
            ),
            "</methodlist>",
            '<misc name="Output">',
            *(
                f'<entry name="outlet {number + 1}"><description>{escape(what)}</description></entry>'
                for number, what in enumerate(self.outlets)
            ),
            "</misc>",
            "<seealsolist>",
            *(f"<seealso name={quoteattr(page.name)}/>" for page in pages() if page.name != self.name),
            "</seealsolist>",
            "</c74object>",
        ]
        return ("\n".join(parts) + "\n").encode()


def pages() -> tuple[Page, ...]:
    """All of them."""
    return (
        Page(
            "ear.engine",
            abstractions.ENGINE_DOES,
            (
                ("host", "optional symbol", "where the engine runs (127.0.0.1)"),
                ("port", "optional int", "its OSC port (9000)"),
                ("listen", "optional int", "port that Max listens at (7400)"),
            ),
            (
                ("start", "start the engine here; it has to be installed"),
                ("stop", "end it, wherever it runs"),
                ("host NAME", "look for it elsewhere; serve it with --bind there"),
                ("port N", "its OSC port"),
                ("listen N", "another port for Max"),
                ("bang", "ask for everything again"),
            ),
            ("state 1 when it is found, 0 when it is lost; engine NAME VERSION; fail ADDRESS CODE TEXT; program …",),
            _engine,
        ),
        Page(
            "ear.param",
            abstractions.PARAM_DOES,
            (("address", "symbol", "/ear/dream/rate and so on; `ear-engine parameters` lists them"),),
            (
                ("value", "set it; what is out of range is clipped"),
                ("norm 0..1", "set it by its position in the range, its curve applied"),
                ("default", "set it to what the engine starts with"),
                ("text …", "set a text of several words"),
                ("bang", "ask the engine"),
            ),
            (
                "the value, whenever it changes, whoever changed it",
                "its position 0..1",
                "facts: label, kind, unit, hint, range LOW HIGH, menu … (for a umenu), shown TEXT",
            ),
            _param,
        ),
        Page(
            "ear.stream",
            abstractions.STREAM_DOES,
            (
                ("address", "symbol", "/ear/playhead, /ear/summary/mean, /ear/rank/encoder_3_conv1 and so on"),
                ("rate", "optional float", "messages a second (30)"),
            ),
            (("rate N", "messages a second"), ("bang", "subscribe again")),
            (
                "values; of a layer's many neurons 256 in a message",
                "what comes before them: loop, frame, offset, total",
            ),
            _stream,
        ),
        Page(
            "ear.loop",
            abstractions.LOOP_DOES,
            (("name", "symbol", "of the two buffers, with .a and .b behind it"),),
            (("bang", "ask for the newest loop"),),
            (
                "name of the buffer that has the newest loop, when it has been read",
                "number, seconds, rate, beats, tempo",
            ),
            _loop,
        ),
        Page(
            "ear.list",
            abstractions.LIST_DOES,
            (("address", "symbol", "/ear/layers/list, /ear/preset/list or /ear/clips/list"),),
            (("bang", "ask again"),),
            ("for a umenu: clear, append NAME", "bang when it is filled"),
            _list,
        ),
    )


def _engine(sheet: Sheet, y: int) -> None:
    engine = sheet.box("ear.engine 127.0.0.1 9000 7400", (20, y + 40))
    for number, word in enumerate(("start", "stop", "bang", "host 192.168.1.20", "port 9000")):
        sheet.cord(sheet.message(word, (20 + 130 * number, y)), engine)
    sheet.chain(engine, sheet.box("print ear-engine", (20, y + 80)))


def _param(sheet: Sheet, y: int) -> None:
    sheet.comment("needs one ear.engine somewhere", (420, y), 200)
    sheet.box("ear.engine", (420, y + 24))
    number = sheet.ui("flonum", (20, y, 60, 22))
    norm = sheet.message("norm 0.5", (90, y))
    default = sheet.message("default", (160, y))
    param = sheet.box("ear.param /ear/dream/rate", (20, y + 50))
    back = sheet.box("prepend set", (20, y + 90))
    position = sheet.ui("flonum", (120, y + 90, 60, 22))
    facts = sheet.box("print dream/rate", (200, y + 90))
    for source in (number, norm, default):
        sheet.cord(source, param)
    sheet.chain(param, back, number)
    sheet.cord(param, position, 1)
    sheet.cord(param, facts, 2)


def _stream(sheet: Sheet, y: int) -> None:
    sheet.comment("needs one ear.engine somewhere", (420, y), 200)
    sheet.box("ear.engine", (420, y + 24))
    head = sheet.box("ear.stream /ear/playhead 30.", (20, y))
    parts = sheet.box("unpack 0 0. 0 0. 0", (20, y + 40))
    phase = sheet.ui("slider", (20, y + 80, 160, 20), orientation=1, floatoutput=1, size=1.0)
    sheet.cord(head, parts)
    sheet.cord(parts, phase, 1)
    ranks = sheet.box("ear.stream /ear/rank/encoder_3_conv1 10.", (210, y + 60))
    bars = sheet.ui("multislider", (210, y + 100, 256, 80), setminmax=[0.0, 1.0], setstyle=1, size=256)
    order = sheet.box("print loop_frame_offset_total", (480, y + 100))
    sheet.cord(ranks, bars)
    sheet.cord(ranks, order, 1)


def _loop(sheet: Sheet, y: int) -> None:
    sheet.comment("needs one ear.engine somewhere; ear.example plays the loops in step", (420, y), 240)
    sheet.box("ear.engine", (420, y + 44))
    loop = sheet.box("ear.loop dream", (20, y))
    name = sheet.box("prepend set", (20, y + 40))
    facts = sheet.box("print loop", (130, y + 40))
    seen = sheet.ui("waveform~", (20, y + 80, 400, 100), buffername="dream.a")
    sheet.cord(loop, name)
    sheet.cord(loop, facts, 1)
    sheet.cord(name, seen)


def _list(sheet: Sheet, y: int) -> None:
    sheet.box("ear.engine", (420, y))
    layers = sheet.box("ear.list /ear/layers/list", (20, y))
    menu = sheet.ui("umenu", (20, y + 40, 160, 22))
    param = sheet.box("ear.param /ear/target/layer", (20, y + 80))
    back = sheet.box("prepend setsymbol", (20, y + 120))
    sheet.cord(layers, menu)
    sheet.cord(layers, param, 1)
    sheet.cord(menu, param, 1)
    sheet.chain(param, back, menu)
