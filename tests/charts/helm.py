"""Renders the charts with Helm, as an installation would."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.support.checkout import ROOT

CHARTS = ROOT / "charts"
MAXIMAL = {
    name: Path(__file__).parent / "values" / f"{name}.yaml" for name in ("airflow", "meltano-pods")
}
NAMES = tuple(MAXIMAL)
KUBERNETES = "1.35.4"

Manifest = dict[str, Any]


class RefusedError(Exception):
    """Helm did not render; the text is what it said."""


def helm() -> str | None:
    """Return the path of Helm: the variable HELM's, else the one on PATH."""
    return os.environ.get("HELM") or shutil.which("helm")


def render(chart: str, values: dict[str, Any] | None = None, *files: Path) -> list[Manifest]:
    """Return the objects of a chart.

    Args:
        chart: The chart's folder.
        values: Values over those of the chart and the files.
        files: Files of values.

    Raises:
        RefusedError: Helm failed.
    """
    return _objects(chart, json.dumps(values or {}), files)


@functools.cache
def _objects(chart: str, values: str, files: tuple[Path, ...]) -> list[Manifest]:
    program = helm()
    assert program
    command = [program, "template", "release", str(CHARTS / chart), "--namespace=here"]
    command += [
        f"--kube-version={KUBERNETES}",
        *(f"--values={file}" for file in files),
        "--values=-",
    ]
    ended = subprocess.run(
        command, check=False, capture_output=True, text=True, input=values, timeout=60
    )
    if ended.returncode:
        raise RefusedError(ended.stderr)
    return [each for each in yaml.safe_load_all(ended.stdout) if each]


def smallest(chart: str) -> list[Manifest]:
    """Return the objects of a chart with no more set than it demands."""
    return render(chart, {"image": "registry.example.com/image:1"})


def fullest(chart: str) -> list[Manifest]:
    """Return the objects of a chart with everything set."""
    return render(chart, None, MAXIMAL[chart])


def one(objects: list[Manifest], kind: str, name: str) -> Manifest:
    """Return the one object of that kind and name."""
    found = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def inventory(objects: list[Manifest]) -> list[str]:
    """Return `Kind name` of every object, sorted."""
    return sorted(f"{each['kind']} {each['metadata']['name']}" for each in objects)


def pods(objects: list[Manifest]) -> dict[str, Manifest]:
    """Return every pod that the objects make, templates too, by the owner's kind and name."""
    found = {}
    for each in objects:
        where = f"{each['kind']} {each['metadata']['name']}"
        if each["kind"] == "Pod":
            found[where] = each
        elif each["kind"] in ("Deployment", "StatefulSet", "Job"):
            found[where] = each["spec"]["template"]
        elif each["kind"] == "ConfigMap" and "worker.yaml" in each["data"]:
            found[f"{where} worker.yaml"] = yaml.safe_load(each["data"]["worker.yaml"])
    return found


def containers(pod: Manifest) -> list[Manifest]:
    """Return the containers of a pod, those that run first among them."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
