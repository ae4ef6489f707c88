"""Which cluster a command is about: one that somebody named, or none."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

pytest.importorskip("kubernetes")

from kubernetes.client.exceptions import ApiException
from meltano_pods.cli import cluster
from meltano_pods.cli.cluster import Cluster, call_api, connect
from meltano_pods.cli.deployment import (
    LOCAL_IMAGE,
    read_cluster_deployment,
    read_deployment,
    read_pinned_image,
)
from meltano_pods.cli.kubeconfig import NoClusterError
from meltano_pods.errors import DeploymentError
from meltano_pods.missing import PROVIDER, PROVIDER_REQUIREMENT, install_command
from meltano_pods.settings.deployment.read import parse_deployment

from tests.support.checkout import ROOT
from tests.support.command_line import rewrite
from tools.images.build import MELTANO
from tools.images.push import pin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command_line import RunCli

SERVERS = {"here": 1, "prod": 2, "kind-meltano-pods": 3}
"""Contexts and the closed ports of this machine that they lead to."""


def write_kubeconfig(file: Path, current: str, *contexts: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": current, "users": [],
        "clusters": [
            {"name": each, "cluster": {"server": f"https://127.0.0.1:{SERVERS[each]}"}}
            for each in contexts
        ],
        "contexts": [{"name": each, "context": {"cluster": each}} for each in contexts],
    }  # fmt: skip
    file.write_text(yaml.safe_dump(config))
    return file


@pytest.fixture
def kubectl(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return kubectl's kubeconfig, whose current context is `prod`."""
    file = write_kubeconfig(root / "kube" / "config", "prod", "here", "prod")
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(file))
    return file


@pytest.fixture
def local(root: Path) -> Path:
    """Return the kubeconfig of a cluster of `make up`."""
    file = root / ".run" / "cluster" / "meltano-pods" / "kubeconfig"
    return write_kubeconfig(file, "kind-meltano-pods", "kind-meltano-pods")


def reached(root: Path, *arguments: Any, **settings: str) -> str:
    return connect(root, parse_deployment(settings), *arguments).name


@pytest.mark.usefixtures("kubectl")
def test_the_current_context_is_nobodys_choice(root: Path) -> None:
    with pytest.raises(NoClusterError, match="kubectl's current context does not count") as caught:
        reached(root)
    assert "(the kubeconfig has: here, prod)" in caught.value.fix
    assert reached(root, "here") == "here"


@pytest.mark.usefixtures("kubectl", "local")
def test_the_cluster_of_make_up_is_the_default(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = connect(root, parse_deployment({}))
    assert (found.name, found.local) == ("kind-meltano-pods", True)
    assert str(found) == "kind-meltano-pods (https://127.0.0.1:3, made by `make up`)"
    assert reached(root, "prod") == "prod"
    # kubectl's configuration need not have it.
    assert reached(root, "kind-meltano-pods") == "kind-meltano-pods"
    monkeypatch.setenv("CLUSTER_NAME", "other")
    with pytest.raises(NoClusterError):
        reached(root)


@pytest.mark.usefixtures("local")
def test_the_deployments_cluster_comes_first(root: Path, kubectl: Path) -> None:
    assert reached(root, cluster_context="here") == "here"
    # Airflow takes the current context of a file that the deployment names, and so do we.
    assert reached(root, kubeconfig=str(kubectl)) == "prod"
    assert reached(root, "here", kubeconfig=str(kubectl)) == "here"


@pytest.mark.usefixtures("kubectl")
def test_the_cluster_of_make_up_is_known_by_its_address(root: Path, local: Path) -> None:
    other = write_kubeconfig(root / "own", "kind-meltano-pods", "kind-meltano-pods")
    assert connect(root, parse_deployment({}), None, other).local
    assert not connect(root, parse_deployment({}), "prod").local
    assert connect(root, parse_deployment({}), None, local).local


def test_a_file_alone_has_to_be_of_one_context(root: Path, kubectl: Path) -> None:
    one = write_kubeconfig(root / "one", "here", "here")
    assert reached(root, None, one) == "here"
    with pytest.raises(NoClusterError, match="has several contexts: here, prod"):
        reached(root, None, kubectl)


@pytest.mark.usefixtures("kubectl")
def test_a_pod_of_airflow_uses_its_own_cluster_if_the_deployment_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = SimpleNamespace(name="in-cluster")
    monkeypatch.setattr(cluster, "_connect_in_cluster", lambda: inside)
    with pytest.raises(NoClusterError):
        reached(root)
    assert reached(root, profile="astro") == "in-cluster"


@pytest.mark.usefixtures("kubectl")
def test_a_connection_of_airflow_is_no_way_for_a_command(root: Path) -> None:
    with pytest.raises(
        NoClusterError, match="not read the Airflow connection `kubernetes_default`"
    ):
        reached(root, profile="external")


@pytest.mark.usefixtures("kubectl")
def test_a_misspelt_context(root: Path) -> None:
    with pytest.raises(DeploymentError, match="has no context `pord`; it has: here, prod") as found:
        reached(root, "pord")
    assert found.value.fix.startswith("Did you mean `prod`?")


CONFIG_MAP = {
    "AIRFLOW__MELTANO_PODS__EXECUTION_MODE": "kubernetes",
    "AIRFLOW__MELTANO_PODS__IMAGE": "localhost:5001/meltano@sha256:0a",
    "AIRFLOW__MELTANO_PODS__NAMESPACE": "meltano",
    "AIRFLOW__MELTANO_PODS__IN_CLUSTER": "True",
    "AIRFLOW__MELTANO_PODS__POD_TEMPLATE": "kind.yaml",
    "AIRFLOW__MELTANO_PODS__PROJECTS_FOLDER": "/usr/local/airflow/meltano",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
}


@pytest.fixture
def airflow_there(monkeypatch: pytest.MonkeyPatch) -> None:
    class Core:
        def __init__(self, _client: object) -> None: ...

        def read_namespaced_config_map(self, name: str, namespace: str, **_: object) -> Any:
            if (name, namespace) != ("airflow-config", "airflow"):
                raise ApiException(status=404)
            return SimpleNamespace(data=CONFIG_MAP)

    monkeypatch.setattr("kubernetes.client.CoreV1Api", Core)


@pytest.mark.usefixtures("airflow_there", "local")
def test_in_the_cluster_of_make_up_pods_are_those_of_its_airflow(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "Dockerfile").write_text("ENV AIRFLOW__MELTANO_PODS__IMAGE=ghcr.io/acme/meltano:1\n")
    cluster = connect(root, parse_deployment({}))
    settings = read_cluster_deployment(cluster, None, root).settings
    assert (settings.image, settings.pod_template) == (
        "localhost:5001/meltano@sha256:0a",
        "kind.yaml",
    )
    assert not {"in_cluster", "projects_folder"} & settings.model_fields_set
    assert read_cluster_deployment(cluster, None, root).namespace == "meltano"
    profile = read_cluster_deployment(cluster, "astro", root).settings
    assert (profile.image, profile.pod_template) == (settings.image, "astro.yaml")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__IMAGE", "own:1")
    assert read_cluster_deployment(cluster, None, root).settings.image == "own:1"


@pytest.mark.usefixtures("kubectl")
def test_elsewhere_the_image_is_the_pinned_one(root: Path) -> None:
    cluster = connect(root, parse_deployment({}), "prod")
    assert read_cluster_deployment(cluster, None, root).settings.image is None
    (root / "Dockerfile").write_text("ENV AIRFLOW__MELTANO_PODS__IMAGE=ghcr.io/acme/meltano:1\n")
    assert read_cluster_deployment(cluster, None, root).settings.image == "ghcr.io/acme/meltano:1"
    # The same without a cluster: in `plan --pods`, and in doctor.
    assert read_deployment("astro", root).settings.image == "ghcr.io/acme/meltano:1"


def test_a_profile_keeps_the_other_settings(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__NAMESPACE", "elt")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__EXECUTION_MODE", "local")
    deployment = read_deployment("external", root)
    assert deployment.namespace == "elt"
    settings = deployment.settings
    assert (settings.profile, settings.execution_mode) == ("external", "kubernetes")


@pytest.mark.usefixtures("root", "kubectl")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--local", "--kubernetes"), "--local cannot be combined with --kubernetes"),
        (("--local", "--context", "here"), "cannot be combined with --context"),
        (("--local", "--profile", "astro"), "cannot be combined with --profile"),
        (("--context", "here"), "--context applies only to pods, and these tasks run as processes"),
        (("--wait",), "--wait applies only to pods"),
    ],
)
def test_options_that_contradict_each_other(
    run_cli: RunCli, arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = run_cli("run", "shop.daily", *arguments)
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.usefixtures("kubectl")
def test_a_pod_by_its_settings_needs_no_option_but_a_cluster(root: Path, run_cli: RunCli) -> None:
    rewrite(root, "    environment: prod", "    environment: prod\n    execution_mode: kubernetes")
    code, _, err = run_cli("run", "shop.daily")
    assert code == 1
    assert "no cluster is named" in err
    code, _, err = run_cli("run", "shop.daily", "--context", "here")
    assert "the cluster does not answer" in err
    assert "here (https://127.0.0.1:1)" in err


def options_in(fix: str) -> list[str]:
    return [each for each in re.findall(r"`(--[^`]+)`", fix) if "NAME" not in each]


@pytest.mark.usefixtures("local", "kubectl")
def test_the_fix_of_a_cluster_that_does_not_answer_names_another_way(run_cli: RunCli) -> None:
    code, _, err = run_cli("run", "shop.daily", "--kubernetes")
    assert code == 1
    assert "kind-meltano-pods (https://127.0.0.1:3, made by `make up`)" in err
    assert "fix: Run `make up`" in err


def test_the_only_context_is_suggested_and_is_the_way(
    root: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_kubeconfig(root / "kube" / "config", "here", "here")
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(file))
    err = run_cli("run", "shop.daily", "--kubernetes")[2]
    (option,) = options_in(err.partition("fix: ")[2])
    err = run_cli("run", "shop.daily", "--kubernetes", *shlex.split(option))[2]
    assert "here (https://127.0.0.1:1)" in err


def test_doctor_asks_no_cluster_that_nobody_named(
    root: Path, kubectl: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr("kubernetes.client.CoreV1Api", never)
    rewrite(root, "    environment: prod", "    environment: prod\n    execution_mode: kubernetes")
    finding = doctor(run_cli)
    assert finding["level"] == "note"
    assert finding["what"].startswith("not checked: no cluster is named")
    assert doctor(run_cli, "--pod")["level"] == "error"
    finding = doctor(run_cli, "--kubeconfig", str(kubectl))
    assert (finding["level"], "several contexts" in finding["what"]) == ("error", True)


@pytest.mark.usefixtures("kubectl")
def test_without_the_client_doctor_and_run_say_what_to_install(
    root: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(root, "    environment: prod", "    environment: prod\n    execution_mode: kubernetes")
    for module in [each for each in sys.modules if each.split(".")[0] == "kubernetes"]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "meltano_pods.cli.cluster")
    needed = "apache-airflow-providers-cncf-kubernetes>=10.25"
    finding = doctor(run_cli)
    assert finding["level"] == "error"
    assert "needs Airflow's Kubernetes provider, which is not installed" in finding["what"]
    assert needed in finding["fix"]
    code, _, err = run_cli("run", "shop.daily", "--context", "here")
    assert code == 1
    assert "this command needs Airflow's Kubernetes provider" in err
    assert install_command(needed) in err


def doctor(run_cli: RunCli, *arguments: str) -> dict[str, Any]:
    found = json.loads(run_cli("doctor", *arguments, "--format", "json")[1])
    (cluster,) = [each for each in found if each["topic"] == "cluster"]
    return dict(cluster)


def test_what_make_push_pins_and_make_images_builds_is_what_commands_look_for(
    tmp_path: Path,
) -> None:
    # `tools.images` imports no packages, so both sides define these.
    file = tmp_path / "Dockerfile"
    file.write_text('FROM x\nENV AIRFLOW__MELTANO_PODS__IMAGE=""\n')
    assert read_pinned_image(tmp_path) is None
    pin(image := f"ghcr.io/acme/meltano@sha256:{'0' * 64}", file)
    assert read_pinned_image(tmp_path) == image
    assert MELTANO == LOCAL_IMAGE


def test_the_provider_that_errors_ask_for_is_the_one_of_the_image() -> None:
    (line,) = [
        each for each in (ROOT / "requirements.txt").read_text().splitlines() if PROVIDER in each
    ]
    pinned = line.partition("==")[2].split(".")
    # `make run` installs the lock: its environment does all that the command line offers.
    assert f"\n{line} " in (ROOT / "locks" / "airflow.txt").read_text()
    least = PROVIDER_REQUIREMENT.partition(">=")[2].split(".")
    assert pinned[: len(least)] == least


@pytest.mark.parametrize(
    ("has", "words"),
    [
        ({"pip"}, "-m pip install 'x>=1'"),
        ({"uv"}, "uv pip install --python "),
        (set(), "-m ensurepip && "),
    ],
)
def test_what_is_typed_to_install_a_package_can_be_typed(
    monkeypatch: pytest.MonkeyPatch, has: set[str], words: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name in has or None)
    monkeypatch.setattr("shutil.which", lambda name: name if name in has else None)
    assert words in install_command("x>=1")


_USER = 'is forbidden: User "ci" cannot'
REJECTED = {
    "expired credentials": (
        401, "Unauthorized",
        "rejects the credentials", "`kubectl --context prod auth whoami` shows",
    ),
    "a missing permission": (
        403, f'pods {_USER} create resource "pods" in API group "" in the namespace "elt"',
        "you may not create pods in namespace `elt`",
        "`kubectl --context prod --namespace elt auth can-i create pods` answers `yes`",
    ),
    "a missing permission for a part": (
        403, f'pods "x" {_USER} get resource "pods/log" in API group "" in the namespace "elt"',
        "you may not get pods/log in namespace `elt`", "auth can-i get pods --subresource=log`",
    ),
    "a missing permission for the cluster": (
        403, f'roles {_USER} create resource "roles" in API group "k8s.io" at the cluster scope',
        "you may not create roles in the whole cluster", "auth can-i create roles.k8s.io`",
    ),
    "an admission policy": (
        403, 'pods "x" is forbidden: violates PodSecurity "restricted:latest"',
        "violates PodSecurity", "Fix what this message names",
    ),
    "no JSON": (500, None, "Rejected (HTTP 500)", "`kubectl --context prod get events`"),
}  # fmt: skip


@pytest.mark.parametrize("case", REJECTED)
def test_a_rejected_request_names_what_is_missing(case: str) -> None:
    status, message, what, fix = REJECTED[case]
    body = json.dumps({"kind": "Status", "message": message}) if message else "<html>"

    def reject() -> None:
        error = ApiException(status=status, reason="Rejected")
        error.body = body if message else None
        raise error

    with pytest.raises(DeploymentError) as caught:
        call_api(Cluster(None, "prod", None, "https://c"), reject)
    assert what in caught.value.what
    assert fix in caught.value.fix
    # No command that the same missing permission stops.
    assert "doctor" not in caught.value.fix


@pytest.mark.usefixtures("kubectl")
def test_kubectl_commands_are_for_the_cluster_that_was_looked_at(
    root: Path, local: Path, kubectl: Path
) -> None:
    text = "kubectl --namespace meltano get pods, or `kubectl create namespace meltano`"
    prod = connect(root, parse_deployment({}), "prod").aim(text)
    assert prod == (
        "kubectl --context prod --namespace meltano get pods, or "
        "`kubectl --context prod create namespace meltano`"
    )
    assert connect(root, parse_deployment({})).aim("kubectl get pods") == (
        f"kubectl --kubeconfig {local} --context kind-meltano-pods get pods"
    )
    assert connect(root, parse_deployment({}), "here", kubectl).aim(prod) == prod
    assert Cluster(None, "in-cluster", None, "https://c").aim(text) == text


ARN = "arn:aws:eks:eu-central-1:111122223333:cluster/prod"
CLUSTER = "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
UNUSABLE = {
    "empty": ("", "file is empty"),
    "no YAML": ("{token: hunter2, a: [", "it is not valid YAML"),
    "a list": ("- hunter2", "cannot be used"),
    "no contexts": ("apiVersion: v1\nkind: Config\n", "has no context `c`; it has: none"),
    "contexts of another tool": ("contexts: {c: hunter2}\n", "cannot be used"),
    "no such cluster": ("contexts: [{name: c, context: {cluster: gone, user: u}}]\n", "gone"),
    "no such certificate": (
        CLUSTER.replace("server:", "certificate-authority: /no/ca, server:")
        + "contexts: [{name: c, context: {cluster: c}}]\n",
        "/no/ca",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_kubeconfig_that_cannot_be_used(case: str, root: Path) -> None:
    text, words = UNUSABLE[case]
    (root / "kubeconfig").write_text(text)
    with pytest.raises(DeploymentError, match=re.escape(words)) as caught:
        reached(root, "c", root / "kubeconfig")
    assert str(root / "kubeconfig") in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_kubeconfig_without_a_current_context(root: Path) -> None:
    """kubectl takes it with `--context`; the client's own list of contexts does not."""
    file = root / "kubeconfig"
    file.write_text(CLUSTER + f"contexts: [{{name: '{ARN}', context: {{cluster: c}}}}]\n")
    assert reached(root, ARN, file) == reached(root, None, file) == ARN
    with pytest.raises(DeploymentError) as caught:
        reached(root, ARN.replace("prod", "prd"), file)
    assert f"Did you mean `{ARN}`?" in caught.value.fix


def test_kubeconfigs_are_joined_as_kubectl_joins_them(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write_kubeconfig(root / each, each, each) for each in ("here", "prod")]
    joined = os.pathsep.join(map(str, files))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", joined)
    assert (reached(root, "here"), reached(root, "prod")) == ("here", "prod")


@pytest.mark.parametrize("text", ["", "{a: ["])
def test_a_broken_kubeconfig_of_make_up_is_no_traceback(
    text: str, root: Path, local: Path, kubectl: Path
) -> None:
    local.write_text(text)
    for arguments in ((), ("kind-meltano-pods",)):
        with pytest.raises(DeploymentError, match="the kubeconfig cannot be used"):
            reached(root, *arguments)
    assert kubectl.is_file()
