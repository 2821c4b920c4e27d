from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from ear_engine.errors import UserError
from ear_engine.plugins import ALLOW_VARIABLE, KINDS, Registry

PLUGINS = Path(__file__).parent / "plugins"
MODULES = ("rainmaker", "brokenmaker")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has really installed both plug-in distributions."""
    target = tmp_path_factory.mktemp("site-packages")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index"]
    folders = [str(PLUGINS / "good"), str(PLUGINS / "broken")]
    run = subprocess.run(
        [*command, "--target", str(target), *folders], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return target


@pytest.fixture
def registry(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.delenv(ALLOW_VARIABLE, raising=False)
    _forget()
    yield Registry()
    _forget()


def _forget() -> None:
    for module in [name for name in sys.modules if name.split(".")[0] in MODULES]:
        del sys.modules[module]


def test_listing_imports_nothing(registry: Registry) -> None:
    names = registry.names("sources")
    assert "rain" in names and "drizzle" in names
    assert names == sorted(names)
    assert not any(name in sys.modules for name in MODULES)


def test_a_plugin_is_loaded_on_first_use_and_once(registry: Registry) -> None:
    rain = registry.load("sources", "rain")
    assert rain.name == "rain"
    assert "rainmaker" in sys.modules
    del sys.modules["rainmaker"]
    assert registry.load("sources", "rain") is rain
    (row,) = [row for row in registry.report() if row.distribution == "ear-rainmaker"]
    assert (row.kind, row.name, row.target, row.version, row.status) == (
        "sources",
        "rain",
        "rainmaker:Rain",
        "1.2.3",
        "loaded",
    )


def test_a_broken_plugin_is_an_error_only_for_who_asks_for_it(registry: Registry) -> None:
    with pytest.raises(UserError) as caught:
        registry.load("sources", "drizzle")
    assert caught.value.code == "broken_plugin"
    assert "RuntimeError: the clouds are missing" in str(caught.value)
    assert "mend or uninstall ear-storm 0.0.1" in str(caught.value)
    assert "drizzle" not in registry.names("sources")
    assert registry.load("sources", "rain").name == "rain"
    with pytest.raises(UserError, match="the clouds are missing"):  # asked again: the same answer
        registry.load("sources", "drizzle")


def test_listing_goes_on_past_broken_plugins(registry: Registry) -> None:
    loaded = dict(registry.load_all("sources"))
    assert "rain" in loaded and "drizzle" not in loaded
    rows = {(row.kind, row.name): row for row in registry.report() if row.distribution == "ear-storm"}
    assert {row.status for row in rows.values()} == {"broken"}
    reasons = {name: row.reason for (_, name), row in rows.items()}
    assert "its name is taken by ear-rainmaker" == rows["sources", "rain"].reason
    assert "kind does not exist; use sources" in reasons["misfiled"]
    assert "its name is not of the form" in reasons["Bad Name"]
    assert "the clouds are missing" in reasons["no_module"]


@pytest.mark.parametrize(("name", "reason"), [("absent", "has no attribute"), ("quits", "SystemExit: 3")])
def test_whatever_an_import_does_is_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    _distribution(tmp_path, "odd", "[ear_engine.views]\nabsent = odd_module:absent\nquits = odd_quits:thing\n")
    (tmp_path / "odd_module.py").write_text("")
    (tmp_path / "odd_quits.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UserError, match=reason):
        Registry().load("views", name)


def test_damaged_metadata_is_named_and_skipped(installed: Path, tmp_path: Path, registry: Registry) -> None:
    sys.path.insert(0, str(tmp_path))
    try:
        _distribution(tmp_path, "damaged", "[ear_engine.sources]\nno target here\n")
        (row,) = [row for row in registry.report() if row.distribution == "damaged"]
        assert row.status == "broken" and "entry_points.txt cannot be read" in row.reason
        assert "rain" in registry.names("sources")
    finally:
        sys.path.remove(str(tmp_path))


def test_unknown_names_and_kinds_give_the_nearest(registry: Registry) -> None:
    with pytest.raises(UserError, match=r"sources plug-in 'rian' does not exist; did you mean .*rain"):
        registry.load("sources", "rian")
    with pytest.raises(UserError, match="plug-in kind 'source' does not exist; there is ears, sources"):
        registry.names("source")


@pytest.mark.parametrize("listed", ["ear_rainmaker", " Ear-Rainmaker , other"])
def test_the_allow_list_hides_the_others(registry: Registry, monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    monkeypatch.setenv(ALLOW_VARIABLE, listed)
    allowed = Registry()
    assert "rain" in allowed.names("sources") and "drizzle" not in allowed.names("sources")
    with pytest.raises(UserError, match=f"is not in {ALLOW_VARIABLE}; add ear-storm to it"):
        allowed.load("sources", "drizzle")
    assert {row.status for row in allowed.report() if row.distribution == "ear-storm"} == {"disallowed"}
    assert "brokenmaker" not in sys.modules


def test_built_ins_are_registered_by_the_same_route_and_load() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    groups = project.get("entry-points", {})
    assert set(groups) <= {f"ear_engine.{kind}" for kind in KINDS}
    declared = {(group, name, target) for group, rows in groups.items() for name, target in rows.items()}
    distribution = metadata.distribution("ear-engine")
    installed = {(e.group, e.name, e.value) for e in distribution.entry_points if e.group.startswith("ear_engine.")}
    assert installed == declared, "pyproject.toml has changed since the installation: run `make install`"
    broken = [row for row in Registry(allowed=()).report(load=True) if row.status == "broken"]
    assert not broken


def _distribution(folder: Path, name: str, entry_points: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
