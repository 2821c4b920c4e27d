"""The streams and events: what each sends, one row each, for whoever describes the namespace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ear_engine.osc.formats import BARE
from ear_engine.osc.moments import TOP_COUNT
from ear_engine.osc.regions import FIGURES
from ear_engine.osc.reports import LayerInfo
from ear_engine.osc.stream_names import (
    ACTIVATION,
    AIM,
    ALL,
    BEAT,
    ENERGY,
    EVENT,
    HEARTBEAT,
    LIVE_ACTIVATION,
    LIVE_RANK,
    LIVE_SUMMARIES,
    LIVE_SURPRISE,
    LOOP,
    MAX,
    MEAN,
    OBJECTIVE,
    PLAYHEAD,
    POSITIONS,
    RANK,
    REGION,
    SUMMARIES,
    SURPRISE,
    TAKE,
    TOP,
)


@dataclass(frozen=True)
class Part:
    """One number or text of a stream's message.

    Args:
        name: what it is.
        tag: i, f or s.
        low, high: between which it lies; None where there is no end.
        unit: of it.
    """

    name: str
    tag: str
    low: float | None = None
    high: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class StreamRow:
    """One row.

    Args:
        address: of the stream; one that ends in ``/`` is that of one stream a layer and one of all, the name behind it.
        parts: what comes first in its message.
        description: one line.
        many: what follows again and again; None where nothing does.
        event: it is sent when something happens, not at a rate.
    """

    address: str
    parts: tuple[Part, ...]
    description: str
    many: Part | None = None
    event: bool = False

    @property
    def usage(self) -> str:
        """Address and what it sends, for people."""
        words = [f"{part.tag}:{part.name}" for part in self.parts]
        if self.many is not None:
            words.append(f"{self.many.tag}:{self.many.name}…")
        behind = "" if not self.address.endswith("/") else "<one…eight>" if self.address == REGION else "<layer|all>"
        return " ".join([self.address + behind, *words])


def stream_rows() -> tuple[StreamRow, ...]:
    """All rows."""
    p, row = Part, StreamRow
    loop, frame = p("loop", "i", 0), p("frame", "i", 0)
    some = (p("offset", "i", 0), p("total", "i", 0))
    return (
        row(
            PLAYHEAD,
            (loop, p("phase", "f", 0, 1), frame, p("beat", "f", 0, 64, "beats"), p("sequence", "i", 0)),
            "Where in which loop the sound is.",
        ),
        row(OBJECTIVE, (p("objective", "f"),), "How much the loop that is heard does what was asked for."),
        row(MEAN, (), "Mean activation of each layer, in their order.", p("mean", "f")),
        row(MAX, (), "Largest activation in each layer, in their order.", p("maximum", "f")),
        row(ENERGY, (), "Root of the mean square of each layer's activations.", p("energy", "f", 0)),
        row(
            SURPRISE,
            (),
            "Of each layer: mean of -log2(1 - rank), how rarely music makes its neurons fire as strongly.",
            p("surprise", "f", 0, 8, "bits"),
        ),
        row(
            ACTIVATION,
            (loop, frame, *some),
            "Activations of a layer, or of the whole network in index order; 256 in a message of the usual size.",
            p("activation", "f"),
        ),
        row(
            RANK,
            (loop, frame, *some),
            "The same as percentile ranks: the share of time in music that each neuron spends below; none "
            "until the first are known.",
            p("rank", "f", 0, 1),
        ),
        row(
            TOP,
            (
                loop,
                frame,
                *(q for k in range(1, TOP_COUNT + 1) for q in (p(f"neuron{k}", "i", -1), p(f"rank{k}", "f", 0, 1))),
            ),
            f"The {TOP_COUNT} neurons with the highest ranks, the highest first: number in the network, and rank; "
            "-1 and 0 where fewer fire.",
        ),
        row(
            REGION,
            (loop, frame, *(p(name, "f") for name in FIGURES)),
            "What the neurons of one of your eight regions do (/ear/region/define): activations, and mean rank.",
        ),
        *_live_rows(frame, some),
        row(
            HEARTBEAT,
            (
                p("seq", "i", 0),
                p("age_ms", "f", 0, None, "ms"),
                p("uptime", "f", 0, None, "s"),
                p("steps_per_second", "f", 0),
                p("dropouts", "i", 0),
                p("dropped", "i", 0),
            ),
            "At most twice a second, with or without sound: its number, how old the last word of the sound is, and "
            "what was dropped of your packets.",
        ),
        row(
            POSITIONS,
            (p("version", "i", 0), *some),
            "Where neurons are on the map, x and y by turns; sent once, and again when they have moved.",
            p("coordinate", "f", 0, 1),
        ),
        row(
            LOOP,
            (
                p("loop", "i", 0),
                p("path", "s"),
                p("seconds", "f", 0, None, "s"),
                p("sample_rate", "i", 0, None, "Hz"),
                p("beats", "i", 1, 64, "beats"),
                p("tempo", "f", 0, None, "BPM"),
            ),
            "A new loop is there as a WAV file on this machine; over HTTP it is /loops/NUMBER.wav.",
            event=True,
        ),
        row(EVENT, (p("level", "s"), p("code", "s"), p("message", "s")), "Something has happened.", event=True),
        row(
            BEAT,
            (
                p("bar", "i", 1),
                p("beat", "i", 1, 4),
                p("position", "i", 0, 63, "beats"),
                p("tempo", "f", 0, None, "BPM"),
            ),
            "A beat, told 0.15 s ahead in a bundle whose time tag is when it is heard: its bar since the "
            "start, beat in the bar, beat in the loop, tempo.",
            event=True,
        ),
        row(
            TAKE,
            (p("phase", "s"), p("share", "f", 0, 1), p("clip", "s")),
            "How a take of the live input goes (source/record): waits, records, done, called_off or failed; how much "
            "of it there is; what it is called.",
            event=True,
        ),
        row(AIM, (p("number", "i", 0),), "Something else is aimed at; GET /target says which neurons.", event=True),
    )


def _live_rows(frame: Part, some: tuple[Part, ...]) -> tuple[StreamRow, ...]:
    """What the ear makes of the live input; there only while ``listen/run`` is on and something comes in."""
    p, row = Part, StreamRow
    place = (p("loop", "i", 0, 0), frame, *some)
    of_layers = {
        "mean": ("Mean activation of each layer in the live input.", p("mean", "f")),
        "max": ("Largest activation in each layer.", p("maximum", "f")),
        "energy": ("Root of the mean square of each layer's activations.", p("energy", "f", 0)),
        "surprise": (
            "Of each layer: how rarely music makes its neurons fire as strongly.",
            p("surprise", "f", 0, 8, "bits"),
        ),
    }
    return (
        row(
            LIVE_SURPRISE,
            (p("surprise", "f", 0, None, "bits"), p("rank", "f", 0, 1)),
            "How badly the ear has predicted the last second of the live input: 0 surely, 8 by guessing, more if it "
            "expected anything else; and the share of the last five minutes in which it was lower.",
        ),
        *(row(address, (), *of_layers[word]) for address, word in LIVE_SUMMARIES.items()),
        row(
            LIVE_ACTIVATION,
            place,
            "Activations of a layer, or of the whole network, in the live input; loop is 0, frames count from when "
            "listening began.",
            p("activation", "f"),
        ),
        row(LIVE_RANK, place, "The same as percentile ranks.", p("rank", "f", 0, 1)),
    )


def find_row(address: str, rows: Sequence[StreamRow]) -> StreamRow | None:
    """The row that describes a stream or event."""
    exact = next((row for row in rows if row.address == address), None)
    return exact or next((r for r in rows if r.address.endswith("/") and address.startswith(r.address)), None)


def type_tags(address: str, row: StreamRow, layers: Sequence[LayerInfo]) -> str:
    """Type tags of a stream's (longest) message."""
    tags = "".join(part.tag for part in row.parts)
    if row.many is None:
        return tags
    neurons = {layer.name: layer.neurons for layer in layers}
    if address in SUMMARIES or address in LIVE_SUMMARIES:
        count = len(layers)
    elif address == POSITIONS:
        count = 2 * sum(neurons.values())
    else:
        name = address.removeprefix(row.address)
        count = sum(neurons.values()) if name == ALL else neurons.get(name, 0)
    return tags + row.many.tag * min(count, BARE)
