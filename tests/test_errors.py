"""What a user is told."""

from __future__ import annotations

import pickle

from ear_engine.errors import UserError
from ear_engine.optimization.ascent import PluginFault


def test_an_error_travels_between_processes_whole() -> None:
    error = UserError("clip 'kick.wav'", "has no samples", "export it again", "empty")
    same = pickle.loads(pickle.dumps(error))
    assert str(same) == "clip 'kick.wav' has no samples; export it again."
    assert (same.subject, same.reason, same.mend, same.code) == (error.subject, error.reason, error.mend, error.code)


def test_a_plug_in_that_failed_is_told_to_other_processes() -> None:
    error = PluginFault(object(), ValueError("of 3"))
    same = pickle.loads(pickle.dumps(error))
    assert type(same) is UserError
    assert (str(same), same.code) == (str(error), error.code)
    assert "ValueError: of 3" in str(same)
