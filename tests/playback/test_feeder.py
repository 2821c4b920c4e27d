"""From loop files to the output of the real graph, block by block on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.playback.audition import Audition
from ear_engine.playback.events import EventLog
from ear_engine.playback.feeder import Feeder
from ear_engine.playback.graph import Graph
from ear_engine.playback.library import LoopLibrary
from ear_engine.shared_memory.clock import playhead
from ear_engine.shared_memory.states import AudioState, Entry
from tests.playback.helpers import DELAY, RATE, Offline, Session, noise, sine

BLOCK = 256


class Rig:
    """A feeder on the real graph; ``played`` is everything that went out, silence before the first sample included."""

    def __init__(self, session: Session, backend: Offline, earlier: AudioState | None, start: float) -> None:
        self.session = session
        self.backend = backend
        self.graph = Graph(ring=1 << 15, cue=backend.channels > 2)
        self.events = EventLog()
        taken = "" if earlier is None else earlier.audition
        audition = Audition(session.loops, self.graph, backend.rate, backend.buffer_size, self.events, taken)
        self._chunks: list[NDArray[np.float32]] = []
        self.feeder = Feeder(
            self.graph,
            backend,
            LoopLibrary(session.loops, RATE, self.events),
            self.events,
            sample_rate=RATE,
            lead=0.02,
            earlier=earlier,
            sink=self._chunks.append,
            audition=audition,
            clock=lambda: self.at + self.elsewhere,
        )
        self.at = start
        self.elsewhere = 0.0  # seconds from when a tick begins until it has looked at the counter

    def run(self, blocks: int, before: Callable[[int], None] | None = None, feed: bool = True) -> None:
        """Compute ``blocks``, with a tick after each."""
        for number in range(blocks):
            self.backend.block()
            self.at += self.backend.buffer_size / self.backend.rate
            if before is not None:
                before(number)
            if feed:
                self.feeder.tick(self.session.control, self.session.dreamer, self.at)

    @property
    def played(self) -> NDArray[np.float32]:
        """(2, samples), at the device's rate."""
        return np.concatenate(self._chunks).T if self._chunks else np.zeros((2, 0), np.float32)

    @property
    def state(self) -> AudioState:
        """What it says now."""
        state = self.feeder.state(self.at)
        assert state is not None
        return state


@contextmanager
def rig(
    session: Session,
    rate: int = RATE,
    earlier: AudioState | None = None,
    start: float = 50.0,
    block: int = BLOCK,
    channels: int = 2,
) -> Iterator[Rig]:
    backend = Offline(block, rate, channels)
    made = Rig(session, backend, earlier, start)
    backend.start()
    yield made
    backend.stop()
    made.graph.close()
    backend.close()


LEADIN = 6 * BLOCK + DELAY  # four blocks watched, two ahead, and the limiter


def definition(entries: list[tuple[Entry, NDArray[np.float32]]], fade: int, count: int) -> NDArray[np.float64]:
    """The planned signal in float64, entry by entry over the whole time."""
    signal = np.zeros((2, count))
    for entry, audio in entries:
        position = np.arange(entry.start, count)
        weight = np.sin(np.clip((position - entry.start + 0.5) / fade, 0, 1) * np.pi / 2) ** 2
        signal[:, entry.start :] += weight * (
            audio[:, (position - entry.origin) % entry.samples] - signal[:, entry.start :]
        )
    return signal


def frequency(signal: NDArray[np.float32], rate: int) -> float:
    """Of a pure sine, in Hz, from the phase advance between its two halves."""
    half = len(signal) // 2
    window = np.hanning(half)
    spectrum = np.abs(np.fft.rfft(signal[:half] * window))
    guess = int(spectrum.argmax()) * rate / half
    probe = np.exp(-2j * np.pi * guess * np.arange(half) / rate) * window
    one, other = (signal[:half] * probe).sum(), (signal[half : 2 * half] * probe).sum()
    other *= np.exp(-2j * np.pi * guess * half / rate)
    return guess + float(np.angle(other / one)) / (2 * np.pi * half / rate)


def test_ten_thousand_loops_enter_on_their_boundaries_and_sound_as_planned(session: Session) -> None:
    """Every block another loop of 211 samples enters; files, schedule, ring and pyo graph are the real ones."""
    samples, blocks, kinds = 211, 10_020, 53
    session.source(1, noise(samples, 0))
    session.set(quantize="loop", crossfade=1.0)
    audio = {session.dream(kind, noise(samples, kind), 1): noise(samples, kind) for kind in range(1, kinds + 1)}
    states = [replace(session.dreamer, loop=kind, file=file) for kind, file in enumerate(audio, 1) if session.dreamer]
    entries: list[Entry] = []

    with rig(session, block=1024) as desk:

        def before(number: int) -> None:
            session.dreamer = states[number % kinds]
            last = desk.feeder.plan.last
            if last is not None:
                entries.append(last.entry)

        desk.run(blocks, before)
        assert desk.state.dropouts == 0
        assert desk.events.latest() == []
        played = desk.played[:, 6 * 1024 + DELAY :]

    ordered = list({entry.start: entry for entry in entries}.values())[:-3]  # what has sounded
    assert len(ordered) >= 10_000
    worst = 0.0
    for before_it, entry, after_it in zip(ordered, ordered[1:], ordered[2:], strict=False):
        assert (entry.start - entry.origin) % samples == 0
        pair = [replace(before_it, start=entry.start - 44), entry]  # one crossfade earlier, to have settled
        base = entry.start - 44
        moved = [replace(item, start=item.start - base, origin=item.origin - base) for item in pair]
        span = after_it.start - base
        planned = definition([(item, audio[item.file]) for item in moved], 44, span)[:, 44:]
        worst = max(worst, float(np.abs(played[:, entry.start : after_it.start] - planned).max()))
    assert worst < 1e-6


def test_the_source_fades_in_from_the_first_sample(session: Session) -> None:
    session.source(1, noise(997, 1))
    with rig(session) as desk:
        desk.run(100)
        played = desk.played
    planned = definition([(Entry(0, 0, 0, "", 997, 4), noise(997, 1))], 882, played.shape[1] - LEADIN)
    assert not played[:, :LEADIN].any()
    assert np.abs(played[:, LEADIN:] - planned).max() < 1e-6


def test_wet_gain_and_mute_act_on_what_sounds(session: Session) -> None:
    session.source(1, noise(4410, 1))
    session.dream(1, noise(4410, 2), 1)
    with rig(session) as desk:
        desk.run(60)
        session.set(wet=0.0)
        desk.run(60)
        start = desk.played.shape[1] - LEADIN - 20 * BLOCK
        source = noise(4410, 1)[:, np.arange(start, start + 20 * BLOCK) % 4410]
        assert np.array_equal(desk.played[:, -20 * BLOCK :], source)
        session.set(gain=-6.0)
        desk.run(60)
        ratio = np.sqrt(np.square(desk.played[:, -20 * BLOCK :]).mean() / np.square(noise(4410, 1)).mean())
        assert 20 * np.log10(ratio) == pytest.approx(-6.0, abs=0.2)
        assert desk.state.peak > 0
        session.set(mute=True)
        desk.run(20)
        assert not desk.played[:, -8 * BLOCK :].any()
        desk.feeder.state(desk.at)
        desk.run(2)
        assert desk.state.peak == 0.0


@pytest.mark.parametrize("rate", [48000, 96000, 32000, 44101])
def test_another_device_rate_keeps_the_pitch_and_the_phase(session: Session, rate: int) -> None:
    """441 Hz loops in 4,400 samples; on a device at another rate it must still be 441 Hz, at its phase."""
    session.source(1, sine(4400, 441.0))
    with rig(session, rate) as desk:
        desk.run(400)
        assert desk.state.device_rate == rate and desk.state.sample_rate == RATE
        played = desk.played[:, 6 * BLOCK + desk.graph.delay :]
        position = desk.state.position
        assert desk.state.dropouts == 0
    settled = played[0, 4096:]
    assert frequency(settled, rate) == pytest.approx(441.0, abs=0.02)
    time = np.arange(4096, played.shape[1]) / rate
    assert np.abs(settled - 0.5 * np.sin(2 * np.pi * 441.0 * time)).max() < 2e-4
    assert position == pytest.approx(played.shape[1] / rate * RATE, abs=2)


def test_what_is_heard_is_what_the_playhead_says(session: Session) -> None:
    session.source(1, sine(44100, 1.0), beats=2)
    with rig(session) as desk:
        desk.run(300)
        state = desk.state
        sample = desk.played[0, -1]
    head = playhead(state, state.time + state.latency)
    assert head is not None
    assert 0.5 * np.sin(2 * np.pi * head.phase) == pytest.approx(sample, abs=1e-3)


def test_a_feeder_that_starves_counts_one_dropout_plays_silence_and_comes_back_in_phase(session: Session) -> None:
    loop = noise(5003, 1)
    session.source(1, loop)
    with rig(session) as desk:
        desk.run(100)
        assert desk.state.dropouts == 0
        desk.run(30, feed=False)
        desk.run(60)
        assert desk.state.dropouts == 1
        played = desk.played[:, LEADIN:]
    expected = loop[:, np.arange(played.shape[1]) % 5003]
    silent = np.flatnonzero((played == 0).all(axis=0))
    gap = silent[silent > 1000]
    assert 0 < len(gap) < 31 * BLOCK
    after = int(gap[-1]) + 1
    assert np.array_equal(played[:, after:], expected[:, after:])
    assert np.array_equal(played[:, 1000 : gap[0]], expected[:, 1000 : gap[0]])


def test_starved_for_longer_than_the_ring_the_clock_tells_the_position(session: Session) -> None:
    loop = noise(5003, 1)
    session.source(1, loop)
    with rig(session) as desk:
        desk.run(100)
        desk.run(300, feed=False)
        desk.run(60)
        assert desk.state.position == pytest.approx(460 * BLOCK - LEADIN, abs=2)
        position = 460 * BLOCK - LEADIN + np.arange(-20 * BLOCK, 0)
        assert np.array_equal(desk.played[:, -20 * BLOCK :], loop[:, position % 5003])


def test_blocks_that_leave_while_a_tick_looks_elsewhere_are_not_seen_too_early(session: Session) -> None:
    session.source(1, noise(5003, 1))
    with rig(session) as desk:
        desk.elsewhere = 0.002
        desk.run(100)
        assert desk.state.position == pytest.approx(100 * BLOCK - LEADIN - 0.002 * RATE, abs=2)


def test_a_device_that_stands_still_stops_the_position_and_is_reported(session: Session) -> None:
    session.source(1, noise(5003, 1))
    with rig(session) as desk:
        desk.run(100)
        before = desk.state.position
        for _ in range(500):
            desk.at += 0.005
            desk.feeder.tick(session.control, None, desk.at)
        assert desk.state.position - before <= 3 * BLOCK
        assert desk.feeder.stalled(desk.at)
        desk.run(1)
        assert not desk.feeder.stalled(desk.at)


@pytest.mark.parametrize("rate", [RATE, 48000])
def test_a_process_that_takes_over_sounds_where_the_first_would_be_by_now(session: Session, rate: int) -> None:
    loop = sine(4400, 441.0)
    session.source(1, loop)
    with rig(session) as desk:
        desk.run(100)
        earlier = desk.state
    gap = 0.7321
    with rig(session, rate, earlier, start=desk.at + gap) as again:
        again.run(300)
        state = again.state
        played = again.played[0, -4096:]
    moment = again.at - earlier.time + (again.backend.latency - earlier.latency)
    assert state.position == pytest.approx(earlier.position + moment * RATE, abs=2)
    assert state.dropouts == earlier.dropouts + 1
    assert state.schedule[:1] == earlier.schedule and state.schedule[1].origin == 0
    time = state.position / RATE + np.arange(-4096, 0) / rate
    assert np.abs(played - 0.5 * np.sin(2 * np.pi * 441.0 * time)).max() < 0.5 * 2 * np.pi * 441 / RATE  # a sample
