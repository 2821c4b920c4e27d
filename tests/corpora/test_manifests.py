"""The manifests that ship are right, and a wrong one is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ear_engine.corpora.manifest import (
    Manifest,
    builtin_names,
    known_licenses,
    load_manifest,
    read_manifest,
    split_terms,
)
from ear_engine.errors import UserError

PERMISSIVE = {"CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "MIT", "BSD-2-Clause"}
GOOD = """
about: x
shippable: true
parts:
  - folder: a
    source: A
    license: MIT
    debian: {package: a, version: "1", pool: pool/a_1.deb, size: 1, sha256: "00"}
    files: [{match: ["*.ogg"]}]
"""


def licenses(manifest: Manifest) -> set[str]:
    return {name for part in manifest.parts for terms in part.terms for name in split_terms(terms)}


def test_the_promised_corpora_are_built_in() -> None:
    promised = {"open", "tracks", "piano", "piano_other", "procedural", "procedural_test", "band", "more"}
    assert promised <= set(builtin_names())
    assert "licenses" not in builtin_names()


@pytest.mark.parametrize("name", builtin_names())
def test_a_manifest_that_ships_is_whole(name: str) -> None:
    manifest = read_manifest(name)
    assert manifest.about.endswith(".")
    for part in manifest.parts:
        assert part.author or all(files.author for files in part.files) or name.startswith("piano")
        if part.debian is not None:
            assert re.fullmatch(r"[0-9a-f]{64}", part.debian.sha256)
            assert part.debian.file.startswith(f"{part.debian.package}_") and part.debian.file.endswith("_all.deb")
            assert part.debian.size > 10**6
    if manifest.shippable:
        assert licenses(manifest) <= PERMISSIVE
        assert all(part.maker is None or part.maker.seed + part.maker.tracks <= 100000 for part in manifest.parts)


def test_what_measures_is_trained_on_nowhere() -> None:
    packages = {name: {p.package.package for p in read_manifest(name).parts if p.package} for name in builtin_names()}
    assert packages["tracks"] == {"nexuiz-music"}
    assert "nexuiz-music" not in packages["open"] | packages["more"]
    for name in ("procedural_test", "band_test"):
        manifest = read_manifest(name)
        assert not manifest.shippable
        assert all(part.maker is not None and part.maker.seed >= 100000 for part in manifest.parts)


def test_the_texts_of_licenses_that_ask_to_be_kept_are_there() -> None:
    known = known_licenses()
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in known["MIT"].text
    assert "Redistributions in binary form" in known["BSD-2-Clause"].text
    assert all(license.url.startswith("https://") and license.text for license in known.values())


def test_two_parts_of_one_package_are_fetched_once(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(GOOD + GOOD.partition("parts:\n")[2].replace("folder: a", "folder: b"))
    manifest = load_manifest(path)
    assert len(manifest.parts) == 2 and manifest.download == 1


def test_any_change_that_matters_changes_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    recipes = set()
    for text in (GOOD, GOOD + "# a comment\n", GOOD.replace("*.ogg", "a*.ogg"), GOOD + "version: 2\n"):
        path.write_text(text)
        recipes.add(load_manifest(path).recipe())
    assert len(recipes) == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("about: x", "abuot: x", "key 'abuot' is not known; did you mean about"),
        ("about: x\n", "", "key 'about' is missing"),
        ("license: MIT", "license: MTI", "license 'MTI' is not known; did you mean MIT"),
        ("    license: MIT\n", "", "license is missing"),
        ("folder: a", "folder: ../a", "folder is '../a'"),
        ("folder: a", "folder: /a", "folder is '/a'"),
        ("folder: a", "folder: .a", "folder is '.a'"),
        ('    files: [{match: ["*.ogg"]}]\n', "", "has not one source"),
        ("size: 1", "size: one", "size is 'one', not int"),
        ("    source: A", "    source: A\n    maker: {name: procedural}", "has not one source"),
        ("debian", "pypi", "key 'pool' is not known"),
        ("    source: A", "    source: A\n    maker: {name: orchestra}", "maker: name is 'orchestra'"),
    ],
)
def test_a_wrong_manifest_is_named_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "x.yaml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(UserError) as caught:
        load_manifest(path)
    assert said in str(caught.value) and "x.yaml" in str(caught.value)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UserError, match="corpus 'opne' is not built in; did you mean open"):
        read_manifest("opne")
