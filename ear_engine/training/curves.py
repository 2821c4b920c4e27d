"""The curve of a run: a CSV that survives a kill, a picture, and TensorBoard where it is installed."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ear_engine.whole_files import not_written, replacing

CSV = "curve.csv"
PNG = "curve.png"
_DRAW_SHARE = 20.0


@dataclass(frozen=True)
class Progress:
    """One line of the curve; validation figures are NaN where none was made."""

    step: int
    loss: float
    accuracy: float
    chance: float
    validation_loss: float
    validation_accuracy: float


class Curve:
    """The lines of a run in its folder.

    Args:
        folder: of the run.
        step: the run goes on after this one; lines of later steps, which a killed run made, are dropped.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self.folder = folder
        self._board: Any = None
        self._draw_after = 0.0
        path = folder / CSV
        if path.exists():
            header, *lines = path.read_bytes().splitlines(keepends=True) or [b""]
            kept = [line for line in lines if line.endswith(b"\n") and 0 < _step(line) <= step]
            with replacing(path) as whole:
                whole.write(b"".join([header, *kept] if kept else []))

    def add(self, lines: Sequence[Progress]) -> None:
        """Append lines.

        Raises:
            UserError: they cannot be written (a full disk, say).
        """
        try:
            with (self.folder / CSV).open("a", newline="") as file:
                writer = csv.writer(file)
                if file.tell() == 0 and lines:
                    writer.writerow(asdict(lines[0]))
                writer.writerows(asdict(line).values() for line in lines)
        except OSError as error:
            raise not_written(self.folder / CSV, error) from None
        if find_spec("tensorboard") is not None:
            self._show(lines)

    def _show(self, lines: Sequence[Progress]) -> None:
        if self._board is None:
            from torch.utils.tensorboard import SummaryWriter

            folder = str(self.folder / "tensorboard")
            self._board = SummaryWriter(folder, purge_step=lines[0].step)  # type: ignore[no-untyped-call,unused-ignore]
        for line in lines:
            for name, value in asdict(line).items():
                if name != "step" and math.isfinite(value):
                    self._board.add_scalar(name, value, line.step)

    def draw(self, *, now: bool = False) -> None:
        """Draw ``curve.png`` beside the CSV, if matplotlib is installed.

        Args:
            now: also if drawing so often would take more than a twentieth of the time.
        """
        began = time.monotonic()
        if find_spec("matplotlib") is None or (began < self._draw_after and not now):
            return
        draw_curve(self.folder / CSV, self.folder / PNG)
        ended = time.monotonic()
        self._draw_after = ended + _DRAW_SHARE * (ended - began)

    def close(self) -> None:
        """Finish what TensorBoard has to write."""
        if self._board is not None:
            self._board.close()


def _step(line: bytes) -> int:
    number = line.split(b",")[0]
    return int(number) if number.isdigit() else 0


def draw_curve(source: Path, target: Path) -> None:
    """A picture of loss and accuracy over steps, training and validation, with chance.

    Args:
        source: a run's CSV.
        target: a PNG, replaced in one go.
    """
    from matplotlib.figure import Figure

    with source.open(newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    figure = Figure(figsize=(9.0, 3.6))
    figure.subplots_adjust(0.07, 0.14, 0.985, 0.97, wspace=0.2)
    chance = rows[-1]["chance"] if rows else math.nan
    for axes, name, level, scale in zip(
        figure.subplots(1, 2), ("loss", "accuracy"), (-math.log(chance), chance), (1.0, 100.0), strict=True
    ):
        window = max(1, len(rows) // 200)
        smooth = [
            (rows[at]["step"], sum(row[name] for row in part) / len(part) * scale)
            for at in range(window - 1, len(rows), window)
            if (part := rows[at + 1 - window : at + 1])
        ]
        tested = [(r["step"], r[f"validation_{name}"] * scale) for r in rows if math.isfinite(r[f"validation_{name}"])]
        axes.plot(*zip(*smooth, strict=True), color="#888888", linewidth=1.0, label="training") if smooth else None
        axes.plot(*zip(*tested, strict=True), color="#c2410c", linewidth=2.0, label="validation") if tested else None
        axes.axhline(level * scale, color="#444444", linestyle=":", linewidth=1.0, label="chance")
        axes.set_xlabel("step")
        axes.set_ylabel("loss, nats" if name == "loss" else "contrast accuracy, %")
        axes.legend(frameon=False)
    with replacing(target) as file:
        figure.savefig(file, format="png", dpi=120)
