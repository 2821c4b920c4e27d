"""The map: steps, whole layouts, their energy and their neighborhoods, against all pairs, a tree and other programs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ear_engine.benchmarks import layout_peers
from ear_engine.benchmarks.layout_peers import Peer
from ear_engine.benchmarks.layout_runs import Ours, Theirs, energies, in_fresh_process, ours, theirs
from ear_engine.benchmarks.layout_steps import GRIDS, PAIRS, TREE
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.layout.settings import LayoutSettings

_TARGET_ERROR = {"1 %": 1.0, "0.1 %": 0.1}  # per cent
_TARGET_ENERGY = 2.0  # per cent


@dataclass(frozen=True)
class Subject:
    """A graph to be laid out.

    Args:
        name: of an ear, or a number of vertices of an encoder.
        rounds: of steps.
        tree: whether a tree takes turns with the grid.
        peers: programs that lay it out, too, by their names.
        exactness: whether errors of forces are measured.
        step: milliseconds that a step may take, by the error of the grid.
        seconds, megabytes: that the whole layout may take.
    """

    name: str
    rounds: int = 3
    tree: bool = True
    peers: tuple[str, ...] = ()
    exactness: bool = False
    step: tuple[tuple[str, float], ...] = ()
    seconds: float | None = None
    megabytes: float | None = None


_FR, _ATLAS = layout_peers.IGRAPH.name, layout_peers.FA2.name
SUBJECTS = (
    Subject("paper", 3, True, (_FR,), True, (("1 %", 10.0), ("0.1 %", 25.0)), 12.0, 500.0),
    Subject("1000", peers=(_FR, _ATLAS)),
    Subject("10000", peers=(_FR, _ATLAS)),
    Subject("42000"),
    Subject("200000", 2),
    Subject("1000000", 1, False, step=(("1 %", 1000.0), ("0.1 %", 1000.0))),
)


@dataclass(frozen=True)
class Case:
    """What is laid out.

    Args:
        subjects: graphs.
        energy: the graph that is laid out with all pairs, too.
        most: seconds of a peer's layout; if it would take more, it makes fewer iterations and the rest is counted.
        settings: of the layouts.
    """

    subjects: tuple[Subject, ...] = SUBJECTS
    energy: str = "2000"
    most: float = 15.0
    settings: LayoutSettings = field(default_factory=LayoutSettings)


def run(repetitions: int | None = None, case: Case | None = None) -> list[Row]:
    """Milliseconds of a step, seconds and MB of a layout, per cent of neighbors and of error."""
    case = case or Case()
    peers = {peer.name: peer for peer in layout_peers.installed()}
    rows: list[Row] = []
    for subject in case.subjects:
        rounds = subject.rounds if repetitions is None else repetitions
        mine = in_fresh_process(
            ours, subject.name, case.settings, rounds, tree=subject.tree, exactness=subject.exactness
        )
        present = [peers[name] for name in subject.peers if name in peers]
        found = {peer: in_fresh_process(theirs, subject.name, peer, case.most) for peer in present}
        graph = f"{mine.vertices:,} vertices" if subject.name.isdecimal() else subject.name
        rows += [*_errors(graph, mine), *_steps(graph, subject, mine), *_whole(graph, subject, mine, found)]
    return rows + _energy(case)


def _errors(graph: str, mine: Ours) -> Iterator[Row]:
    for (way, when), error in mine.errors.items():
        name = TREE if way == TREE else f"grid for {way}"
        case = f"{graph}: median error of the repulsion by {name}, {when} positions"
        yield judged("layout", case, 100.0 * error, "%", target=_TARGET_ERROR.get(way))


def _steps(graph: str, subject: Subject, mine: Ours) -> Iterator[Row]:
    targets = dict(subject.step)
    for way in GRIDS:
        for other in (PAIRS, TREE):
            if other in mine.steps.seconds:
                yield judged(
                    "layout",
                    f"{graph}: step, grid for {way}, against {other}",
                    1e3 * mine.steps.median(way),
                    "ms",
                    reference=1e3 * mine.steps.median(other),
                    ratio=mine.steps.ratio(way, other),
                    target=targets.get(way) if other == PAIRS else None,
                )


def _whole(graph: str, subject: Subject, mine: Ours, found: Mapping[Peer, Theirs]) -> Iterator[Row]:
    """Seconds, neighborhoods and MB, against each peer; what has no peer stands alone, or beside chance."""
    whole, kept = f"{graph}, {mine.edges / 1e6:.3g} M edges: whole layout", f"{graph}: neighborhoods preserved"
    beyond = f"{graph}: memory of a layout beyond modules and graph"
    if not found:
        yield judged("layout", whole, mine.seconds, "s", target=subject.seconds)
    for peer, one in found.items():
        case = f"{whole}, against {peer.name}{_made(peer, one)}"
        yield _against(case, mine.seconds, one.seconds, "s", subject.seconds)
    for peer, one in found.items():
        yield _shares(f"{kept}, against {peer.name}", mine.preserved, one.preserved)
    yield _shares(f"{kept}, against random positions", mine.preserved, mine.chance)
    if math.isnan(mine.total):  # the system does not tell
        return
    if not found:
        yield judged("layout", beyond, mine.growth, "MB", target=subject.megabytes)
    for peer, one in found.items():
        yield _against(f"{beyond}, against {peer.name}", mine.growth, one.growth, "MB", subject.megabytes)
    yield judged("layout", f"{graph}: memory of the whole process", mine.total, "MB")


def _energy(case: Case) -> list[Row]:
    pair = in_fresh_process(energies, case.energy, case.settings)
    graph = f"{pair.vertices:,} vertices"
    apart = 100.0 * abs(pair.grid / pair.exact - 1.0)
    seconds = pair.grid_seconds, pair.exact_seconds
    return [
        judged("layout", f"{graph}: final energy, apart from that with {PAIRS}", apart, "%", target=_TARGET_ENERGY),
        _against(f"{graph}: whole layout, against the same with {PAIRS}", *seconds, "s"),
    ]


def _made(peer: Peer, one: Theirs) -> str:
    """What of a peer's layout was made, and what is not counted."""
    fewer = f"{one.iterations} of {peer.iterations} iterations made, " if one.iterations < peer.iterations else ""
    return f" ({fewer}{one.preparing:.2g} s for taking the edges not counted)"


def _against(case: str, value: float, reference: float, unit: str, target: float | None = None) -> Row:
    """A cost; a reference of 0 MB is none."""
    ratio = reference / value if reference > 0.0 < value else None
    return judged("layout", case, value, unit, reference=reference, ratio=ratio, target=target)


def _shares(case: str, value: float, reference: float) -> Row:
    """Shares, the more the better."""
    ratio = value / reference if reference > 0.0 else None
    return judged("layout", case, 100.0 * value, "%", reference=100.0 * reference, ratio=ratio)
