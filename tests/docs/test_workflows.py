"""The workflows for GitHub run what there is; their linters run apart (tests/workflows/lint.sh)."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOWS = ROOT / ".github" / "workflows"
FILES = sorted(WORKFLOWS.glob("*.yml"))


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def jobs(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = read(file)["jobs"]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_verb_that_is_run_is_one(file: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    verbs = re.findall(r"\bmake (?:--silent )?([a-z-]+)", file.read_text())
    assert verbs
    for verb in verbs:
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), verb


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_job_may_more_than_it_says(file: Path) -> None:
    assert read(file)["permissions"] == {}
    allowed = {"contents": "read"}
    for name, job in jobs(file).items():
        more = {"packages": "write"} if name == "meltano" else {}
        assert job["permissions"] == allowed | more


def test_images_are_built_by_targets_of_bake() -> None:
    bake = (ROOT / "docker-bake.hcl").read_text()
    matrix = jobs(WORKFLOWS / "check.yml")["images"]["strategy"]["matrix"]
    for target in matrix["target"]:
        assert f'target "{target}"' in bake
    action = read(ROOT / ".github" / "actions" / "build-and-scan" / "action.yml")
    for variable in action["runs"]["steps"][0]["env"].keys() - {"TARGET"}:
        assert f'variable "{variable}"' in bake


def test_what_pods_run_is_published_before_what_asks_for_it() -> None:
    deploy = jobs(WORKFLOWS / "deploy.yml")
    assert deploy["astro"]["needs"] == "meltano"
    steps = [step.get("name") or step["uses"] for step in deploy["astro"]["steps"]]
    order = ["Pin the Meltano image", "./.github/actions/build-and-scan", "Deploy"]
    assert [step for step in steps if step in order] == order
    # A clone without the variables does nothing.
    for variable in ("ASTRO_DEPLOYMENT_ID", "MELTANO_REGISTRY"):
        assert f"vars.{variable} != ''" in deploy["meltano"]["if"]


def test_pinning_needs_no_package() -> None:
    # The workflow pins before it has an environment.
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "tools.images", "pin", "no-digest"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "not an image with a digest" in ended.stderr
