"""A corpus is found by name, as a store or as a folder of music, and made ready where it is not."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
import soundfile
from rich.console import Console

from ear_engine.cli import main
from ear_engine.commands.progress import open_music
from ear_engine.corpora.catalog import build_builtin, find_corpus
from ear_engine.corpora.stores import store_names
from ear_engine.errors import UserError
from ear_engine.resources import resource
from tests.corpora import packages
from tests.corpora.audio import RATE, sine, write, write_music


def ogg(folder: Path, frequency: float) -> bytes:
    path = folder / "x.ogg"
    soundfile.write(path, sine(frequency, 1.5), RATE)
    return path.read_bytes()


MANIFEST = """
about: Two games.
shippable: true
parts:
  - folder: one
    source: Game One
    homepage: https://one.example
    author: Ann Author
    license: MIT
    copyright: © 2020 Ann Author
    debian: {{package: one-music, version: "1.0-1", pool: pool/one-music_1.0-1_all.deb, size: {one}, sha256: {one_sum}}}
    base: usr/share/one
    files:
      - match: ["[ab].ogg", "deep/*.ogg"]
        but: ["*/skip.ogg"]
      - {{match: [c.ogg], author: Bob B., group: pair}}
  - folder: two
    source: Game Two
    license: CC-BY-3.0
    author: Eve
    debian: {{package: two-music, version: "2.0-1", pool: pool/two-music_2.0-1_all.deb, size: {two}, sha256: {two_sum}}}
    archive: usr/share/two/music.pk3
    base: sound
    files: [{{match: ["*.ogg"], group: pair}}]
"""


@pytest.fixture
def tiny(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built-in corpus `tiny` whose packages have been fetched; returns its manifest's path."""
    (tmp_path / "tmp").mkdir()
    files = {
        f"./usr/share/one/{name}": ogg(tmp_path, 200 + 50 * n) for n, name in enumerate(("a.ogg", "b.ogg", "c.ogg"))
    }
    files |= {"./usr/share/one/deep/d.ogg": ogg(tmp_path, 400), "./usr/share/one/deep/skip.ogg": b"not wanted"}
    with zipfile.ZipFile(tmp_path / "music.pk3", "w") as archive:
        archive.writestr("sound/e.ogg", ogg(tmp_path, 450))
        archive.writestr("textures/x.png", b"png")
    one = packages.deb({**files, "./usr/share/doc/copyright": b"free"})
    two = packages.deb({"./usr/share/two/music.pk3": (tmp_path / "music.pk3").read_bytes()})
    kept = home / "cache" / "ear-engine" / "packages"
    packages.write(kept / "one-music_1.0-1_all.deb", one)
    packages.write(kept / "two-music_2.0-1_all.deb", two)
    root = tmp_path / "root"
    sums = {"one": len(one), "one_sum": packages.sha256(one), "two": len(two), "two_sum": packages.sha256(two)}
    path = packages.write(root / "configs" / "corpora" / "tiny.yaml", MANIFEST.format(**sums).encode())
    packages.write(path.with_name("licenses.yaml"), resource("configs", "corpora", "licenses.yaml").read_bytes())
    monkeypatch.setattr("ear_engine.corpora.manifest.resource_root", lambda: root)
    return path


def test_a_builtin_corpus_is_made_from_its_packages(tiny: Path, home: Path) -> None:
    told: list[tuple[str, int, int]] = []
    corpus = find_corpus("tiny", progress=lambda *step: told.append(step))
    assert [r.name for r in corpus.recordings] == ["one/a", "one/b", "one/c", "one/deep/d", "two/e"]
    assert corpus.shippable
    assert corpus.folder == home / "data" / "ear-engine" / "corpora" / "tiny"
    labels = {recording.name: dict(recording.labels) for recording in corpus.recordings}
    assert labels["one/deep/d"] == {
        "author": "Ann Author",
        "copyright": "© 2020 Ann Author",
        "homepage": "https://one.example",
        "license": "MIT",
        "source": "Game One",
    }
    assert (labels["one/c"]["author"], labels["one/c"]["group"]) == ("Bob B.", "pair")
    assert (labels["two/e"]["license"], labels["two/e"]["group"]) == ("CC-BY-3.0", "pair")
    sides = {recording.name: recording.validation for recording in corpus.recordings}
    assert sides["one/c"] == sides["two/e"]
    assert [what for what, _, _ in told if what != "decoding"] == ["unpacking one-music", "unpacking two-music"]
    assert told[-1] == ("decoding", 5, 5)
    assert store_names() == ("tiny",)
    left = {path.name for path in (home / "cache" / "ear-engine" / "sources").rglob("*") if path.is_file()}
    assert left == {"a.ogg", "b.ogg", "c.ogg", "d.ogg", "e.ogg", "labels.json", ".made_from"}


def test_a_built_one_needs_nothing_and_a_changed_manifest_only_what_changed(tiny: Path, home: Path) -> None:
    build_builtin("tiny", workers=1)
    cache = home / "cache" / "ear-engine"
    (cache / "packages" / "two-music_2.0-1_all.deb").unlink()
    told: list[str] = []
    assert len(find_corpus("tiny", progress=lambda *step: told.append(step[0])).recordings) == 5
    build_builtin("tiny", progress=lambda *step: told.append(step[0]))
    assert told == []
    tiny.write_text(tiny.read_text().replace('"[ab].ogg"', '"a.ogg"').replace("Ann", "Anna"))
    assert len(find_corpus("tiny").recordings) == 5  # what is built is taken as it is
    said = io.StringIO()
    open_music("tiny", Console(file=said, width=200))
    assert said.getvalue() == "tiny is of another version: ear-engine corpus build tiny\n"
    corpus = build_builtin("tiny", workers=1)  # and the second package is not missed
    assert [r.name for r in corpus.recordings] == ["one/a", "one/c", "one/deep/d", "two/e"]
    assert corpus.recordings[0].labels["author"] == "Anna Author"
    text = tiny.read_text()
    tiny.write_text(text[: text.index("  - folder: two")])
    assert [r.name for r in build_builtin("tiny").recordings] == ["one/a", "one/c", "one/deep/d"]
    assert not (cache / "sources" / "tiny" / "two").exists()


def test_who_builds_at_the_same_time_unpacks_nothing_again(tiny: Path) -> None:
    told: list[str] = []
    other = threading.Thread(target=lambda: build_builtin("tiny", progress=lambda *step: told.append(step[0])))

    def begin_other(what: str, done: int, every: int) -> None:
        if what == "unpacking one-music":
            other.start()
            other.join(0.5)  # long enough to do everything, were it not kept waiting

    corpus = build_builtin("tiny", workers=1, progress=begin_other)
    other.join()
    assert [what for what in told if what != "decoding"] == []
    assert len(corpus.recordings) == 5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"[ab].ogg"', '"x*.ogg"', r"package one-music 1.0-1 holds no x\*.ogg in usr/share/one"),
        ("music.pk3", "other.pk3", "package two-music 2.0-1 holds no usr/share/two/other.pk3"),
    ],
)
def test_a_package_with_other_files_than_the_manifest_says_is_named(tiny: Path, old: str, new: str, said: str) -> None:
    tiny.write_text(tiny.read_text().replace(old, new))
    with pytest.raises(UserError, match=said):
        build_builtin("tiny", workers=1)
    assert store_names() == ()


MADE = """
about: Made here.
shippable: true
parts:
  - folder: made
    source: a maker
    author: somebody
    license: CC0-1.0
    maker: {name: procedural, tracks: 3, seconds: 2, seed: 7}
"""


def test_music_that_is_made_here_keeps_what_its_maker_knows(tiny: Path, home: Path) -> None:
    tiny.with_name("made.yaml").write_text(MADE)
    told: list[tuple[str, int, int]] = []
    corpus = build_builtin("made", workers=1, progress=lambda *step: told.append(step))
    assert [r.name for r in corpus.recordings] == [f"made/procedural_00000{seed}" for seed in (7, 8, 9)]
    labels = corpus.recordings[0].labels
    assert (labels["source"], labels["author"], labels["license"]) == ("a maker", "somebody", "CC0-1.0")
    assert float(labels["tempo"]) > 60 and int(labels["root"]) in range(12) and labels["group"] == "procedural_7"
    assert ("making made", 3, 3) in told
    kept = home / "cache" / "ear-engine" / "sources" / "made" / "made" / "procedural_000008.flac"
    before = kept.stat().st_mtime_ns
    tiny.with_name("made.yaml").write_text(MADE.replace("seed: 7", "seed: 8"))
    assert [r.name[-1] for r in build_builtin("made", workers=1).recordings] == ["8", "9", "0"]
    assert kept.stat().st_mtime_ns == before
    assert not kept.with_name("procedural_000007.flac").exists()


def test_a_maker_that_leaves_something_out_is_noticed(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.with_name("made.yaml").write_text(MADE)

    def lazy(folder: Path, *rest: object, **options: object) -> tuple[Path, ...]:
        return write(folder / "a.flac", sine(300, 1.2)), folder / "b.flac"

    monkeypatch.setattr("ear_engine.corpora.procedural.write_corpus", lazy)
    with pytest.raises(UserError, match=r"maker procedural made 1 of 2 recordings \(b.flac is the first"):
        build_builtin("made", workers=1)


def test_a_folder_of_music_is_decoded_into_the_cache_and_kept_up_to_date(home: Path, tmp_path: Path) -> None:
    music = write_music(tmp_path / "My Music!", 3)
    before = sorted(music.iterdir())
    corpus = find_corpus(music)
    assert corpus.name == "My_Music"
    assert corpus.folder.is_relative_to(home / "cache" / "ear-engine" / "corpora")
    assert not corpus.shippable
    assert sorted(music.iterdir()) == before
    write(music / "3.wav", sine(700, 1.3))
    assert len(find_corpus(str(music)).recordings) == 4
    assert find_corpus(corpus.folder).folder == corpus.folder
    assert store_names() == ()


def test_names_come_before_folders_and_nothing_at_all_is_said(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_music(tmp_path / "tiny", 2)
    assert len(find_corpus("tiny").recordings) == 5
    assert len(find_corpus("./tiny").recordings) == 2
    with pytest.raises(UserError, match="corpus 'tinny' is neither a corpus nor a folder; did you mean tiny"):
        find_corpus("tinny")


def test_building_by_command(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    music = write_music(tmp_path / "jazz", 3)
    (music / "broken.mp3").write_bytes(b"no")
    assert main(["corpus", "build", str(music), "--workers", "1"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("jazz: 0.00 h, 2 recordings to learn from, 1 to validate; in ")
    assert "left out: broken.mp3 (cannot be read: it is no audio that is known, or damaged)" in said.err
    assert "decoding: 4 of 4" in said.err
    assert main(["corpus", "build", str(music), "--name", "swing"]) == 0
    assert main(["corpus", "build", "tiny"]) == 0
    assert store_names() == ("jazz", "swing", "tiny")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build", "nowhere"], "corpus 'nowhere' is neither built in nor a folder; name a folder, or one of tiny."),
        (["build", ".", "--name", "tiny"], "name 'tiny' is that of a built-in corpus; choose another with --name."),
        (["build", ".", "--name", "../x"], "name '../x' is no name"),
        (["build", "tiny", "--name", "x"], "--name x does not go with a built-in corpus; leave it out."),
        (["build", ".", "--workers", "0"], "--workers 0 is below 1"),
        (["build", "."], "has no music"),
        (["info", "tinny"], "corpus 'tinny' is neither a corpus nor a folder; did you mean tiny."),
        (["info", "."], "corpus '.' is not built; build it: ear-engine corpus build ."),
        (["attributions", "tiny"], "corpus 'tiny' is not built; build it: ear-engine corpus build tiny."),
        ([], "see `ear-engine corpus --help`"),
    ],
)
def test_a_command_that_cannot_work_says_why(
    tiny: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    try:
        code = main(["corpus", *arguments])
    except SystemExit as left:
        code = int(left.code or 0)
    assert code == 2
    assert said in capsys.readouterr().err


def test_info_lists_all_corpora_built_or_not(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "build", str(write_music(tmp_path / "jazz", 2))]) == 0
    capsys.readouterr()
    assert main(["corpus", "info", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {"jazz", "tiny"}
    assert (rows["jazz"]["built"], rows["jazz"]["recordings"], rows["jazz"]["shippable"]) == (True, 2, False)
    assert (rows["tiny"]["built"], rows["tiny"]["shippable"]) == (False, True)
    assert rows["tiny"]["download"] > 10000
    assert main(["corpus", "info"]) == 0
    table = capsys.readouterr().out
    assert "to fetch" in table and "Two games." in table and "your own" in table
    assert main(["corpus", "info", "tiny"]) == 0
    assert "tiny is not built. Two games." in capsys.readouterr().out
    build_builtin("tiny", workers=1)
    tiny.write_text(tiny.read_text().replace("Ann", "Anna"))
    (store := find_corpus("jazz").folder / "index.json").write_text(store.read_text()[:-9])
    assert main(["corpus", "info"]) == 0
    table = capsys.readouterr().out
    assert "built, of another version" in table and "damaged; delete" in table


def test_info_says_what_is_in_one(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_builtin("tiny", workers=1)
    assert main(["corpus", "info", "tiny", "--json"]) == 0
    details = json.loads(capsys.readouterr().out)
    assert (details["recordings"], details["training"] + details["validation"]) == (5, 5)
    assert [(row["name"], row["recordings"]) for row in details["by_license"]] == [("MIT", 4), ("CC-BY-3.0", 1)]
    assert {row["name"] for row in details["by_author"]} == {"Ann Author", "Bob B.", "Eve"}
    assert details["hours"] == pytest.approx(5 * 1.5 / 3600, rel=0.01)
    assert main(["corpus", "info", "tiny"]) == 0
    text = capsys.readouterr().out
    assert "weights trained on it may be passed on" in text and "Game One" in text
    assert main(["corpus", "info", details["folder"]]) == 0
    assert capsys.readouterr().out == text


def test_attributions_thank_everyone_and_quote_what_to_keep(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_builtin("tiny", workers=1)
    assert main(["corpus", "attributions", "tiny"]) == 0
    text = capsys.readouterr().out
    assert "- **[Game One](https://one.example)** by Ann Author, [MIT](https://opensource.org/license/mit)." in text
    assert "© 2020 Ann Author. 0.00 h: a, b, deep/d." in text
    assert "by Bob B., [MIT]" in text
    assert "- **Game Two** by Eve, [CC-BY-3.0](https://creativecommons.org/licenses/by/3.0/). 0.00 h: e." in text
    assert '> THE SOFTWARE IS PROVIDED "AS IS"' in text
    assert "BSD" not in text


def test_corpora_need_no_torch() -> None:
    said = "import sys, ear_engine.commands.corpus, ear_engine.corpora.gather; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_attributions_of_ones_own_music_say_what_is_not_known(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["corpus", "build", str(write_music(tmp_path / "my_jazz", 2))]) == 0
    capsys.readouterr()
    assert main(["corpus", "attributions", "my_jazz"]) == 0
    assert "- **not stated** by not stated, not stated. 0.00 h: 0, 1." in capsys.readouterr().out
