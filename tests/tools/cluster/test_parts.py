from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.scheduler.running_airflow import SLEEPER
from tools.cluster import apps, toolbox
from tools.cluster.apps import secret_of
from tools.cluster.diagnose import is_well
from tools.cluster.errors import ClusterError
from tools.cluster.places import K8S, OFFLINE
from tools.cluster.settings import KIND, KUBECTL, Images, Settings
from tools.cluster.shell import Shell
from tools.cluster.toolbox import TOOLS

if TYPE_CHECKING:
    from pathlib import Path

HELM = next(tool for tool in TOOLS if tool.name == "helm")
KUBECTL_TOOL = next(tool for tool in TOOLS if tool.name == "kubectl")


@pytest.mark.parametrize(
    ("output", "acceptable"),
    [
        ("Client Version: v1.35.4\nKustomize Version: v5.7.1", "v1.35.4"),
        ("Client Version: v1.34.0", "v1.34.0"),
        ("Client Version: v1.32.4-dispatcher", None),
        ("Client Version: v1.37.0", None),
        ("", None),
    ],
)
def test_a_tool_found_must_have_a_version_that_will_do(
    output: str, acceptable: str | None, tmp_path: Path
) -> None:
    program = tmp_path / "kubectl"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{output}'\n")
    program.chmod(0o755)

    found = toolbox._acceptable(KUBECTL_TOOL, program, Shell(tmp_path / "log"))

    assert found == acceptable


def test_our_own_links_on_path_are_not_the_users_tools(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "bin", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        (folder / "kubectl").touch(mode=0o755)
    monkeypatch.setattr(toolbox, "BIN", ours)

    monkeypatch.setenv("PATH", f"{ours}")
    assert toolbox._on_path("kubectl") is None
    monkeypatch.setenv("PATH", f"{ours}/../bin:{theirs}")
    assert toolbox._on_path("kubectl") == theirs / "kubectl"


def _archive(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in (("linux-amd64/README.md", b"read"), ("linux-amd64/helm", content)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_a_release_is_taken_out_of_its_archive(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packed = _archive(b"program")
    published = f"{hashlib.sha256(packed).hexdigest()}  helm.tar.gz\n".encode()
    monkeypatch.setattr(toolbox, "_read", lambda a: published if a.endswith("sum") else packed)

    toolbox._download(HELM, tmp_path / "helm")

    assert (tmp_path / "helm").read_bytes() == b"program"
    assert (tmp_path / "helm").stat().st_mode & 0o111


def test_a_release_with_another_checksum_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    published = f"{'0' * 64}  helm.tar.gz\n".encode()
    monkeypatch.setattr(toolbox, "_read", lambda a: published if a.endswith("sum") else b"other")

    with pytest.raises(ClusterError, match="SHA-256"):
        toolbox._download(HELM, tmp_path / "helm")
    assert not (tmp_path / "helm").exists()


def test_the_offline_programs_have_the_versions_that_are_fetched_elsewhere() -> None:
    modules = (OFFLINE / "programs" / "go.mod").read_text()

    assert f"k8s.io/kubernetes v{KUBECTL}" in modules
    assert f"sigs.k8s.io/kind v{KIND}" in modules


@pytest.mark.parametrize("folder", [K8S, OFFLINE])
def test_both_clusters_lead_to_airflow_by_the_charts_node_port(folder: Path) -> None:
    cluster = (folder / "kind.yaml").read_text()

    assert "containerPort: 30080" in cluster
    assert "hostPort: 8080" in cluster
    assert "listenAddress: 127.0.0.1" in cluster
    assert "nodePort: 30080" in (K8S / "values" / "airflow.yaml").read_text()


@pytest.mark.parametrize(
    ("status", "well"),
    [
        ({"phase": "Succeeded"}, True),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}, True),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}, False),
        ({"phase": "Pending"}, False),
    ],
)
def test_a_pod_is_well_when_ready_or_done(status: dict[str, Any], well: bool) -> None:
    assert is_well({"status": status}) is well


def test_a_project_that_loads_into_the_warehouse_gets_its_role_alone() -> None:
    addresses = {
        f"{name}-uri": f"postgresql://{name}:pw-{name}@db.airflow.svc:5432/{name}"
        for name in ("shop", "csv_to_json", "warehouse")
    }
    assert secret_of("csv_to_json", addresses) == {
        "MELTANO_DATABASE_URI": addresses["csv_to_json-uri"]
    }
    assert secret_of("shop", addresses) == {
        "MELTANO_DATABASE_URI": addresses["shop-uri"],
        "WAREHOUSE_HOST": "db.airflow.svc",
        "WAREHOUSE_PORT": "5432",
        "WAREHOUSE_USER": "warehouse",
        "WAREHOUSE_PASSWORD": "pw-warehouse",
        "WAREHOUSE_DATABASE": "warehouse",
    }


def test_a_secret_gets_what_it_lacks_and_keeps_what_a_person_put_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    addresses = {
        f"{name}-uri": f"postgresql://u:p@db:5432/{name}" for name in ("shop", "warehouse")
    }
    theirs = {"WAREHOUSE_PASSWORD": "dGhlaXJz", "TAP_TOKEN": "bWluZQ=="}
    shell = Shell(tmp_path / "log")
    monkeypatch.setattr(shell, "ask", lambda *_: json.dumps({"data": theirs}))
    output: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    def kubectl(_: object, __: object, *words: str, stdin: str) -> None:
        output.append((words, json.loads(stdin)))

    monkeypatch.setattr(apps, "kubectl", kubectl)
    apps._project_secret(Settings.read({}), "shop", addresses, shell)
    ((words, manifest),) = output
    assert words[0] == "replace"
    assert manifest["data"].items() >= theirs.items()
    assert {"MELTANO_DATABASE_URI", "WAREHOUSE_HOST"} <= manifest["data"].keys()


@pytest.mark.parametrize(
    ("execution_mode", "variable", "built_with"),
    [("kubernetes", "", "false"), ("local", "", "true"), ("kubernetes", "true", "true")],
)
def test_airflows_image_has_meltano_where_a_task_runs_locally(
    execution_mode: str,
    variable: str,
    built_with: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for project, text in (
        ("broken", "jobs: ["),
        (
            "sleeper",
            SLEEPER.replace(
                "meltano_pods: {", f"meltano_pods: {{execution_mode: {execution_mode}, "
            ),
        ),
    ):
        (folder := tmp_path / "meltano" / project).mkdir(parents=True)
        (folder / "meltano.yml").write_text(text)
    built: dict[str, Any] = {}
    monkeypatch.setattr(apps, "ROOT", tmp_path)
    monkeypatch.setattr(apps, "build", lambda _, **options: built.update(options))
    monkeypatch.setenv("LOCAL_EXECUTION", variable)
    apps.build_images(Images.REGISTRY, Shell(tmp_path / "log"))
    assert built["variables"] == {"LOCAL_EXECUTION": built_with}
