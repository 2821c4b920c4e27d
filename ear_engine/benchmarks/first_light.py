"""A minute of the real engine at three targets, from a beat and from silence: recorded, measured, drawn.

``python -m ear_engine.benchmarks.first_light OUT`` runs ``ear-engine serve`` six times (null audio, recorded to disk),
cuts the recordings into loops as they were heard, lets the ear listen to each, and writes the WAVs, a table in Markdown
and a picture into OUT. Everything is read from the recordings alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from ear_engine.ear.checkpoint import load_ear
from ear_engine.loudness import SILENT, LoudnessMeter
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.dream_source import SILENCE_LUFS
from ear_engine.resources import resource
from ear_engine.shared_memory.states import Target
from ear_engine.sources.loops import render_builtin
from ear_engine.targets.extents import select

TARGETS = ("encoder_0_conv2", "encoder_4_conv2", "autoregressive_6")
SOURCES = ("beat", "silence")
_RATE = 44100
_BANDS = 64
_FLOOR_DB = -80.0

Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Minute:
    """What one recording shows.

    ``activation`` is the mean of the target region over each heard loop; ``change`` the mel-spectral distance in dB
    (RMS over 64 bands and all frames) of each loop from the first; ``loudness`` in LUFS of each loop; ``jump`` the
    largest step between two samples at a beat, over the largest in the 50 ms around it (above 1 would be a click).
    """

    source: str
    target: str
    activation: list[float]
    change: list[float]
    loudness: list[float]
    aimed: float
    peak: float
    jump: float
    flatness: float
    steps_per_second: float
    dropouts: int


def mel_spectrum(loop: Audio) -> Audio:
    """Mel spectrogram of a mono loop in dB, (64, frames): circular frames of 2048 samples every 1024, -80 or more."""
    count = len(loop) // 1024
    index = (np.arange(2048) + 1024 * np.arange(count)[:, None]) % len(loop)
    power = np.abs(np.fft.rfft(loop[index] * np.hanning(2048), axis=1)) ** 2 / (0.375 * 2048**2 / 4)
    mel = 2595.0 * np.log10(1.0 + np.fft.rfftfreq(2048, 1 / _RATE) / 700.0)
    edges = np.linspace(2595.0 * np.log10(1 + 30 / 700), 2595.0 * np.log10(1 + 16000 / 700), _BANDS + 2)
    rise = (mel - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - mel) / np.diff(edges)[1:, None]
    bank = np.clip(np.minimum(rise, fall), 0.0, None)
    decibels: Audio = (10.0 * np.log10(bank @ power.T + 10.0 ** (_FLOOR_DB / 10.0))).astype(np.float32)
    return decibels


def record(source: str, target: str, seconds: float, path: Path) -> dict[str, float]:
    """Run the engine; return its last status."""
    command = [sys.executable, "-m", "ear_engine", "serve", "--no-restart", "--audio", "null", "--osc-port", "0"]
    command += ["--json-status", "--clip", source, "--record", str(path), "--seconds", str(seconds), "--seed", "1"]
    command += ["--target.layer", target]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    dreaming = [line["steps_per_second"] for line in lines if line["steps_per_second"] > 0]
    return {"speed": float(np.median(dreaming)), "dropouts": float(lines[-1]["dropouts"])}


def study(dream: Dream, source: str, target: str, path: Path, status: dict[str, float]) -> Minute:
    """Measure a recording, loop by loop."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == _RATE
    audio = audio.T
    region = Target(target, 0.5, 0.1, 20.0, 20000.0, 0.0, 0.0, 1.0)
    layer = dream.index[target]
    chosen = select(region, layer, ())
    meter = LoudnessMeter(dream.samples, _RATE)
    loops = [audio[:, at : at + dream.samples] for at in range(0, audio.shape[1] - dream.samples + 1, dream.samples)]
    activation = []
    for loop in loops:
        activation.append(float((dream.listen(loop)[target] @ chosen).mean()))
    spectra = [mel_spectrum(loop.mean(axis=0)) for loop in loops]
    last = 10.0 ** (spectra[-1] / 10.0)
    return Minute(
        source,
        target,
        activation,
        [float(np.sqrt(np.mean((s - spectra[0]) ** 2))) for s in spectra],
        [meter.measure(loop) for loop in loops],
        SILENCE_LUFS if dream.silent else dream.loudness,
        float(np.abs(audio).max()),
        _largest_jump(audio, dream.samples / dream.beats),
        float(np.exp(np.log(last).mean()) / last.mean()),
        status["speed"],
        int(status["dropouts"]),
    )


def _largest_jump(audio: Audio, beat: float) -> float:
    steps = np.abs(np.diff(audio, axis=1)).max(axis=0)
    worst = 0.0
    for count in range(1, int(len(steps) / beat)):
        at = round(count * beat)
        around = np.concatenate([steps[at - 2205 : at - 44], steps[at + 44 : at + 2205]])
        if len(around) and around.max() > 1e-4:
            worst = max(worst, float(steps[at - 3 : at + 3].max() / around.max()))
    return worst


def table(minutes: list[Minute]) -> str:
    """Markdown table of the figures."""
    head = "| from | target | activation, first loop → 3rd → last | least after the 3rd | "
    head += "change after two loops, at the end (dB) | loudness (LUFS, aimed) | peak | jump at beats | "
    head += "flatness | steps/s | dropouts |"
    rows = [head, "|" + " --- |" * 11]
    for m in minutes:
        heard = [value for value in m.loudness if value > SILENT]
        rows.append(
            f"| {m.source} | {m.target} | {m.activation[0]:.3f} → {m.activation[2]:.3f} → {m.activation[-1]:.3f} | "
            f"{min(m.activation[2:]):.3f} | {m.change[2]:.1f}, {m.change[-1]:.1f} | "
            f"{min(heard):.1f} … {max(heard):.1f} ({m.aimed:.1f}) | {m.peak:.2f} | {m.jump:.2f} | {m.flatness:.4f} | "
            f"{m.steps_per_second:.0f} | {m.dropouts} |"
        )
    return "\n".join(rows) + "\n"


def picture(folder: Path, minutes: list[Minute], seconds: float, path: Path) -> None:
    """Spectrograms of every recording's last loop beside the source, and the target's activation over the minute."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 6.6), layout="constrained", facecolor="#0d0f14")
    axes = figure.subplots(len(SOURCES), len(TARGETS) + 2, gridspec_kw={"width_ratios": [1] * 4 + [0.8]})
    for row, source in enumerate(SOURCES):
        own = render_builtin(source, _RATE).audio.mean(axis=0)
        shown = [("the source: " + source, own)]
        mine = [m for m in minutes if m.source == source]
        for minute in mine:
            audio, _ = soundfile.read(folder / f"{source}-{minute.target}.wav", dtype="float32", always_2d=True)
            last = len(audio) // len(own) - 1
            shown.append(
                (f"after {seconds:.0f} s: {minute.target}", audio[last * len(own) : (last + 1) * len(own)].mean(axis=1))
            )
        for axis, (title, loop) in zip(axes[row], shown, strict=False):
            axis.imshow(
                mel_spectrum(loop), origin="lower", aspect="auto", cmap="magma", vmin=-70, vmax=-5, extent=(0, 8, 0, 1)
            )
            axis.set_title(title, color="white", fontsize=9)
            axis.set_yticks([0, 0.5, 1], ["30 Hz", "2.7 kHz", "16 kHz"] if axis is axes[row][0] else ["", "", ""])
            axis.set_xlabel("beats", color="#9aa3b5", fontsize=8)
            axis.tick_params(colors="#9aa3b5", labelsize=7)
        plot = axes[row][-1]
        for minute, color in zip(mine, ("#ffb454", "#59c2ff", "#d95f9a"), strict=False):
            reference = minute.activation[0] if source != "silence" else minute.activation[1]
            plot.plot([value / reference for value in minute.activation], color=color, label=minute.target)
        plot.set_facecolor("#12151c")
        plot.set_title("target's activation, × the first", color="white", fontsize=9)
        plot.set_xlabel("loops heard", color="#9aa3b5", fontsize=8)
        plot.tick_params(colors="#9aa3b5", labelsize=7)
        plot.legend(fontsize=7, facecolor="#12151c", labelcolor="white", edgecolor="#333")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Record, measure, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="OUT")
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    ear = load_ear(resource("configs", "ears", "small"))
    minutes = []
    for source in SOURCES:
        clip = render_builtin(source, _RATE)
        for target in TARGETS:
            path = arguments.folder / f"{source}-{target}.wav"
            status = record(source, target, arguments.seconds, path)
            dream = Dream(ear, clip.audio, clip.beats)
            minutes.append(study(dream, source, target, path, status))
            print(table(minutes[-1:]), flush=True)
    (arguments.folder / "figures.md").write_text(table(minutes), encoding="utf-8")
    picture(arguments.folder, minutes, arguments.seconds, arguments.folder / "first_light.png")


if __name__ == "__main__":
    main()
