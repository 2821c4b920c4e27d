"""What holds for all tests: they are repeatable, and with CI=true a skipped one is a failed one.

What a machine cannot test must not look tested.
"""

from __future__ import annotations

import getpass
import os
import tempfile
from collections.abc import Generator, Iterator

import hypothesis
import pytest

from ear_engine.platform.priorities import set_priority

_NO_SKIPS = os.environ.get("CI", "") not in ("", "0", "false")

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before any test imports torch: many share few cores
os.environ["XDG_STATE_HOME"] = os.path.join(tempfile.gettempdir(), f"ear-engine-tests-{getpass.getuser()}")
"""Engines that tests start keep their last sets there, not among the user's."""

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {call.excinfo.value if call.excinfo else ''}"
    return report


@pytest.fixture(autouse=True)
def no_more_urgent_than_before() -> Iterator[None]:
    """An engine that runs in the tests' own process must not leave it urgent, nor what is started after it."""
    yield
    set_priority(0)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if _NO_SKIPS and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {reason}"
    return report
