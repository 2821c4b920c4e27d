"""Results as Markdown: the paper's Table 2, and everything."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ear_engine.errors import UserError
from ear_engine.evaluation.probes import PAPER, PLAIN
from ear_engine.evaluation.results import ProbeFacts, Results, Row
from ear_engine.evaluation.scores import Interval

_HEADINGS = {
    "tracks": "tracks",
    "composers": "composers",
    "tracks_random": "tracks, random split",
    "composers_random": "composers, random split",
}

NOTHING = "–"
"""Stands in tables where there was no answer."""
_LEAST = 0.05  # ratio of errors that a mean takes in; smaller ones are a handful of excerpts


def write_report(results: Results, folder: Path) -> list[Path]:
    """Write ``table2.md``, ``probes.md`` and ``results.json``.

    Raises:
        UserError: the folder cannot be written.
    """
    texts = {
        "table2.md": table2(results) + "\n",
        "probes.md": probes(results) + "\n",
        "results.json": json.dumps(results.as_json(), indent=1) + "\n",
    }
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            path = folder / name
            temporary = path.with_name(path.name + ".part")
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
            written.append(path)
    except OSError as error:
        reason = f"cannot be written ({error.strerror})"
        raise UserError(f"folder {str(folder)!r}", reason, "name another with --out", "not_writable") from None
    return written


def table2(results: Results) -> str:
    """The paper's Table 2: loss and accuracy of a linear classifier on c, and what it must be compared with."""
    there = [name for name in PAPER if results.of(name)]
    if not there:
        return "None of the probes of Table 2 was made."
    columns = [f"{_HEADINGS[name]}: {figure}" for name in there for figure in ("loss", "accuracy")]
    shown: dict[str, dict[str, Row]] = {}
    for name in there:
        for row in results.of(name):
            if row.kind in ("guess", "hand", "supervised") or row.features == "c":
                shown.setdefault(row.label, {})[name] = row
    lines = [_line(["features", *columns]), _rule(len(columns))]
    for label, found in shown.items():
        cells = []
        for name in there:
            own = found.get(name)
            cells += ["", ""] if own is None else [_figure(own.score.loss.value), _percent(own)]
        lines.append(_line([label, *cells]))
    about = [
        f"An excerpt is {results.excerpt_seconds:.1f} s, what one c hears; excerpts do not overlap. Columns without "
        "“random” keep apart what belongs together: other pieces of the composer, other times of the track with a gap; "
        "“random split” is the paper's and lets neighbors of test excerpts train. Loss in nats.",
    ]
    return "\n".join([*about, "", *lines])


def probes(results: Results) -> str:
    """A summary, which read-out is best, and a table for every probe."""
    parts = [summary(results), read_outs(results)]
    parts += [_probe(facts, results.of(facts.name)) for facts in results.probes]
    if results.left_out:
        parts.append("\n".join(["## Left out", "", *(f"- {name}: {why}" for name, why in results.left_out.items())]))
    parts += [f"- {note}" for note in results.notes]
    return "\n\n".join(part for part in parts if part)


def summary(results: Results) -> str:
    """Accuracy of every kind of features in every probe."""
    names = [facts.name for facts in results.probes]
    labels = list(dict.fromkeys(row.label for row in results.rows))
    by = {(row.probe, row.label): row for row in results.rows}
    lines = ["## Accuracy", "", _line(["features", *names]), _rule(len(names))]
    for label in labels:
        cells = [percent(by[name, label].score.accuracy.value) if (name, label) in by else "" for name in names]
        lines.append(_line([label, *cells]))
    return "\n".join(lines)


def read_outs(results: Results) -> str:
    """Errors against the best hand-made features, averaged over the probes that need music."""
    music = [facts.name for facts in results.probes if facts.name not in PLAIN and not facts.leaks]
    rows = [row for row in results.rows if row.kind in ("ear", "untrained", "supervised") and row.probe in music]
    labels = list(dict.fromkeys(row.label for row in rows))
    if not labels:
        return ""
    lines = [
        "## Errors against the best features made by hand, over the probes that need music",
        "",
        "Geometric mean of error over the error of the best hand-made features: below 1 is better. “at most 0.7” "
        "counts the probes where it is; ratios below 0.05 count as that.",
        "",
        _line(["features", "probes", "against hand", "at most 0.7", "against supervised", "at most 0.7"]),
        _rule(5),
    ]
    for label in labels:
        own = [row for row in rows if row.label == label]
        cells = [str(len(own))]
        for kind in ("against_hand", "against_supervised"):
            ratios = [found.value for row in own if (found := getattr(row, kind)) is not None]
            ratios = [max(ratio, _LEAST) for ratio in ratios if math.isfinite(ratio)]
            mean = f"{float(np.exp(np.mean(np.log(ratios)))):.2f}" if ratios else ""
            cells += [mean, f"{sum(ratio <= 0.7 for ratio in ratios)}" if ratios else ""]
        lines.append(_line([label, *cells]))
    return "\n".join(lines)


def _probe(facts: ProbeFacts, rows: Sequence[Row]) -> str:
    about = (
        f"Question: {facts.question}. {len(facts.classes)} classes, {facts.training} train (mean over folds), "
        f"{facts.tested} test; intervals resample {facts.groups} groups."
    )
    lines = [
        f"## {facts.name}",
        "",
        about,
        "",
        _line(
            ["features", "dimension", "accuracy", "95 %", "loss", "95 %", "error / best by hand", "error / supervised"]
        ),
        _rule(7),
    ]
    for row in rows:
        accuracy, loss = row.score.accuracy, row.score.loss
        cells = [
            str(row.dimension or ""),
            _percent(row),
            f"{accuracy.low:.1%} to {accuracy.high:.1%}" if row.score.tested else "",
            "" if row.kind == "predictions" else _figure(loss.value),
            "" if row.kind == "predictions" or not row.score.tested else f"{loss.low:.2f} to {loss.high:.2f}",
            _ratio(row.against_hand),
            _ratio(row.against_supervised),
        ]
        lines.append(_line([row.label, *cells]))
    return "\n".join(lines)


def percent(value: float) -> str:
    """A share as a table shows it; a dash where there is none, for an ear that diverged answers nothing."""
    return f"{value:.1%}" if math.isfinite(value) else NOTHING


def _figure(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else NOTHING


def _percent(row: Row) -> str:
    text = percent(row.score.accuracy.value)
    return text if row.span is None else f"{text} ({100 * row.span[0]:.1f} to {100 * row.span[1]:.1f})"


def _ratio(found: Interval | None) -> str:
    if found is None or not math.isfinite(found.value):
        return ""
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return f"|---|{'---:|' * columns}"
