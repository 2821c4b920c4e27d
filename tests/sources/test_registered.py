"""Sources as plug-ins: found, listed and loaded like built-in loops; what one does wrong harms no other."""

from __future__ import annotations

import logging
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.clip import fit_clip
from ear_engine.errors import UserError
from ear_engine.plugins import Registry
from ear_engine.sources.library import ClipLibrary
from ear_engine.sources.loops import builtin_names

PLUGINS = Path(__file__).parent.parent / "plugins"

FAULTY = '''
import sys
from dataclasses import replace

import numpy as np

from ear_engine.clip import Clip
from ear_engine.errors import UserError
from ear_engine.sources.loops import BuiltinLoops
from ear_engine.sources.source import ClipRow

LOOPS = BuiltinLoops()


class Shadow(BuiltinLoops):
    def names(self):
        return ("beat", "shade", "groove")

    def render(self, name, sample_rate):
        return LOOPS.render("silence", sample_rate)

    def describe(self, name):
        return ClipRow("other", np.float32(4.0), 8, None, "two\\nlines")


class Zombie(Shadow):
    """Comes later in the alphabet."""

    def render(self, name, sample_rate):
        return LOOPS.render("hats", sample_rate)

    def names(self):
        return ("shade", "grave")


class Unwilling:
    def __init__(self):
        raise OSError("no\\nlicense")


class Nameless(BuiltinLoops):
    def names(self):
        raise LookupError("lost")


class Pathlike(BuiltinLoops):
    def names(self):
        return ("fine", "../secret")


class Listless(BuiltinLoops):
    def names(self):
        return 7


class Faulty:
    def names(self):
        return ("raises", "quits", "refuses", "nothing", "slow", "long", "nan")

    def describe(self, name):
        return None

    def render(self, name, sample_rate):
        clip = LOOPS.render("silence", sample_rate)
        if name == "raises":
            raise ZeroDivisionError("by zero")
        if name == "quits":
            sys.exit(3)
        if name == "refuses":
            raise UserError("the rain", "needs clouds", "wait for them")
        if name == "slow":
            return replace(clip, sample_rate=sample_rate // 2)
        if name == "long":
            return replace(clip, audio=np.tile(clip.audio, 9))
        if name == "nan":
            return replace(clip, audio=clip.audio * np.float32(np.nan))
'''


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution full of sources that do something wrong."""
    info = tmp_path / "faulty-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1.0\n")
    rows = "".join(
        f"{name.lower()} = faulty_sources:{name}\n"
        for name in ("Shadow", "Zombie", "Unwilling", "Nameless", "Pathlike", "Listless", "Faulty", "Missing")
    )
    (info / "entry_points.txt").write_text(f"[ear_engine.sources]\n{rows}")
    (tmp_path / "faulty_sources.py").write_text(FAULTY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "faulty_sources", raising=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*pip, "--target", folder, PLUGINS / "good"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


class TestInstalled:
    """A distribution that pip has really installed."""

    @pytest.fixture
    def library(self, installed: Path, monkeypatch: pytest.MonkeyPatch) -> ClipLibrary:
        monkeypatch.syspath_prepend(str(installed))
        return ClipLibrary((), 22050, Registry())

    def test_its_clips_are_listed(self, library: ClipLibrary) -> None:
        assert library.names() == (*builtin_names(), "rain_light", "rain_heavy")
        row = {row.name: row for row in library.describe()}["rain_heavy"]
        assert (row.seconds, row.beats, row.tempo) == (pytest.approx(8 / 3), 4, 90.0)
        assert row.description == "400 drops"

    def test_its_clips_are_loaded_and_fitted(self, library: ClipLibrary) -> None:
        clip = library.load("rain_heavy")
        assert (clip.name, clip.beats, clip.sample_rate) == ("rain_heavy", 4, 22050)
        assert np.count_nonzero(clip.audio[0]) == 400
        assert fit_clip(clip, "stretch", 120.0, 8).seconds == 4.0

    def test_the_command_lists_them(self, installed: Path, tmp_path: Path) -> None:
        code = "from ear_engine.cli import main; raise SystemExit(main(['clips']))"
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(installed)!r}); {code}"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "rain_light" in done.stdout and "20 drops" in done.stdout


@pytest.mark.usefixtures("faulty")
class TestFaults:
    def test_whoever_cannot_say_what_it_has_is_skipped_and_logged_once(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "ear_engine")
        library = ClipLibrary((), 8000)
        names = library.names()
        assert names == library.names()
        assert names[: len(builtin_names())] == builtin_names()
        assert not {"fine", "../secret"} & set(names)
        told = sorted(record.getMessage().split("'")[1] for record in caplog.records)
        assert told == ["listless", "missing", "nameless", "pathlike", "unwilling"]

    def test_faults_name_those_that_cannot_be_imported_too(self) -> None:
        library = ClipLibrary((), 8000)
        library.names()
        assert any("cannot be loaded" in str(fault) for fault in library.faults)
        assert any("failed" in str(fault) for fault in library.faults)

    def test_an_unknown_clip_may_be_theirs(self) -> None:
        with pytest.raises(UserError) as caught:
            ClipLibrary((), 8000).load("lost_loop")
        assert caught.value.code == "unknown_clip"
        assert "sources plug-in 'nameless' failed (LookupError: lost)" in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("raises", "ZeroDivisionError: by zero"),
            ("quits", "SystemExit: 3"),
            ("nothing", "is a NoneType, not a Clip"),
            ("slow", "has 4000 Hz, not 8000"),
            ("long", "has 36 s"),
            ("nan", "not numbers"),
        ],
    )
    def test_a_clip_that_is_none_names_the_plugin(self, name: str, reason: str) -> None:
        with pytest.raises(UserError, match=reason) as caught:
            ClipLibrary((), 8000).load(name)
        assert caught.value.subject == "sources plug-in 'faulty'"
        assert caught.value.code == "broken_plugin"

    def test_what_a_plugin_says_to_the_user_is_passed_on(self) -> None:
        with pytest.raises(UserError, match="the rain needs clouds; wait for them"):
            ClipLibrary((), 8000).load("refuses")

    def test_rows_say_what_is_wrong(self) -> None:
        rows = {row.name: row for row in ClipLibrary((), 8000).describe()}
        assert rows["raises"].seconds == 0.0
        assert "sources plug-in 'faulty' failed" in rows["raises"].description
        assert rows["shade"].description == "two lines"
        assert rows["beat"].beats == 8

    def test_the_first_with_a_name_has_it(self, tmp_path: Path) -> None:
        for name in ("groove", "beat", "own"):
            soundfile.write(tmp_path / f"{name}.wav", np.full(8000, 0.5), 8000)
        library = ClipLibrary([tmp_path], 8000)
        plugged = ("raises", "quits", "refuses", "nothing", "slow", "long", "nan", "shade", "groove", "grave")
        assert library.names() == (*builtin_names(), *plugged, "own")
        assert library.load("beat").audio.any()  # built in, before the plug-in and the file
        assert not library.load("shade").audio.any()  # `shadow` before `zombie`
        assert not library.load("groove").audio.any()  # before the file
        assert library.load("own").audio.any()


def test_plugins_that_are_not_allowed_add_nothing(faulty: None) -> None:
    assert ClipLibrary((), 8000, Registry(allowed=())).names() == builtin_names()


def test_loops_are_there_without_an_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "distributions", lambda **_: iter(()))
    library = ClipLibrary((), 8000, Registry())
    assert library.names() == builtin_names()
    assert library.load("kick_4").audio.any()
