"""Finding clips by name, and nothing else by name."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ear_engine.errors import UserError
from ear_engine.sources.library import ClipLibrary
from ear_engine.sources.loops import builtin_names


def write(path: Path, level: float = 0.5, seconds: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, level * np.sin(np.arange(int(8000 * seconds))), 8000)
    return path


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    write(tmp_path / "mine" / "groove_120bpm.wav", seconds=4.0)
    write(tmp_path / "mine" / "live" / "take 1.flac")
    write(tmp_path / "mine" / "beat.wav")
    write(tmp_path / "mine" / ".hidden.wav")
    (tmp_path / "mine" / "notes.txt").write_text("no audio")
    write(tmp_path / "other" / "groove_120bpm.wav", 0.25, 4.0)
    write(tmp_path / "secret.wav")
    return tmp_path / "mine", tmp_path / "other"


def test_names_are_built_in_loops_then_files(roots: tuple[Path, Path]) -> None:
    assert ClipLibrary(roots).names() == (*builtin_names(), "groove_120bpm", "live/take 1")


def test_missing_roots_are_no_harm(tmp_path: Path) -> None:
    assert ClipLibrary([tmp_path / "nowhere"]).names() == builtin_names()


def test_loading_by_name(roots: tuple[Path, Path]) -> None:
    library = ClipLibrary(roots, 22050)
    assert library.load("beat").beats_from == "declared"
    clip = library.load("groove_120bpm")
    assert (clip.name, clip.beats, clip.sample_rate) == ("groove_120bpm", 8, 22050)
    assert np.max(np.abs(clip.audio)) == pytest.approx(0.5, abs=0.03)
    assert library.load("live/take 1.flac").name == "live/take 1"


def test_a_new_file_is_found_at_once(roots: tuple[Path, Path]) -> None:
    library = ClipLibrary(roots)
    write(roots[0] / "later.wav")
    assert library.load("later").name == "later"


def test_unknown_names_get_suggestions(roots: tuple[Path, Path]) -> None:
    with pytest.raises(UserError, match="groove_120bpm") as caught:
        ClipLibrary(roots).load("groove_12bpm")
    assert caught.value.code == "unknown_clip"
    with pytest.raises(UserError, match="ear-engine clips"):
        ClipLibrary(roots).load("qqqqqqqqqqqq")


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "../secret.wav",
        "live/../../secret",
        "/etc/passwd",
        "..\\secret",
        "live\\take 1",
        "C:secret",
        "c:/secret.wav",
        "~/secret.wav",
        "beat\0",
        "",
        " beat",
        "\ud800",
        "a" * 1000,
        "..",
    ],
)
def test_paths_from_the_network_are_refused(roots: tuple[Path, Path], name: str) -> None:
    with pytest.raises(UserError) as caught:
        ClipLibrary(roots).load(name)
    assert caught.value.code == "bad_name"


def test_absolute_paths_are_refused_even_into_a_root(roots: tuple[Path, Path]) -> None:
    with pytest.raises(UserError):
        ClipLibrary(roots).load(str(roots[0] / "groove_120bpm.wav"))


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_that_lead_out_are_not_listed(roots: tuple[Path, Path]) -> None:
    (roots[0] / "inside.wav").symlink_to(roots[0] / "beat.wav")
    (roots[0] / "outside.wav").symlink_to(roots[0].parent / "secret.wav")
    (roots[0] / "up").symlink_to(roots[0].parent, target_is_directory=True)
    names = ClipLibrary(roots).names()
    assert "inside" in names
    assert not {"outside", "up/secret"} & set(names)
    for name in ("outside", "up/secret"):
        with pytest.raises(UserError):
            ClipLibrary(roots).load(name)


def test_the_command_line_may_name_a_path(roots: tuple[Path, Path]) -> None:
    library = ClipLibrary(roots)
    assert library.load(str(roots[0].parent / "secret.wav"), allow_paths=True).name == "secret"
    assert library.load("beat", allow_paths=True).beats_from == "declared"
    for missing in ("nowhere.wav", "~nobody-at-all/x.wav", "/"):
        with pytest.raises(UserError) as caught:
            library.load(missing, allow_paths=True)
        assert caught.value.code == "not_found"


def test_long_files_can_be_cropped(roots: tuple[Path, Path]) -> None:
    write(roots[0] / "long.wav", seconds=40.0)
    library = ClipLibrary(roots, 8000)
    with pytest.raises(UserError, match="crop"):
        library.load("long")
    assert library.load("long", crop=True).seconds == 32.0


def test_rows_describe_without_decoding(roots: tuple[Path, Path]) -> None:
    (roots[0] / "broken.wav").write_text("not a sound")
    rows = {row.name: row for row in ClipLibrary(roots).describe()}
    assert tuple(rows) == ClipLibrary(roots).names()
    assert (rows["beat"].seconds, rows["beat"].beats, rows["beat"].tempo) == (4.0, 8, 120.0)
    assert (rows["groove_120bpm"].seconds, rows["groove_120bpm"].beats) == (4.0, 8)
    assert (rows["live/take 1"].beats, rows["live/take 1"].tempo) == (None, None)
    assert rows["broken"].seconds == 0.0
    assert "cannot be read" in rows["broken"].description


@settings(deadline=None, max_examples=150)
@given(
    name=st.text(max_size=40)
    | st.lists(st.sampled_from(("..", ".", "/", "\\", "C:", "secret", ".wav", "live", "\0")), max_size=8).map("".join),
    allow=st.booleans(),
)
def test_no_name_does_anything_but_load_or_be_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, allow: bool
) -> None:
    top = tmp_path_factory.getbasetemp() / "names"
    if not top.exists():
        write(top / "secret.wav")
        write(top / "mine" / "live.wav")
    library = ClipLibrary([top / "mine"], 8000)
    try:
        clip = library.load(name, allow_paths=allow)
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert clip.name in library.names()
