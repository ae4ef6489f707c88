"""When `make run` installs a project's plugins."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tools.plugins import install

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.projects import MakeProject

SHOP = """\
plugins:
  extractors:
  - name: tap-a
    namespace: tap_a
    pip_url: ./tap-a
    config: {path: one}
schedules: []
"""


@pytest.fixture
def project(make_project: MakeProject) -> Path:
    project = make_project(SHOP)
    (project / "tap-a").mkdir()
    (project / "tap-a" / "tap.py").write_text("one")
    return project


@pytest.fixture
def meltano(tmp_path: Path) -> Path:
    """Write a Meltano that counts its calls; `broken` has what it logs when it fails."""
    file = tmp_path / "meltano-stub"
    file.write_text(
        '#!/bin/sh\nif [ -e broken ]; then cat broken; exit 1; fi\necho "$@" >>../../installed\n'
    )
    file.chmod(0o755)
    return file


def test_plugins_are_installed_where_what_they_are_made_of_has_changed(
    project: Path, meltano: Path, tmp_path: Path
) -> None:
    plugins, file = tmp_path / "plugins", project / "meltano.yml"

    def installs() -> bool:
        return install(project, plugins, meltano)

    assert installs()
    assert not installs()
    file.write_text(SHOP.replace("path: one", "path: two") + "default_environment: dev\n")
    assert not installs()
    file.write_text(SHOP + "project_id: from-meltano\n")
    assert not installs()
    file.write_text(SHOP.replace("./tap-a", "./tap-a[s3]"))
    assert installs()
    (project / "tap-a" / "tap.py").write_text("two")
    assert installs()
    shutil.rmtree(plugins)
    assert installs()
    assert (tmp_path / "installed").read_text() == "install\n" * 4


def test_a_failure_is_tried_again(project: Path, meltano: Path, tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    assert install(project, plugins, meltano)
    (project / "broken").touch()
    (project / "meltano.yml").write_text(SHOP.replace("tap-a", "tap-b"))
    with pytest.raises(SystemExit, match="shop: `meltano install` failed"):
        install(project, plugins, meltano)
    (project / "broken").unlink()
    (project / "meltano.yml").write_text(SHOP)
    assert install(project, plugins, meltano)


def test_only_the_plugins_that_are_needed(project: Path, meltano: Path, tmp_path: Path) -> None:
    plugins, calls = tmp_path / "plugins", tmp_path / "installed"

    def installs(*names: str) -> bool:
        return install(project, plugins, meltano, names)

    assert installs("tap-a", "target-b")
    assert not installs("tap-a")
    assert installs("tap-a", "tap-c")
    assert not (plugins / ".installed").exists()  # `make airflow` still has to install the others
    (project / "meltano.yml").write_text(SHOP.replace("tap-a", "tap-a[s3]"))
    assert installs("tap-a")
    assert installs("target-b")
    assert installs()
    assert not installs("tap-c")
    expected = ["tap-a target-b", "tap-c", "tap-a", "target-b", ""]
    assert calls.read_text().splitlines() == [f"install {each}".strip() for each in expected]


def test_the_plugin_that_failed_is_named_with_the_end_of_what_pip_says(
    project: Path, meltano: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    details = "\n".join([*map(str, range(100)), "error: there is no version tap-a==9"])
    lines: list[Any] = [
        {"event": "something is deprecated", "level": "warning"},
        {"install_state": {"plugin_name": "tap-a", "details": details}, "event": "failed"},
        {"install_state": {"plugin_name": "tap-b", "message": "needs Python 3.9"}, "event": "x"},
    ]
    text = "\n".join(["... [info     ] meltano  Meltano 4.4.1", "no JSON", *map(json.dumps, lines)])
    (project / "broken").write_text(f"{text}\n")
    with pytest.raises(SystemExit) as caught:
        install(project, tmp_path / "plugins", meltano, ["tap-a", "tap-b"])
    output = str(caught.value)
    assert "shop: the plugin tap-a cannot be installed:" in output
    assert "there is no version tap-a==9" in output
    assert "fix: correct the `pip_url` of tap-a in meltano/shop/meltano.yml" in output
    assert "  needs Python 3.9\n" in output
    assert len(output.splitlines()) < 25
    shown = capfd.readouterr().err
    assert shown == "no JSON\nsomething is deprecated\n"


def test_dbt_packages_are_installed_with_a_plugin_that_brings_dbt(
    project: Path, meltano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (project / "meltano.yml").open("a") as file:
        file.write("include_paths: [dbt.yml]\n")
    (project / "dbt.yml").write_text(
        "plugins: {utilities: [{name: dbt-x}, {name: dbt-y, inherit_from: dbt-x}]}\n"
    )
    dbt = tmp_path / "plugins" / "utilities" / "dbt-x" / "venv" / "bin" / "dbt"
    dbt.parent.mkdir(parents=True)
    dbt.touch()
    called: list[str] = []
    for name in ("tap-a", "dbt-x", "dbt-y"):
        monkeypatch.setattr(
            "tools.images.dbt_packages.main", lambda *_, name=name: called.append(name)
        )
        assert install(project, tmp_path / "plugins", meltano, [name])
    assert called == ["dbt-x", "dbt-y"]


def test_what_cannot_be_read_is_meltanos_to_say(
    project: Path, meltano: Path, tmp_path: Path
) -> None:
    (project / "meltano.yml").write_text("plugins: [")
    for _ in range(2):
        assert install(project, tmp_path / "plugins", meltano)
