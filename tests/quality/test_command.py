"""What `ear-engine quality` refuses."""

from __future__ import annotations

import pytest

from ear_engine.cli import main


def test_a_part_that_there_is_not_is_refused_with_all_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quality", "--quick", "nonsense"]) == 2
    assert "use one of layers, robustness, ranges" in capsys.readouterr().err
