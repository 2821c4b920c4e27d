"""Heartbeats: that the engine is there, how it does, and what was dropped, always with the same values."""

from __future__ import annotations

from dataclasses import dataclass

from ear_engine.osc.formats import Fields
from ear_engine.osc.subscriptions import Subscription

HEARTBEATS = 2.0
"""Most a second."""
SEQUENCE = 1 << 23
"""Where counters begin anew: they stay exact when a receiver turns them into float32."""
_OLDEST = 1e9  # ms


@dataclass(frozen=True)
class Vitals:
    """How the engine is; ``uptime`` in seconds."""

    uptime: float
    steps_per_second: float
    dropouts: int


def next_heartbeat(subscription: Subscription, at: float, vitals: Vitals, age: float | None) -> Fields:
    """The next heartbeat of a subscription.

    Args:
        subscription: it is counted there.
        at: clock time.
        vitals: how the engine is.
        age: seconds since the audio process last said where it is; None if it has not yet, which counts as since the
            start.
    """
    subscription.beat_due = at + 1.0 / HEARTBEATS
    number = subscription.beats
    subscription.beats += 1
    of_client = subscription.owner.subscriptions if subscription.owner is not None else [subscription]
    return Fields(
        (
            ("seq", number % SEQUENCE),
            ("age_ms", min(_OLDEST, 1e3 * (vitals.uptime if age is None else age))),
            ("uptime", vitals.uptime),
            ("steps_per_second", vitals.steps_per_second),
            ("dropouts", vitals.dropouts),
            ("dropped", sum(s.dropped for s in of_client) % SEQUENCE),
        )
    )
