"""Every piece of a meltano.yml that a page shows is planned; Kubernetes would take its pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml
from meltano_pods.plan import plan
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.project import read_project
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.tasks.deployment import build_deployment

from tests.docs.blocks import PAGES, code_blocks
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FRAGMENTS = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    if page.parent.name != "tutorial"  # those are run (tests/local/test_tutorials.py)
    for number, block in enumerate(code_blocks(page, "yaml"), 1)
    if "meltano_pods" in block
]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_fragment_can_be_planned(fragment: str, tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").write_text(yaml.safe_dump(completed(yaml.safe_load(fragment))))
    planned = plan(read_project(tmp_path))
    assert planned.dags
    deployment = build_deployment(ROOT, parse_deployment({"execution_mode": "kubernetes"}))
    for pod in preview_pods(planned, deployment):
        kubernetes_validate.validate(pod.manifest, "1.35", strict=True)


def completed(output: dict[str, Any]) -> dict[str, Any]:
    """Add what a fragment leaves out: something to run, and the plugins that it names."""
    plugins = output.setdefault("plugins", {})
    if not any(output.get(key) for key in ("schedules", "jobs")):
        taps = [each["name"] for each in plugins.get("extractors", [])]
        output["jobs"] = [
            {"name": "load", "tasks": [f"{(taps or ['tap-shop'])[0]} target-postgres"]}
        ]
    defined = {each["name"] for kind in plugins.values() for each in kind}
    for name in sorted(named(output) - defined):
        kind = "extractors" if name.startswith("tap-") else "loaders"
        kind = kind if name.startswith(("tap-", "target-")) else "utilities"
        plugin: dict[str, Any] = {"name": name, "namespace": name.replace("-", "_")}
        if kind == "utilities":
            plugin["commands"] = {"build": "build", "run": "run"}
        plugins.setdefault(kind, []).append(plugin)
    return output


def named(output: dict[str, Any]) -> set[str]:
    """Return the plugins that schedules and jobs name."""
    names = set()
    for schedule in output.get("schedules", []):
        names |= {schedule[key] for key in ("extractor", "loader") if key in schedule}
    for job in output.get("jobs", []):
        tasks = job["tasks"]
        for task in [tasks] if isinstance(tasks, str) else tasks:
            blocks = task.split() if isinstance(task, str) else task
            names |= {block.split(":")[0] for block in blocks}
    return names
