"""BENCHMARKS.md: rows as a page that names the machine, the versions and the command."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from ear_engine.benchmarks.rows import Row

_PACKAGES = ("torch", "numpy", "moderngl", "pyo", "python-osc")
_PEERS = ("igraph", "fa2-modified")  # that are compared with where they are installed
_CPUINFO = Path("/proc/cpuinfo")
_HEAD = """# Benchmarks

Every figure is the median of a run in which the engine and a plain reference took turns, round by round, in the same
process or against the same engine, so a busy machine slows both; the ratio is the median over rounds of the ratio in
one round, and above 1 the engine is better. `floor` is the share of the time that the machine needs at least: counted
operations over the rate at which it multiplies float32 matrices, or counted bytes over its memory bandwidth, whichever
is longer, both measured in the same run; 100 % leaves nothing to win.
"""
_ABOUT = {
    "scalogram": """A loop of 180,224 samples (176 frames, 216 bins) to log amplitude and phase and the gradient back.
The references use Hann windows in time of the original's length (16,179 samples at 40 Hz), half the length of ours.""",
    "dream": """Steps of a dream from noise with the table's settings. The reference follows the original's procedure:
the loop tiled to 550,000 samples, one conv1d an octave at twice the frame rate, max pooling, the whole network on 521
frames without folded normalization, and the gradient back to the loop. It is given our causal network, weights without
gradients and no bookkeeping. Operations are counted on the plain network: convolutions and their gradients on what they
heard. The floor of a row in bfloat16 is that of products in bfloat16.""",
    "training": """A step of training from noise to changed weights: scalogram, network, loss (equation 1), gradients,
AdamW; excerpts of 272 frames (6.3 s), on a GPU if there is one. Two processes share one batch as under `torchrun`, a
thread each, against one process with a thread and the whole batch: 2 would be perfect on two free cores.""",
    "layout": """The map. A step is one of the whole simulation (repulsion, attraction, motion) where the layout is at
rest; one of ten measures stiffness, too, and needs repulsion twice. It is held against repulsion alone, 1.1 times, by
the sum of all pairs, computed for some vertices and multiplied, and by a Barnes-Hut tree (angle 0.5) of this project.
Errors of the repulsion are those against the sum in float64 at 400 vertices: as the finest level begins, half-way and
at rest. A whole layout is made once, in a fresh process; memory is the most it had. Graphs that are no ear's are
encoders of twelve layers with windows of five places; their edges grow as vertices to the power of 1.5. igraph and fa2
make as many iterations as they do by default; where they would take too long some are counted without being made.
Neighborhoods preserved: of a vertex with d edges, the share of the d vertices nearest on the map that it has an edge
to; the mean over 400 vertices. Energy is that whose slope the forces are: all pairs, springs and centering.""",
    "view": """Until OpenGL is done with a frame of the whole map (neurons, links, glow, exposure), offscreen, while the
ear's own loop plays; nothing is left out to be in time. The renderer is named; llvmpipe is OpenGL by the processor,
for which the target is another one than on a graphics card. The reference draws neurons alone, with one thread. How
soon hands are answered is measured in a real window (Xvfb, xdotool) beside an engine that dreams on the same cores:
until the frame that shows another target, and until the first sample of a loop dreamed for the last stroke of a brush,
which enters with a beat and is scheduled a quarter of a second before.""",
    "render": """`ear-engine render` to an MP4 file, from the first frame to the whole file: another process dreams,
frames are drawn and encoded in two threads. The reference does all that in one process, one thing after another, though
OpenGL by the processor and x264 have their own threads there, too. Loading the ear comes on top, two or three seconds
of a film of any length.""",
    "osc": """A real engine (`ear-engine serve --audio null`) over UDP on this machine: from sending a value and a
question to the answer with that value. The reference is a python-osc server in a process of its own that stores
values and answers, asked in turns with the engine while the engine is in the same state. Streams of all neurons go to a
client on the same machine that asks for a receive buffer of 1 MB; a turn for which the node has no time is left out, so
fewer frames than 43 a second say how busy the machine is. A frame that does not arrive whole has lost packets.""",
}


def describe_machine() -> dict[str, str]:
    """What the figures depend on: processor, cores, threads, system, versions."""
    model = platform.processor() or platform.machine()
    if _CPUINFO.exists():
        names = [line.split(":", 1)[1] for line in _CPUINFO.read_text().splitlines() if line.startswith("model name")]
        model = names[0].strip() if names else model
    import torch

    versions = {name: metadata.version(name) for name in _PACKAGES}
    for name in _PEERS:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    machine = {
        "Processor": f"{model}, {os.cpu_count()} cores, {torch.get_num_threads()} threads for torch",
        "System": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "Versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }
    if hasattr(os, "getloadavg"):
        machine["Load before it began"] = f"{os.getloadavg()[0]:.1f} (average of a minute; near 0 is a quiet machine)"
    return machine


def markdown(rows: Iterable[Row], machine: Mapping[str, str], command: str) -> str:
    """The page."""
    out = [_HEAD, f"Written by `{command}`.\n", *(f"- {name}: {text}" for name, text in machine.items())]
    part = ""
    for row in rows:
        if row.part != part:
            part = row.part
            out += [
                f"\n## {part.capitalize() if part != 'osc' else 'OSC'}\n",
                _ABOUT.get(part, "") + "\n",
                "| case | value | reference | ratio | floor | target | met |",
                "|---|---:|---:|---:|---:|---:|---|",
            ]
        cells = [
            row.case,
            _number(row.value, row.unit),
            _number(row.reference, row.unit),
            "" if row.ratio is None else f"{row.ratio:.3g}×",
            "" if row.floor_share is None else f"{100 * row.floor_share:.0f} %",
            _number(row.target, row.unit),
            {None: "", True: "yes", False: "no"}[row.met],
        ]
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n"


def write_markdown(rows: Iterable[Row], machine: Mapping[str, str], command: str, path: Path) -> None:
    """Write the page to ``path``."""
    path.write_text(markdown(rows, machine, command), encoding="utf-8")


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{text} {unit}"
