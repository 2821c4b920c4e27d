"""Packages give the files that are asked for, and nothing else they might try."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from ear_engine.corpora import archives
from ear_engine.corpora.archives import unpack
from ear_engine.errors import UserError
from tests.corpora.packages import ar, deb, tar, write

FILES = {"./usr/share/music/a.ogg": b"a" * 3001, "./usr/share/music/b.ogg": b"b", "./usr/share/doc/copyright": b"free"}


def unpacked(package: Path, folder: Path, wanted: str = "") -> dict[str, bytes]:
    unpack(package, lambda name: folder / name if name.endswith(wanted) else None)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("compression", ["xz", "gz", "bz2", ""])
def test_a_debian_package_is_read_with_any_compression(tmp_path: Path, compression: str) -> None:
    package = write(tmp_path / "x.deb", deb(FILES, compression))
    assert unpacked(package, tmp_path / "out", ".ogg") == {
        "usr/share/music/a.ogg": b"a" * 3001,
        "usr/share/music/b.ogg": b"b",
    }


def test_a_zip_file_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "music.pk3", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("music/", "")
        archive.writestr("music/a.ogg", b"a" * 5000)
        archive.writestr("b.txt", b"b")
    assert unpacked(tmp_path / "music.pk3", tmp_path / "out", ".ogg") == {"music/a.ogg": b"a" * 5000}


UNSAFE = ["../evil", "./a/../../evil", "/etc/evil", "//evil", "a/..", "C:/evil"]


def refused(package: Path) -> None:
    with pytest.raises(UserError, match="has the unsafe name"):
        unpack(package, lambda inside: package.parent / "out" / inside)
    assert not (package.parent / "evil").exists() and not (package.parent / "out").exists()


@pytest.mark.parametrize("name", [*UNSAFE, "a\\..\\evil"])
def test_a_name_that_leads_outside_refuses_a_debian_package(tmp_path: Path, name: str) -> None:
    refused(write(tmp_path / "x.deb", deb({name: b"evil"})))


@pytest.mark.parametrize("name", UNSAFE)
def test_a_name_that_leads_outside_refuses_a_zip_file(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(name, b"evil")
    refused(tmp_path / "x.zip")


def test_links_and_devices_are_passed_over(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as archive:
        for name, kind in (
            ("l", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("d", tarfile.CHRTYPE),
            ("p", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        member = tarfile.TarInfo("l/file")  # through the link, if it were made
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    write(tmp_path / "x.deb", ar({"debian-binary": b"2.0\n", "data.tar.xz": out.getvalue()}))
    assert unpacked(tmp_path / "x.deb", tmp_path / "out") == {"l/file": b"x"}
    assert not (tmp_path / "out" / "l").is_symlink()


def test_a_link_in_a_zip_file_is_passed_over(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("file", b"x")
    assert unpacked(tmp_path / "x.zip", tmp_path / "out") == {"file": b"x"}


def test_what_unpacks_to_too_much_is_refused_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "LARGEST_FILE", 1000)
    write(tmp_path / "x.deb", deb({"small": b"s", "bomb": b"\0" * 1001}))
    with pytest.raises(UserError, match="unpacks to more than it may"):
        unpack(tmp_path / "x.deb", lambda name: tmp_path / "out" / name)
    assert not (tmp_path / "out" / "bomb").exists()
    monkeypatch.setattr(archives, "LARGEST", 1500)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(str(number), b"\0" * 900)
    with pytest.raises(UserError, match="unpacks to more than it may"):
        unpack(tmp_path / "x.zip", lambda name: tmp_path / "out" / name)
    assert not (tmp_path / "out" / "1").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a package at all",
        b"!<arch>\n",
        ar({"debian-binary": b"2.0\n"}),
        ar({"data.tar.xz": b"not xz"}),
        ar({"data.tar.gz": tar({"a": b"a" * 9999}, "gz")[:60]}),
        ar({"data.tar": tar({"a": b"a" * 9999}, "")[:3000]}),
        deb(FILES)[:-100],
        b"!<arch>\n" + b"data.tar        0           0     0     100644  -5        `\n",
        b"PK\x03\x04 and no more",
    ],
)
def test_a_damaged_package_is_named_and_leaves_no_half_file(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "x.deb", content)
    with pytest.raises(UserError, match=r"package 'x.deb' is damaged .*; delete it, and it is fetched again"):
        unpack(tmp_path / "x.deb", lambda name: tmp_path / "out" / name)
    assert not [path for path in tmp_path.rglob("out/*") if path.suffix != ".part"]


def test_a_compression_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path / "x.deb", ar({"data.tar.lzma9": b"(\xb5/\xfd"}))
    with pytest.raises(UserError, match="is compressed with lzma9, which this Python cannot read"):
        unpack(tmp_path / "x.deb", lambda name: None)


def test_a_target_that_cannot_be_written_is_not_the_packages_fault(tmp_path: Path) -> None:
    write(tmp_path / "x.deb", deb({"a": b"a"}))
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file .*a' cannot be written .* GB are free"):
        unpack(tmp_path / "x.deb", lambda name: tmp_path / "file" / name)
