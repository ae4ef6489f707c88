"""What `meltano-runner check` finds before anything is started."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from meltano_runner.cli import main

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
plugins:
  extractors:
  - {name: tap-a, namespace: tap_a, pip_url: tap-a==1, config: {password: $A_PASSWORD}}
  - {name: tap-b, inherit_from: tap-a}
  - {name: tap-c, inherit_from: tap-a, pip_url: tap-a==2}
  - {name: tap-same, inherit_from: tap-c, pip_url: tap-a==2}
  - {name: tap-script, namespace: tap_script, executable: ./tap.sh}
  - {name: tap-hub}
  loaders:
  - {name: target-a, variant: acme}
  mappers:
  - {name: mapper, namespace: mapper, pip_url: mapper, mappings: [{name: hide, config: {}}]}
"""

Check = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Check:
    (tmp_path / "meltano.yml").write_text(PROJECT)
    locks = tmp_path / "plugins" / "loaders"
    locks.mkdir(parents=True)
    (locks / "target-a--acme.lock").write_text(json.dumps({"pip_url": "acme-target-a"}))

    def run(*blocks: str, **environment: str) -> list[tuple[str, str]]:
        variables = {"MELTANO_PROJECT_ROOT": str(tmp_path), **environment}
        runs = [{"arguments": ["run", *blocks], "environment": variables}]
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(runs)))
        assert main(["check"]) == 0
        (found,) = json.loads(capfd.readouterr().out)
        return [(each["category"], each["name"]) for each in found]

    return run


def install(folder: Path, *places: str) -> None:
    for each in places:
        (folder / each / "venv").mkdir(parents=True)


def test_all_that_is_missing_is_named(check: Check) -> None:
    assert check("tap-a", "hide", "target-a") == [
        ("variable_missing", "A_PASSWORD"),
        ("plugin_missing", "tap-a"),
        ("plugin_missing", "mapper"),
        ("plugin_missing", "target-a"),
    ]


def test_nothing_is_missing(check: Check, tmp_path: Path) -> None:
    install(tmp_path / ".meltano", "extractors/tap-a", "loaders/target-a")
    (tmp_path / ".env").write_text("A_PASSWORD=x\n")
    assert check("tap-a", "target-a") == []


@pytest.mark.parametrize(
    ("tap", "place"),
    [("tap-b", "tap-a"), ("tap-c", "tap-c"), ("tap-same", "tap-c")],
)
def test_an_heir_is_installed_where_meltano_installs_it(
    check: Check, tmp_path: Path, tap: str, place: str
) -> None:
    assert check(tap, A_PASSWORD="x") == [("plugin_missing", tap)]
    system = tmp_path / "elsewhere"
    install(system, f"extractors/{place}")
    assert check(tap, A_PASSWORD="x", MELTANO_SYS_DIR_ROOT=str(system)) == []


@pytest.mark.parametrize("tap", ["tap-script", "tap-hub"])
def test_what_nothing_is_installed_for_is_not_missed(check: Check, tap: str) -> None:
    assert check(tap) == []
