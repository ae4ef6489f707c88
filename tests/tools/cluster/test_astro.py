"""What `make astro-kind` writes, and which Airflow it takes for this project's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.settings.deployment.read import parse_deployment

from tests.support.checkout import ROOT
from tests.support.fake_shell import FakeShell
from tools.cluster.astro import AstroKind
from tools.cluster.astro_files import DATA, KUBECONFIG, account, kubeconfig, variables, with_block
from tools.cluster.errors import ClusterError
from tools.cluster.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

DAGS = "/usr/local/airflow/dags"
LINES = ["A=1", "B="]


@pytest.mark.parametrize("before", ["", "MINE=1\n", "# mine\nMINE=1"])
def test_the_block_comes_and_goes(before: str) -> None:
    with_it = with_block(before, LINES)
    assert "\nA=1\nB=\n" in with_it
    assert with_it.startswith(before)
    assert with_block(with_it, LINES) == with_it
    assert with_block(f"{with_it}LATER=1\n", ["C=2"]).endswith("LATER=1\n")
    assert "A=1" not in with_block(with_it, ["C=2"])
    assert with_block(with_it, []).rstrip("\n") == before.rstrip("\n")


def test_the_variables_are_settings() -> None:
    pairs = dict(line.split("=", 1) for line in variables(Settings(registry_port=5009)))
    settings = parse_deployment(
        {name.removeprefix("AIRFLOW__MELTANO_PODS__").lower(): pairs[name] for name in pairs}
    )
    assert settings.execution_mode == "kubernetes"
    assert settings.in_cluster is False
    assert (settings.kubernetes_conn_id, settings.kubeconfig) == ("", Path(KUBECONFIG))
    assert settings.image == "localhost:5009/meltano:dev"


def test_nothing_of_the_administrators_but_the_certificate() -> None:
    cluster = {"server": "https://127.0.0.1:1", "certificate-authority-data": "ca"}
    user = {"client-key-data": "key", "client-certificate-data": "certificate"}
    admin = {"clusters": [{"cluster": cluster}], "users": [{"user": user}]}
    made = kubeconfig(admin, "token")
    assert made["users"][0]["user"] == {"token": "token"}
    assert made["clusters"][0]["cluster"]["certificate-authority-data"] == "ca"
    assert "key" not in json.dumps(made["users"])


def test_the_account_may_what_the_chart_lets_a_launcher() -> None:
    _, binding = account()["items"]
    names = (ROOT / "charts/meltano-pods/templates/_names.tpl").read_text()
    assert f"\n{binding['roleRef']['name']}\n" in names


def found(*containers: Mapping[str, str]) -> AstroKind:
    output: list[dict[str, Any]] = [
        {
            "Name": f"/airflow-{number}",
            "Mounts": [{"Destination": to, "Source": source} for to, source in mounts.items()],
            "NetworkSettings": {"Networks": {f"network-{number}": {}}},
        }
        for number, mounts in enumerate(containers)
    ]
    astro = AstroKind(Settings())
    shell = FakeShell({"ps": "a b" if output else "", "inspect": json.dumps(output)})
    astro.steps()[0].run(shell)
    return astro


@pytest.mark.parametrize("before", ["", "/host_mnt"])
def test_the_airflow_of_this_project_is_found(before: str) -> None:
    own = {DAGS: f"{before}{ROOT / 'dags'}", DATA: "/var/lib/docker/volumes/a"}
    astro = found({DAGS: "/elsewhere/dags", DATA: "/b"}, own)
    assert (astro.scheduler, astro.network) == ("airflow-1", "network-1")


@pytest.mark.parametrize(
    ("mounts", "part"),
    [
        ({}, "Start it, `astro dev start`"),
        ({DAGS: "/elsewhere/dags"}, "Start it, `astro dev start`"),
        ({DAGS: str(ROOT / "dags")}, "docker-compose.override.yml"),
    ],
)
def test_an_airflow_that_cannot_be_connected(mounts: dict[str, str], part: str) -> None:
    with pytest.raises(ClusterError) as caught:
        found(*[mounts] if mounts else [])
    assert part in caught.value.fix
