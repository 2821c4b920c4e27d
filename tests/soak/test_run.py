"""What the soak does of its own: pulses of the gain, and kills."""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from ear_engine.shared_memory.clock import now
from ear_engine.soak.run import _kill, pulse_value
from ear_engine.soak.watch import Watch


def test_pulses_are_told_apart_by_their_values_and_each_can_be_heard() -> None:
    values = [pulse_value(number) for number in range(1, 200)]
    assert all(abs(after - before) >= 0.9 for before, after in pairwise(values))
    assert all(len(set(values[begin : begin + 30])) == 30 for begin in range(150))
    assert values == [float(np.float32(value)) for value in values]
    assert -2.0 < min(values) and max(values) <= 0.0 and values[0] != 0.0


def test_a_process_that_has_died_by_itself_was_not_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    engine = SimpleNamespace(status={"pids": {"audio": gone.pid}}, watch=Watch(now()))
    _kill(engine, random.Random(0))  # type: ignore[arg-type]
    assert not engine.watch.kills
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60.0)"]) as there:
        engine.status["pids"]["audio"] = there.pid
        _kill(engine, random.Random(0))  # type: ignore[arg-type]
    assert [(kill.name, kill.pid) for kill in engine.watch.kills] == [("audio", there.pid)]
