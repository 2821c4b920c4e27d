"""The one table: every parameter is declared here once, and everything else is generated from it.

From a row come the OSC address (``/ear/dream/rate``), its normalized twin (``/ear/norm/dream/rate``), the YAML key and
its check, the command-line flag (``--dream.rate``), and the reference page. Adding a parameter is one row.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ear_engine.errors import UserError

Value = float | int | bool | str
Kind = Literal["float", "int", "bool", "choice", "text", "trigger"]
Clip = Literal["both", "low", "high", "none"]
_TYPE_TAG = {"float": "f", "int": "i", "bool": "i", "choice": "s", "text": "s", "trigger": "i"}
_TRUE = {"true", "on", "yes", "1"}
_FALSE = {"false", "off", "no", "0"}


@dataclass(frozen=True)
class Parameter:
    """One row of the table.

    Args:
        name: ``group/name``, segments ``[a-z0-9_]``, never all digits.
        kind: type of its value; a trigger has none, it fires on no argument or a non-zero one and ignores 0.
        default: value at start.
        low, high: range, in ``unit``; ignored for bool, text and trigger.
        curve: how 0..1 (faders) maps to the range.
        clip: which ends of the range clip; a value past an end that does not clip is refused.
        zero: a value below ``low`` that is allowed because it means "off", or None.
        choices: allowed words of a choice.
        page: ``play`` (what is played) or ``expert``.
        implies: another parameter and the value it takes whenever this one is set, unless the same change sets it too.
        longest: most characters of a text.
        numbers: a text that lists whole numbers, which OSC may also send one by one.
    """

    name: str
    kind: Kind
    default: Value
    description: str
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    curve: Literal["linear", "log"] = "linear"
    clip: Clip = "both"
    zero: float | None = None
    choices: tuple[str, ...] = ()
    page: Literal["play", "expert"] = "play"
    implies: tuple[str, Value] | None = None
    longest: int = 200
    numbers: bool = False

    @property
    def group(self) -> str:
        """First segment of the name."""
        return self.name.split("/")[0]

    @property
    def address(self) -> str:
        """OSC address."""
        return f"/ear/{self.name}"

    @property
    def norm_address(self) -> str:
        """OSC address of the 0..1 twin."""
        return f"/ear/norm/{self.name}"

    @property
    def type_tag(self) -> str:
        """OSC type tag of the value as it is sent."""
        return _TYPE_TAG[self.kind]

    @property
    def numeric(self) -> bool:
        """Whether the value is a number with a range."""
        return self.kind in ("float", "int")

    def check(self, raw: object) -> Value:
        """Turn ``raw`` (from OSC, YAML or the command line) into a value of this parameter.

        Numbers, booleans and their spellings are converted to the declared type; numbers are clipped as ``clip`` says.

        Raises:
            UserError: wrong type, not finite, an unknown choice, or past an end that does not clip.
        """
        if self.kind in ("text", "choice"):
            if not isinstance(raw, str):
                raise self._refuse(f"takes text, not {raw!r}", "bad_type", f"send a word{self._example}")
            if self.kind == "choice" and raw not in self.choices:
                raise self._refuse(f"has no choice {raw!r}", "bad_value", f"use one of {', '.join(self.choices)}")
            return raw
        number = self._number(raw)
        if self.kind in ("bool", "trigger"):
            return bool(number)
        if self.zero is not None and number == self.zero:
            return int(number) if self.kind == "int" else number
        if number < self.low:
            if self.clip not in ("both", "low"):
                raise self._refuse(f"is {number:g}, below {self.low:g}{self._suffix}", "out_of_range", self._range)
            number = self.low
        if number > self.high:
            if self.clip not in ("both", "high"):
                raise self._refuse(f"is {number:g}, above {self.high:g}{self._suffix}", "out_of_range", self._range)
            number = self.high
        return round(number) if self.kind == "int" else float(number)

    def normalize(self, value: Value) -> float:
        """Position 0..1 of ``value`` in the range, the curve applied."""
        if self.kind in ("bool", "trigger"):
            return float(bool(value))
        if self.kind == "choice":
            return self.choices.index(str(value)) / max(1, len(self.choices) - 1)
        self._need_range()
        number = min(max(float(value), self.low), self.high)
        if self.curve == "log":
            return math.log(number / self.low) / math.log(self.high / self.low)
        return (number - self.low) / (self.high - self.low)

    def denormalize(self, position: object) -> Value:
        """Value at ``position`` 0..1 of the range (clipped), the curve applied."""
        share = min(max(self._number(position), 0.0), 1.0)
        if self.kind in ("bool", "trigger"):
            return share >= 0.5
        if self.kind == "choice":
            return self.choices[round(share * (len(self.choices) - 1))]
        self._need_range()
        if self.curve == "log":
            number = self.low * math.pow(self.high / self.low, share)
        else:
            number = self.low + share * (self.high - self.low)
        return round(number) if self.kind == "int" else number

    def _need_range(self) -> None:
        if self.kind == "text":
            raise self._refuse("is text and has no 0..1 position", "bad_type", f"use {self.address}")

    def _number(self, raw: object) -> float:
        if isinstance(raw, str):
            word = raw.strip().lower()
            if self.kind in ("bool", "trigger") and word in _TRUE | _FALSE:
                return float(word in _TRUE)
            try:
                raw = float(word)
            except ValueError:
                raise self._refuse(f"takes a number, not {raw!r}", "bad_type", self._range) from None
        if not isinstance(raw, int | float):
            raise self._refuse(f"takes a number, not {raw!r}", "bad_type", self._range)
        try:
            number = float(raw)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self._refuse(f"takes finite numbers, not {number}", "bad_value", self._range)
        return number

    @property
    def _suffix(self) -> str:
        return f" {self.unit}" if self.unit else ""

    @property
    def _example(self) -> str:
        return f", such as {self.default!r}" if self.default else ""

    @property
    def _range(self) -> str:
        if not self.numeric:
            return "send 0 or 1"
        off = f" (or {self.zero:g} for off)" if self.zero is not None else ""
        return f"send {self.low:g} to {self.high:g}{self._suffix}{off}"

    def _refuse(self, reason: str, code: str, mend: str) -> UserError:
        return UserError(self.name, reason, mend, code)


def _table() -> tuple[Parameter, ...]:
    p = Parameter
    return (
        p("dream/run", "bool", True, "Let the dream go on; off, the last loop plays on unchanged."),
        p("dream/rate", "float", -18.0, "Change of the loop in one beat, relative to its loudness.", -60, -6, "dB"),
        p("dream/pull", "float", 6.0, "Half-life of the pull back to the source; 0 is no pull.", 0.25, 256, "beats", "log", zero=0.0),
        p("dream/autopilot", "bool", False, "Let the engine play by itself: clips, targets, morphs on the bar; touching a target ends it."),
        p("source/clip", "text", "beat", "Loop to dream from: the name of a clip."),
        p("source/fit", "choice", "clip_tempo", "How a clip meets the loop: the loop takes the clip's length, the clip is resampled to tempo and beats (its pitch follows), or each of its beats is laid on one of the loop's, cut or followed by a rest.", choices=("clip_tempo", "stretch", "crop"), page="expert"),
        p("source/record", "trigger", False, "Record one loop of the live input from the next bar on; it becomes the source. Again, while it waits or records: no.", page="expert"),
        p("source/reset", "trigger", False, "Go back to the source at once."),
        p("target/by", "choice", "layer", "What decides the target: a layer, a depth, a disc on the map, neurons, a name, a clip, an expression, or the way between the stored a and b. Setting one of those chooses it.", choices=("layer", "depth", "map", "neurons", "name", "imprint", "objective", "morph")),
        p("target/layer", "text", "encoder_3_conv1", "Layer of the ear that shall fire.", implies=("target/by", "layer")),
        p("target/depth", "float", 0.5, "How deep in the ear, from its first layer to its last; between two layers both fire.", implies=("target/by", "depth")),
        p("target/channel", "float", 0.5, "Center of the target's channels in the layer."),
        p("target/channel_width", "float", 0.1, "Share of the layer's channels in the target; at least one."),
        p("target/freq_low", "float", 20.0, "Lowest frequency of the target.", 20, 20000, "Hz", "log"),
        p("target/freq_high", "float", 20000.0, "Highest frequency of the target.", 20, 20000, "Hz", "log"),
        p("target/start", "float", 0.0, "Where in the loop the target begins.", 0, 64, "beats", page="expert"),
        p("target/length", "float", 0.0, "How long the target lasts; 0 is the whole loop.", 0, 64, "beats", page="expert"),
        p("target/x", "float", 0.5, "Center of the target on the map, left to right.", implies=("target/by", "map")),
        p("target/y", "float", 0.5, "Center of the target on the map, bottom to top.", implies=("target/by", "map")),
        p("target/radius", "float", 0.1, "Radius of the target on the map, whose sides are 1.", 0.005, 1.0, "", "log", implies=("target/by", "map")),
        p("target/neurons", "text", "", "Numbers of the neurons that shall fire, and ranges of them: 12-40, 77.", implies=("target/by", "neurons"), longest=24576, numbers=True, page="expert"),
        p("target/name", "text", "", "Words for what shall be heard: bright hats, low tones, 220 Hz.", implies=("target/by", "name")),
        p("target/imprint", "text", "", "Clip that the ear shall believe to hear: a name, now, source or input.", implies=("target/by", "imprint"), page="expert"),
        p("target/objective", "text", "", "What shall rise, as an expression: 0.7*channel(encoder_4_conv2, 12) - 0.3*surprise().", implies=("target/by", "objective"), longest=1000),
        p("target/a", "trigger", False, "Store the current target as a."),
        p("target/b", "trigger", False, "Store the current target as b."),
        p("target/morph", "float", 0.0, "From the stored target a (0) to b (1).", implies=("target/by", "morph")),
        p("target/weight", "float", 1.0, "Strength of this target among the kept ones; below 0 it is silenced.", -2, 2, page="expert"),
        p("target/keep", "trigger", False, "Keep the current target while others are chosen."),
        p("target/clear", "trigger", False, "Forget all kept targets."),
        p("tone/tilt", "float", -4.5, "Spectral tilt of every change: below 0 darker, above 0 brighter.", -12, 12, "dB/oct"),
        p("tone/reshape", "float", 0.8, "Where change goes: from new sound in silent places (0) to what sounds already (1)."),
        p("tone/low", "float", 0.0, "Change of low sounds, more or less than the tilt gives.", -24, 24, "dB"),
        p("tone/mid", "float", 0.0, "Change of middle sounds.", -24, 24, "dB"),
        p("tone/high", "float", 0.0, "Change of high sounds.", -24, 24, "dB"),
        p("tone/tonal", "float", 0.0, "Change of noise and hits only (-1) to change of tones only (1).", -1, 1),
        p("tone/scale", "choice", "minor", "Scale that tone/scale_lock holds to.", choices=("major", "minor", "harmonic_minor", "dorian", "phrygian", "lydian", "mixolydian", "pentatonic", "minor_pentatonic", "whole_tone", "octaves", "fifths")),
        p("tone/root", "choice", "a", "Root of that scale.", choices=("c", "c_sharp", "d", "d_sharp", "e", "f", "f_sharp", "g", "g_sharp", "a", "a_sharp", "b")),
        p("tone/scale_lock", "float", 0.0, "How strictly change keeps to the scale."),
        p("rhythm/grid", "choice", "off", "Pulses that change comes in.", choices=("off", "bar", "beat", "half", "triplet", "quarter")),
        p("rhythm/density", "float", 1.0, "Share of the grid's pulses that are open."),
        p("rhythm/lock", "float", 0.0, "How strictly change follows the source's own onsets."),
        p("memory/hold", "bool", False, "Hold what is heard as it is: the dream rests, and goes on from there when it is let go."),
        p("memory/keep", "trigger", False, "Keep the loop that is heard, however many others come."),
        p("memory/back", "trigger", False, "Back to the loop that was heard before, and again, to the one before that."),
        p("memory/dice", "trigger", False, "Throw dice: what is played moves from where it is. /ear/control/undo takes it back."),
        p("memory/amount", "float", 0.2, "How far dice move things, as a share of their ranges.", page="expert"),
        p("memory/locked", "text", "", "What dice leave as it is: names of parameters, with commas between them.", longest=1000, page="expert"),
        p("transform/time_shift", "float", 1.0, "Random circular shift of what the ear hears, as a share of the loop.", page="expert"),
        p("transform/pitch_shift", "float", 0.0, "Largest random change of pitch of what the ear hears, up or down.", 0, 2, "semitones", page="expert"),
        p("transform/loudness", "float", 0.0, "Largest random change of loudness of what the ear hears, up or down.", 0, 24, "dB", page="expert"),
        p("transform/time_mask", "float", 0.1, "Longest random stretch of time hidden from the ear, as a share of the loop.", page="expert"),
        p("transform/freq_mask", "float", 0.1, "Widest random band hidden from the ear, as a share of its bins.", page="expert"),
        p("transform/gradient_noise", "float", 0.0, "Noise in every change, as a share of it.", page="expert"),
        p("transform/denoise", "float", 0.0, "How strongly faint noise between the sounds is taken away.", page="expert"),
        p("penalty/activation", "float", 0.0, "Cost of everything that fires besides the target.", page="expert"),
        p("penalty/noise", "float", 0.0, "Cost of noise.", page="expert"),
        p("penalty/high_frequency", "float", 0.0, "Cost of high frequencies.", page="expert"),
        p("penalty/total_variation", "float", 0.0, "Cost of restless spectra.", page="expert"),
        p("optimizer/method", "choice", "normalized", "How the gradient becomes a step.", choices=("normalized", "momentum", "adam", "sign"), page="expert"),
        p("optimizer/parametrization", "choice", "waveform", "What the steps are taken in: samples, Fourier coefficients, constant-Q coefficients, or phases with the spectrum held.", choices=("waveform", "fourier", "constant_q", "phase"), page="expert"),
        p("optimizer/batch_size", "int", 1, "Shifted and masked copies heard in one step.", 1, 16, page="expert"),
        p("optimizer/steps_per_loop", "int", 0, "Most steps in one loop; 0 is as many as the machine makes.", 1, 4096, "steps", "log", zero=0.0, page="expert"),
        p("model/ear", "text", "", "Ear that listens: a name that /ear/ears/list lists.", page="expert"),
        p("model/device", "choice", "auto", "What the ear runs on.", choices=("auto", "cpu", "cuda", "mps"), page="expert"),
        p("map/motion", "choice", "auto", "Whether the map of neurons moves by what the ear hears, stays where it is (frozen) or lies still as it is stored; auto moves it with a GPU.", choices=("auto", "live", "frozen", "still"), page="expert"),
        p("map/share", "float", 0.25, "Share of one processor core that a moving map may take; a GPU is not held back.", 0.02, 1.0, "", "log", page="expert"),
        p("map/follow", "float", 1.0, "How much more room neurons take on a moving map while they fire.", 0, 4, page="expert"),
        p("view/palette", "choice", "paper", "Colors of the viewer: the paper's four, safe for color-blind people, by depth, for projectors, ink on white.", choices=("paper", "safe", "depth", "stage", "ink"), page="expert"),
        p("view/latency_ms", "float", 0.0, "How much earlier the viewer shows what is heard, for projectors that are late.", -500, 500, "ms", page="expert"),
        p("view/light", "float", 1.0, "Brightness of all that the viewer shows of the ear.", page="expert"),
        p("view/links", "float", 1.0, "Share of the links between groups of neurons that the viewer draws.", page="expert"),
        p("view/glow", "bool", True, "Halos around bright neurons in the viewer.", page="expert"),
        p("view/blackout", "bool", False, "Let the viewer fade to black.", page="expert"),
        p("view/share", "float", 0.35, "Share of the processor that the viewer may take where no graphics card draws.", 0.05, 1.0, "", "log", page="expert"),
        p("view/output_size", "choice", "1280x720", "Pixels of the picture that the viewer gives to other programs.", choices=("640x360", "1280x720", "1920x1080", "1080x1080", "1080x1920"), page="expert"),
        p("view/output_rate", "float", 30.0, "Pictures a second that the viewer gives to other programs, at most.", 1, 60, "Hz", page="expert"),
        p("view/output_quality", "int", 80, "How faithful pictures are that are compressed for other programs.", 20, 95, "%", page="expert"),
        p("playback/wet", "float", 1.0, "From the source (0) to the dream (1)."),
        p("playback/gain", "float", 0.0, "Loudness.", -60, 12, "dB"),
        p("playback/mute", "bool", False, "Silence, while everything else goes on."),
        p("playback/panic", "trigger", False, "Fade out in 30 ms: mutes the hall, ends the cue and any excerpt; playback/mute off brings the sound back.", implies=("playback/mute", True)),
        p("playback/limit", "float", -1.0, "No sample goes out above this; what stays below is untouched. At 24 the limiter never acts.", -24, 24, "dB", page="expert"),
        p("playback/offset", "float", 0.0, "How much earlier playhead, lights and beats are told than they are heard; below 0 later. The sound stays where it is.", -500, 500, "ms", page="expert"),
        p("playback/run", "bool", True, "Play; off, the sound stops at once, and on, the loop begins with its first beat.", page="expert"),
        p("playback/tap", "trigger", False, "Tap the tempo: from the fourth tap on it is that of the last taps; two seconds without one begin anew."),
        p("playback/link", "bool", False, "Play in time with other programs by Ableton Link: tempo, bars, start and stop.", page="expert"),
        p("playback/tempo", "float", 120.0, "Tempo of the loop from the next bar on; follows the clip if source/fit is clip_tempo.", 20, 300, "BPM", page="expert"),
        p("playback/beats", "int", 8, "Length of the loop from the next bar on; follows the clip if source/fit is clip_tempo.", 1, 64, "beats", page="expert"),
        p("playback/quantize", "choice", "beat", "Where a new version of the loop may enter.", choices=("half", "beat", "bar", "loop")),
        p("playback/crossfade", "float", 20.0, "Crossfade from one version of the loop to the next.", 1, 500, "ms", "log", page="expert"),
        p("listen/run", "bool", False, "Let the ear hear the live input all the time and tell what it makes of it.", page="expert"),
        p("listen/delay", "float", 100.0, "How long the ear waits for what follows a moment of the live input before it tells; longer is closer to what it makes of a loop, in the lowest octaves.", 20, 1200, "ms", "log", page="expert"),
        p("audition/level", "float", 0.0, "Loudness of an excerpt of music that is auditioned, as against the loop.", -40, 12, "dB", page="expert"),
        p("audition/duck", "float", -20.0, "How much softer the loop is meanwhile.", -60, 0, "dB", page="expert"),
        p("audition/seconds", "float", 4.0, "Length of an excerpt.", 1, 12, "s", page="expert"),
        p("audition/stop", "trigger", False, "End the excerpt that sounds.", page="expert"),
        p("cue/source", "choice", "off", "What the second pair of outputs carries: nothing, the newest dream before it is heard in the hall (next), or the source. Excerpts are always heard there.", choices=("off", "next", "source"), page="expert"),
        p("cue/level", "float", 0.0, "Loudness of the cue.", -60, 12, "dB", page="expert"),
        p("midi/clock_in", "bool", False, "Follow a MIDI clock: its tempo, its bars, start and stop.", page="expert"),
        p("midi/clock_out", "bool", False, "Send MIDI clock: 24 ticks a beat where the beat is heard, with start, stop and position.", page="expert"),
        p("midi/clock_from", "text", "", "Part of the name of the MIDI port whose clock is followed; the first that ticks if it is empty.", page="expert"),
        p("midi/clock_to", "text", "", "Part of the names of the MIDI ports that get the clock; all if it is empty.", page="expert"),
    )  # fmt: skip


class ParameterTree:
    """All parameters by name, and their current values.

    Args:
        table: rows; the built-in table if None.

    The tree only stores; who changes a value and when is the control log's business.
    """

    def __init__(self, table: Iterable[Parameter] | None = None) -> None:
        self._rows = {row.name: row for row in (_table() if table is None else table)}
        self.values: dict[str, Value] = {r.name: r.default for r in self._rows.values() if r.kind != "trigger"}

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._rows.values())

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def __getitem__(self, name: str) -> Parameter:
        """Row of ``name``.

        Raises:
            UserError: no such parameter; the nearest names are given.
        """
        row = self._rows.get(name)
        if row is None:
            near = difflib.get_close_matches(name, self._rows, n=3, cutoff=0.5)
            mend = f"did you mean {' or '.join(near)}?" if near else "see `ear-engine parameters`"
            raise UserError(f"parameter {name!r}", "does not exist", mend.rstrip("?"), "unknown_parameter")
        return row

    def check_all(self, raw: Mapping[str, object]) -> dict[str, Value]:
        """Check many values at once (a set file); nothing is stored.

        Raises:
            UserError: for the first name or value that is refused.
        """
        return {name: self[name].check(value) for name, value in raw.items()}
