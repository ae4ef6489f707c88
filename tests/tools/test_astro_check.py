"""The checker of Astro's limits: a project that Astro accepts, and each thing that it rejects."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.pods import TEMPLATES
from tools.astro_check import check
from tools.astro_check.__main__ import main
from tools.astro_check.dockerfile import read_dockerfile

if TYPE_CHECKING:
    from pathlib import Path

    from tools.astro_check import Finding

pytest.importorskip("airflow.providers.cncf.kubernetes")

DIGEST = "ghcr.io/acme/meltano@sha256:" + "0" * 64
MELTANO = """\
plugins:
  extractors: [{name: tap-a}]
  loaders: [{name: target-b}]
annotations:
  meltano_pods: {}
jobs:
- {name: load, tasks: tap-a target-b}
"""
FILES = {
    "Dockerfile": (
        "FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.13\n"
        "FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.13-base AS build\n"
        f"ENV AIRFLOW__MELTANO_PODS__IMAGE={DIGEST}\n"
    ),
    "Dockerfile.meltano": "FROM python:3.13-slim\n",
    "requirements.txt": "# The provider.\napache-airflow-providers-cncf-kubernetes==10.25.0\n",
    "packages.txt": "",
    "pyproject.toml": (
        "[project]\nname = 'shop'\ndependencies = ['apache-airflow==3.3.2', 'pandas']\n"
        "[tool.astro]\ndockerfile = 'Dockerfile'\n"
    ),
    ".astro/config.yaml": "project: {name: shop}\n",
    ".astro/test_dag_integrity_default.py": "",
    ".astro/dag_loading.py": "",
    "dags/shop.py": "",
    "meltano/shop/meltano.yml": MELTANO,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    shutil.copytree(TEMPLATES, tmp_path / "k8s" / "pod_templates")
    return tmp_path


def findings(root: Path, **variables: str) -> list[Finding]:
    return check(root, environment=variables)


def change(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def settings(root: Path, text: str) -> None:
    change(root, "meltano/shop/meltano.yml", "meltano_pods: {}", f"meltano_pods: {{{text}}}")


def test_a_project_that_astro_takes(root: Path) -> None:
    assert findings(root) == []


def test_the_deployments_variables_count(root: Path) -> None:
    change(root, "Dockerfile", DIGEST, '""')
    assert [each.key for each in findings(root)] == ["ENV AIRFLOW__MELTANO_PODS__IMAGE"]
    assert findings(root, AIRFLOW__MELTANO_PODS__IMAGE=DIGEST) == []
    assert check(root, pinned=False, environment={}) == []
    (wrong,) = findings(root, AIRFLOW__MELTANO_PODS__DEFERRABLE="async")
    assert "takes true or false" in wrong.found


SIZE = "{cpu: 500m, memory: 1Gi, ephemeral-storage: 1Gi}"
SMALL = f"resources: {{requests: {SIZE}, limits: {SIZE}}}"
CONTAINER = "pod_override: {spec: {containers: [{name: %s}]}}"
PODS = {
    "too many cores": ("resources: {limits: {cpu: 44}}", "limits.cpu", "44", "at most 43"),
    "too much memory": ("resources: {limits: {memory: 87Gi}}", "limits.memory", "87.0Gi", "86Gi"),
    "too much together": (
        "resources: {limits: {cpu: 43}}, " + CONTAINER % f"side, image: '{DIGEST}', {SMALL}",
        "limits.cpu", "43.5", "at most 43",
    ),
    "unlike": (
        CONTAINER % "meltano, resources: {requests: {memory: 512Mi}}",
        "container meltano, resources.requests.memory", "512Mi", "1Gi, as the limit",
    ),
    "a sidecar without resources": (
        CONTAINER % f"side, image: '{DIGEST}'",
        "container side, resources.limits.cpu", "none", "cpu, memory and ephemeral-storage",
    ),
    "a claim": (
        "pod_override: {spec: {volumes: [{name: data, persistentVolumeClaim: {claimName: d}}]}}",
        "volume data", "persistentVolumeClaim", "no persistent volumes",
    ),
    "a host path": (
        "pod_override: {spec: {volumes: [{name: data, hostPath: {path: /data}}]}}",
        "volume data", "hostPath", "no persistent volumes",
    ),
    "ARM": (
        "pod_override: {spec: {nodeSelector: {kubernetes.io/arch: arm64}}}",
        "nodeSelector kubernetes.io/arch", "arm64", "amd64",
    ),
    "a namespace": ("namespace: loads", "namespace", "loads", "the Deployment's own"),
    "a moving tag": ("image: 'ghcr.io/acme/meltano:latest'", "image", ":latest", "never moves"),
    "no tag": ("image: 'localhost:5001/meltano'", "image", "localhost:5001/meltano", "digest"),
    "a sidecar's image": (
        CONTAINER % "meltano}, {name: side, image: 'proxy:dev'",
        "container side, image", "proxy:dev", "digest",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PODS)
def test_pods(root: Path, case: str) -> None:
    output, key, found, allowed = PODS[case]
    settings(root, output)
    matching = [each for each in findings(root) if key in each.key]
    assert matching, findings(root)
    assert matching[0].file == "meltano/shop/meltano.yml"
    assert matching[0].key.startswith("shop.job.load, task tap-a-to-target-b, ")
    assert found in matching[0].found
    assert allowed in matching[0].allowed


def test_a_secret_as_a_plain_value_in_the_pod_template(root: Path) -> None:
    name = "k8s/pod_templates/astro.yaml"
    change(
        root,
        name,
        "    - name: HOME\n",
        "    - {name: TAP_TOKEN, value: hunter2}\n    - name: HOME\n",
    )
    (found,) = findings(root)
    assert "astro.yaml, key spec.containers.0.env." in found.key
    assert "TAP_TOKEN" in found.fix
    assert "hunter2" not in str(found)


REPOSITORY = {
    "airflow twice": (
        "requirements.txt", "# The provider.", "apache-airflow==3.3.2", "line 1", "no Airflow"),
    "provider missing": (
        "requirements.txt", "apache-airflow-providers-cncf-kubernetes==10.25.0", "pandas", "",
        "the Runtime does not bring it"),
    "a local path": ("requirements.txt", "# The provider.", "./include/mine", "line 1", "an index"),
    "an editable path": ("requirements.txt", "# The provider.", "-e mine", "line 1", "an index"),
    "a file URL": (
        "requirements.txt", "# The provider.", "mine @ file:///mine", "line 1", "an index"),
    "another file": (
        "requirements.txt", "# The provider.", "-c locks/airflow.txt", "line 1", "an index"),
    "a comment": ("packages.txt", "", "# nothing", "line 1", "Debian packages"),
    "no runtime": (
        "Dockerfile", "astrocrpublic.azurecr.io/runtime:3.3-8-python-3.13\n", "python:3.13\n",
        "line 1", "Astro Runtime"),
    "a floating runtime": (
        "Dockerfile", "runtime:3.3-8-python-3.13\n", "runtime:3.3\n", "line 1", "whole version"),
    "two runtimes": (
        "Dockerfile", "runtime:3.3-8-python-3.13-base", "runtime:3.2-1-base", "line 2", "line 1"),
    "airflow in the Dockerfile": (
        "Dockerfile", "ENV ", "RUN pip install apache-airflow==3.3.1\nENV ", "line 3",
        "in addition to that of the Runtime"),
    "an ARM image": (
        "Dockerfile.meltano", "FROM ", "FROM --platform=linux/arm64 ", "line 1", "linux/amd64"),
    "no manifest": ("pyproject.toml", "[tool.astro]", "[tool.other]", "[tool.astro]", "CLI 2"),
    "another Dockerfile": (
        "pyproject.toml", "dockerfile = 'Dockerfile'", "", "[tool.astro] dockerfile", "CLI 2"),
    "an unknown key": (
        "pyproject.toml", "[tool.astro]", "[tool.astro]\nname = 'shop'", "[tool.astro] name",
        "CLI 2 rejects"),
    "airflow of another series": (
        "pyproject.toml", "airflow==3.3.2", "airflow==3.2.*", "[project] dependencies", "3.3"),
    "airflow unpinned": (
        "pyproject.toml", "airflow==3.3.2", "airflow>=3.3", "[project] dependencies", "pinned"),
    "airflow nowhere": (
        "pyproject.toml", "'apache-airflow==3.3.2', ", "", "[project] dependencies", "pinned"),
    "no name for CLI 1": (".astro/config.yaml", "shop", "''", "project.name", "CLI 1"),
    "a project that cannot be run": (
        "meltano/shop/meltano.yml", "tasks: tap-a", "tasks: tap-x", "", "what the fix says"),
}  # fmt: skip


@pytest.mark.parametrize("case", REPOSITORY)
def test_files(root: Path, case: str) -> None:
    file, old, new, key, allowed = REPOSITORY[case]
    if old:
        change(root, file, old, new)
    else:
        (root / file).write_text(new)
    (found,) = findings(root)
    assert found.file == file
    assert key in found.key
    assert allowed in found.allowed
    assert found.fix


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "packages.txt",
        ".astro/test_dag_integrity_default.py",
        ".astro/dag_loading.py",
        "dags/shop.py",
    ],
)
def test_files_that_must_be_there(root: Path, name: str) -> None:
    (root / name).unlink()
    assert [(each.file, each.found) for each in findings(root)] == [(name, "no such file")]


@pytest.mark.parametrize(
    ("link", "target", "allowed"),
    [
        ("dags/more.py", "../include/more.py", False),
        ("dags/same.py", "shop.py", True),
        ("include/elsewhere.py", "/etc/hostname", False),
        ("include/dangling.py", "nothing.py", False),
        ("meltano/shop/shared", "../../include", True),
        ("meltano/shop/outside", "../../..", False),
    ],
)
def test_links(root: Path, link: str, target: str, allowed: bool) -> None:
    (root / "include").mkdir()
    (root / "include" / "more.py").touch()
    (root / link).symlink_to(target)
    assert [each.file for each in findings(root)] == ([] if allowed else [link])


def test_the_command_says_file_key_found_allowed_and_fix(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(root)]) == 0
    change(root, "requirements.txt", "# The provider.", "apache-airflow==3.3.2")
    assert main(["--root", str(root), "--unpinned"]) == 1
    output = capsys.readouterr().out
    for part in ("requirements.txt: line 1", "found: ", "allowed: ", "fix: ", "1 to fix"):
        assert part in output


def test_a_dockerfile_is_read_as_docker_does(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(
        "ARG BASE=python:3.13\n# FROM ignored\nFROM ${BASE} AS one\n"
        "RUN a; \\\n    # inside\n    b\n"
        'FROM one AS two\nFROM --platform=linux/amd64 other:1\nENV A=1 B="two words"\n'
    )
    found = read_dockerfile(file)
    assert [(base.line, base.image, base.platform) for base in found.bases] == [
        (3, "python:3.13", ""),
        (8, "other:1", "linux/amd64"),
    ]
    assert found.env == {"A": "1", "B": "two words"}
    assert found.commands[2] == (4, "RUN a; b")
