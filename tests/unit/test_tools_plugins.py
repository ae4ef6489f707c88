"""When `make run` installs a project's plugins."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tools.plugins import install

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.projects import MakeProject

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
    """Write a Meltano that counts how often it is called, and fails where there is `broken`."""
    file = tmp_path / "meltano-stub"
    file.write_text('#!/bin/sh\n[ ! -e broken ] || exit 1\necho "$@" >>../../installed\n')
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


def test_what_cannot_be_read_is_meltanos_to_say(
    project: Path, meltano: Path, tmp_path: Path
) -> None:
    (project / "meltano.yml").write_text("plugins: [")
    for _ in range(2):
        assert install(project, tmp_path / "plugins", meltano)
