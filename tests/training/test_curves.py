"""The curve of a run: its file, its picture, TensorBoard where it is installed."""

from __future__ import annotations

import csv
import math
import sys
import types
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ear_engine.errors import UserError
from ear_engine.training.curves import CSV, PNG, Curve, Progress, draw_curve

draw_for_real = draw_curve  # the fixture that spares other tests from drawing comes later


def line(step: int, validated: bool = False) -> Progress:
    loss = 4.0 / step
    return Progress(step, loss, 0.1, 1 / 64, *((loss + 0.5, 0.05) if validated else (math.nan, math.nan)))


def steps(folder: Path) -> list[int]:
    with (folder / CSV).open(newline="") as file:
        return [int(row["step"]) for row in csv.DictReader(file)]


def test_lines_are_added_and_read_back(tmp_path: Path) -> None:
    curve = Curve(tmp_path, 0)
    curve.add([])
    curve.add([line(1)])
    curve.add([line(2), line(3, True)])
    with (tmp_path / CSV).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [4.0, 2.0, 4.0 / 3]
    assert [row["validation_loss"] for row in rows[:2]] == ["nan", "nan"]
    assert float(rows[2]["validation_accuracy"]) == 0.05


@pytest.mark.parametrize("step", [0, 2, 4, 9])
def test_a_run_that_goes_on_drops_what_came_after_its_save(tmp_path: Path, step: int) -> None:
    Curve(tmp_path, 0).add([line(n) for n in range(1, 5)])
    Curve(tmp_path, step)
    kept = min(step, 4)
    assert steps(tmp_path) == list(range(1, kept + 1)) if kept else (tmp_path / CSV).read_text() == ""
    Curve(tmp_path, step).add([line(kept + 1)])
    assert steps(tmp_path) == list(range(1, kept + 2))


@pytest.mark.parametrize("damage", [b"3,0.5", b"\x00\x00\x00\n", b"nonsense\n", b"3,0.5,0.1,0.01,nan,nan"])
def test_a_line_that_was_cut_off_is_dropped(tmp_path: Path, damage: bytes) -> None:
    Curve(tmp_path, 0).add([line(1), line(2)])
    with (tmp_path / CSV).open("ab") as file:
        file.write(damage)
    Curve(tmp_path, 3).add([line(3)])
    assert steps(tmp_path) == [1, 2, 3]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    curve = Curve(tmp_path, 0)
    (tmp_path / CSV).mkdir()
    with pytest.raises(UserError, match=rf"folder {str(tmp_path)!r} does not take curve.csv"):
        curve.add([line(1)])


def test_a_picture_shows_training_and_validation(tmp_path: Path) -> None:
    image = pytest.importorskip("matplotlib.image")
    curve = Curve(tmp_path, 0)
    curve.add([line(n, n % 10 == 0) for n in range(1, 301)])
    draw_for_real(tmp_path / CSV, tmp_path / PNG)
    picture = image.imread(tmp_path / PNG)
    assert picture.shape[:2] == (432, 1080)
    colors = {tuple((255 * pixel[:3]).round().astype(int).tolist()) for pixel in picture.reshape(-1, 4)}
    assert (0xC2, 0x41, 0x0C) in colors  # validation
    assert (0x88, 0x88, 0x88) in colors  # training
    assert not (tmp_path / f"{PNG}.part").exists()


@pytest.mark.parametrize("lines", [[line(1)], [line(1, True)]], ids=["training", "validation"])
def test_a_picture_can_be_drawn_of_one_line(tmp_path: Path, lines: list[Progress]) -> None:
    pytest.importorskip("matplotlib")
    Curve(tmp_path, 0).add(lines)
    draw_for_real(tmp_path / CSV, tmp_path / PNG)
    assert (tmp_path / PNG).stat().st_size > 5000


def test_drawing_takes_a_twentieth_of_the_time_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    now = [100.0]
    drawn: list[float] = []

    def draw(source: Path, target: Path) -> None:
        drawn.append(now[0])
        now[0] += 1.0

    monkeypatch.setattr("ear_engine.training.curves.draw_curve", draw)
    monkeypatch.setattr("ear_engine.training.curves.time.monotonic", lambda: now[0])
    curve = Curve(tmp_path, 0)
    for _ in range(60):
        curve.draw()
        now[0] += 1.0
    assert drawn == [100.0, 121.0, 142.0]
    curve.draw(now=True)
    assert len(drawn) == 4


class Writer:
    """In the place of TensorBoard's."""

    made: ClassVar[list[Writer]] = []

    def __init__(self, folder: str, purge_step: int) -> None:
        self.folder, self.purge_step = folder, purge_step
        self.scalars: list[tuple[str, float, int]] = []
        self.closed = False
        Writer.made.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def close(self) -> None:
        self.closed = True


def test_tensorboard_gets_every_figure_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = types.ModuleType("torch.utils.tensorboard")
    fake.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    monkeypatch.setattr(
        "ear_engine.training.curves.find_spec", lambda name: object() if name == "tensorboard" else None
    )
    Writer.made.clear()
    curve = Curve(tmp_path, 6)
    curve.add([line(7)])
    curve.add([line(8, True)])
    curve.draw()  # no matplotlib: nothing to do
    curve.close()
    (writer,) = Writer.made
    assert (writer.folder, writer.purge_step, writer.closed) == (str(tmp_path / "tensorboard"), 7, True)
    names = [(name, step) for name, _, step in writer.scalars]
    always = ["loss", "accuracy", "chance"]
    assert names == [(n, 7) for n in always] + [(n, 8) for n in (*always, "validation_loss", "validation_accuracy")]
    assert not (tmp_path / PNG).exists()


def test_nothing_is_shown_where_tensorboard_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ear_engine.training.curves.find_spec", lambda name: None)
    curve = Curve(tmp_path, 0)
    curve.add([line(1)])
    curve.close()
    assert [path.name for path in tmp_path.iterdir()] == [CSV]
