"""A project from a repository of its own, as docs/how-to/several-projects.md says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.tutorial import typed_in
from tests.support.checkout import ROOT

PAGE = ROOT / "docs" / "how-to" / "several-projects.md"
MELTANO_YML = """\
plugins:
  extractors: [{name: tap-shop, namespace: tap_shop}]
  loaders: [{name: target-postgres, namespace: target_postgres}]
jobs:
- {name: load, tasks: tap-shop target-postgres}
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A Git that knows who commits, and takes a folder for a remote repository."""
    settings = {
        "user.name": "user",
        "user.email": "user@example.com",
        "init.defaultBranch": "main",
        "protocol.file.allow": "always",
        f"url.{tmp_path}/acme-.insteadOf": "https://github.com/acme/",
    }
    numbered = {"GIT_CONFIG_COUNT": str(len(settings)), "GIT_CONFIG_GLOBAL": os.devnull}
    for number, (key, value) in enumerate(settings.items()):
        numbered |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | numbered


def test_a_project_comes_as_a_submodule(tmp_path: Path, environment: dict[str, str]) -> None:
    def typed(folder: Path, commands: str) -> str:
        ended = subprocess.run(
            ["/bin/sh", "-ec", commands],
            cwd=folder, env=environment, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def planned() -> str:
        command = [Path(sys.executable).with_name("meltano-pods"), "plan", "orders"]
        return subprocess.check_output([str(word) for word in command], cwd=clone, text=True)

    theirs, clone = tmp_path / "acme-meltano-orders", tmp_path / "clone"
    theirs.mkdir()
    (theirs / "meltano.yml").write_text(MELTANO_YML)
    typed(theirs, "git init --quiet; git add .; git commit --quiet --message 'A project'")
    (clone / "dags").mkdir(parents=True)
    (clone / "meltano").mkdir()
    shutil.copy(ROOT / "dags" / "csv_to_json.py", clone / "dags")
    typed(clone, "git init --quiet; git add .; git commit --quiet --message 'A clone'")

    add, update = typed_in(PAGE, "From separate repositories").commands.split(
        "git submodule update", 1
    )
    typed(clone, add)
    assert "orders.job.load" in planned()

    (theirs / "meltano.yml").write_text(MELTANO_YML.replace("name: load", "name: reload"))
    typed(theirs, "git commit --quiet --all --message 'Another job'")
    assert "orders.job.load" in planned()
    typed(clone, f"git submodule update{update}")
    assert "orders.job.reload" in planned()
    assert typed(clone, "git status --porcelain") == ""
