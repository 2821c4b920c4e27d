"""What a user is told."""

from __future__ import annotations

import pickle

from ear_engine.errors import UserError


def test_an_error_travels_between_processes_whole() -> None:
    error = UserError("clip 'kick.wav'", "has no samples", "export it again", "empty")
    same = pickle.loads(pickle.dumps(error))
    assert str(same) == "clip 'kick.wav' has no samples; export it again."
    assert (same.subject, same.reason, same.mend, same.code) == (error.subject, error.reason, error.mend, error.code)
