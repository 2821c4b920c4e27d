"""Packages are fetched by whatever this machine has, are the ones that are known, and are fetched once."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from ear_engine.corpora.packages import Debian, Pypi, fetch
from ear_engine.errors import UserError
from tests.corpora.packages import deb, sha256, write

CONTENT = deb({"./usr/share/a.ogg": b"a" * 5000})
POOL = "pool/main/n/music/n-music_1.0-1_all.deb"
KNOWN = Debian("n-music", "1.0-1", POOL, len(CONTENT), sha256(CONTENT))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """A web server that has the package."""
    write(tmp_path / "www" / "debian" / POOL, CONTENT)
    handler = functools.partial(Quiet, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/debian/"
        server.shutdown()
        thread.join()


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without package managers; programs put into this folder are its only ones."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_package_comes_from_a_mirror_once(tmp_path: Path, mirror: str, bare: Path) -> None:
    told: list[tuple[int, int]] = []
    cache = tmp_path / "cache" / "packages"
    got = fetch(KNOWN, cache, mirrors=(mirror,), progress=lambda *step: told.append(step))
    assert got == cache / "n-music_1.0-1_all.deb"
    assert got.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert os.listdir(cache) == [got.name]
    assert fetch(KNOWN, cache, mirrors=()) == got


def test_a_package_that_the_user_has_put_there_is_taken(tmp_path: Path, bare: Path) -> None:
    write(tmp_path / "n-music_1.0-1_all.deb", CONTENT)
    assert fetch(KNOWN, tmp_path, mirrors=()).read_bytes() == CONTENT


def test_a_damaged_one_in_the_cache_is_fetched_again(tmp_path: Path, mirror: str, bare: Path) -> None:
    write(tmp_path / "n-music_1.0-1_all.deb", CONTENT[:-1] + b"?")
    assert fetch(KNOWN, tmp_path, mirrors=(mirror,)).read_bytes() == CONTENT


def test_the_next_mirror_is_asked_when_one_has_another_file_or_none(tmp_path: Path, mirror: str, bare: Path) -> None:
    write(tmp_path / "www" / "other" / POOL, CONTENT[:-1] + b"?")
    write(tmp_path / "www" / "endless" / POOL, CONTENT * 1000)
    base = mirror.removesuffix("debian/")
    mirrors = (f"{base}none/", f"{base}other/", f"{base}endless/", mirror)
    assert fetch(KNOWN, tmp_path / "cache", mirrors=mirrors).read_bytes() == CONTENT
    with pytest.raises(UserError, match=r"cannot be fetched \(.*404.*n-music.* is not the file that is known"):
        fetch(KNOWN, tmp_path / "cache2", mirrors=mirrors[:2])
    assert os.listdir(tmp_path / "cache2") == []


def test_without_a_network_it_says_what_to_put_where(tmp_path: Path, bare: Path) -> None:
    with pytest.raises(UserError) as caught:
        fetch(KNOWN, tmp_path, mirrors=("http://127.0.0.1:9/debian/",))
    assert "127.0.0.1:9" in str(caught.value)
    assert f"check the network, or put n-music_1.0-1_all.deb into {tmp_path}" in str(caught.value)


def test_apt_is_asked_first_for_exactly_this_version(tmp_path: Path, bare: Path) -> None:
    write(tmp_path / "source.deb", CONTENT)
    program(bare / "apt-get", f'echo "$@" > {tmp_path}/asked; /bin/cp {tmp_path}/source.deb n-music_1.0-1_all.deb')
    assert fetch(KNOWN, tmp_path / "cache", mirrors=()).read_bytes() == CONTENT
    assert (tmp_path / "asked").read_text() == "-qq download n-music=1.0-1\n"


def test_where_apt_fails_or_has_another_file_mirrors_are_asked(tmp_path: Path, mirror: str, bare: Path) -> None:
    program(bare / "apt-get", "echo 'E: Unable to locate package n-music' >&2; exit 100")
    assert fetch(KNOWN, tmp_path / "one", mirrors=(mirror,)).read_bytes() == CONTENT
    with pytest.raises(UserError, match="apt-get: E: Unable to locate package n-music"):
        fetch(KNOWN, tmp_path / "two", mirrors=())
    program(bare / "apt-get", "echo other > n-music_1.0-1_all.deb")
    assert fetch(KNOWN, tmp_path / "three", mirrors=(mirror,)).read_bytes() == CONTENT


def test_a_wheel_comes_from_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = Pypi("some", "2.0", "some-2.0-py3-none-any.whl", len(CONTENT), sha256(CONTENT))
    write(tmp_path / "wheel", CONTENT)
    program(tmp_path / "python", f'echo "$@" > {tmp_path}/asked; /bin/cp {tmp_path}/wheel {wheel.file}')
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert fetch(wheel, tmp_path / "cache").read_bytes() == CONTENT
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:3] == ["-m", "pip", "download"] and asked[-1] == "some==2.0"
    assert "--no-deps" in asked and "--only-binary=:all:" in asked


@pytest.mark.parametrize("name", ["-oEvil=1", "a b", "../x", "", "a;b"])
def test_names_that_are_no_names_reach_no_client(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="mend the manifest"):
        fetch(Debian(name, "1", POOL, 1, ""), tmp_path)
    with pytest.raises(UserError, match="mend the manifest"):
        fetch(Debian("music", "1", f"pool/{name}", 1, ""), tmp_path) if "/" not in name else fetch(
            Debian("music", name, POOL, 1, ""), tmp_path
        )


def test_no_room_is_said_before_fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 2 * 10**6))
    large = Debian("n-music", "1.0-1", POOL, 10**8, "")
    with pytest.raises(UserError, match=r"needs 100 MB, and 2 MB are free; make room in"):
        fetch(large, tmp_path, mirrors=())
