"""Airflow and the namespace of the Meltano pods on the cluster: images, charts, health."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from meltano_pods.errors import MeltanoPodsError
from meltano_pods.pods.spec.naming import build_secret_name
from meltano_pods.project.files import find_project_folders
from meltano_pods.settings.types.execution import LOCAL
from meltano_pods.tasks.projects import plan_project

from tools import warehouse
from tools.airflow_api import AirflowApi
from tools.cluster.access import AIRFLOW_NAMESPACE, logins, secret
from tools.cluster.errors import ClusterError
from tools.cluster.kind import kubectl
from tools.cluster.offline import postgres_image
from tools.cluster.places import BIN, CHARTS, K8S, ROOT
from tools.cluster.settings import Images
from tools.images.bases import Bases
from tools.images.build import AIRFLOW, MELTANO, build
from tools.images.push import push_as

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.cluster.settings import Settings
    from tools.cluster.shell import Shell

MELTANO_NAMESPACE = "meltano"
_DATABASES = "airflow-database"
_WAREHOUSE = "warehouse"
_HEALTH_SECONDS = 300
_LOCAL_EXECUTION = "LOCAL_EXECUTION"
_NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: {name}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""


def projects() -> list[str]:
    """Names of the Meltano projects."""
    return [folder.name for folder in find_project_folders(ROOT / "meltano")]


def secret_of(project: str, addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a project's Secret: where its state is, and its warehouse.

    Args:
        project: Name of the project.
        addresses: Content of the chart's Secret of databases: `NAME-uri`, `NAME-password`.
    """
    found = {"MELTANO_DATABASE_URI": addresses[f"{project}-uri"]}
    if warehouse.needed(ROOT / "meltano" / project, {}):
        url = urlsplit(addresses[f"{_WAREHOUSE}-uri"])
        values = (url.hostname, url.port, url.username, url.password, url.path.strip("/"))
        found |= {name: str(value) for name, value in zip(warehouse.VARIABLES, values, strict=True)}
    return found


def _databases() -> list[str]:
    """Return a database for each project's state, and one to load into where a project does."""
    found = projects()
    loads = any(warehouse.needed(ROOT / "meltano" / project, {}) for project in found)
    return [*found, *([_WAREHOUSE] if loads and _WAREHOUSE not in found else [])]


def build_images(images: Images, shell: Shell) -> str:
    """Build what runs on the cluster; say on what bases."""
    local = os.environ.get(_LOCAL_EXECUTION) or str(_any_task_is_local()).lower()
    build(shell, bases=Bases(images.value), variables={_LOCAL_EXECUTION: local})
    if images is Images.OFFLINE:
        postgres_image(shell)
    return f"{MELTANO}, {AIRFLOW} ({images})"


def _any_task_is_local() -> bool:
    """Whether a project asks for it; without, Airflow's image needs no Meltano of its own here."""
    for project in projects():
        try:
            plan = plan_project(ROOT / "meltano" / project)
        except MeltanoPodsError:  # said where it matters: by its DAG file, in Airflow
            continue
        if any(task.settings.execution_mode == LOCAL for task in plan.tasks):
            return True
    return False


def push(settings: Settings, image: str, shell: Shell) -> str:
    """Push an image to the local registry; return its name there, by digest."""
    name = f"{settings.registry_host}/{image.partition(':')[0].rpartition('/')[2]}"
    return push_as(shell, image, name, "dev")


def install_airflow(settings: Settings, pushed: dict[str, str], shell: Shell) -> str:
    """Install or upgrade charts/airflow."""
    _namespace(settings, AIRFLOW_NAMESPACE, shell)
    values: dict[str, Any] = {
        "image": pushed[AIRFLOW],
        "meltanoPods": {"image": pushed[MELTANO], "namespace": MELTANO_NAMESPACE},
        "postgresql": {"databases": _databases(), "clientNamespaces": [MELTANO_NAMESPACE]},
    }
    if "postgres" in pushed:
        values["postgresql"]["image"] = pushed["postgres"]
    return _helm(settings, "airflow", AIRFLOW_NAMESPACE, values, shell)


def install_meltano_pods(settings: Settings, pushed: dict[str, str], shell: Shell) -> str:
    """Install or upgrade charts/meltano-pods, with a Secret and a database for each project."""
    _namespace(settings, MELTANO_NAMESPACE, shell)
    addresses = secret(settings, AIRFLOW_NAMESPACE, _DATABASES, shell)
    for project in projects():
        _project_secret(settings, project, addresses, shell)
    kubectl(settings, shell, "apply", "-f", str(K8S / "output.yaml"))
    values: dict[str, Any] = {
        "image": pushed[MELTANO],
        "projects": {project: {} for project in projects()},
    }
    return _helm(settings, "meltano-pods", MELTANO_NAMESPACE, values, shell)


def _project_secret(
    settings: Settings, project: str, addresses: Mapping[str, str], shell: Shell
) -> None:
    """Create a project's Secret, or add missing keys; keep those that a person has added."""
    name = build_secret_name(project)
    answer = shell.ask(
        BIN / "kubectl", "--kubeconfig", settings.kubeconfig,
        "--namespace", MELTANO_NAMESPACE, "get", "secret", name, "-o", "json",
    )  # fmt: skip
    there = {} if answer is None else json.loads(answer).get("data") or {}
    own = {
        key: b64encode(value.encode()).decode()
        for key, value in secret_of(project, addresses).items()
    }
    if own.keys() <= there.keys():
        return
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": MELTANO_NAMESPACE},
        "data": {**own, **there},
    }
    verb = "create" if answer is None else "replace"
    kubectl(settings, shell, verb, "-f", "-", stdin=json.dumps(manifest))


def wait_healthy(settings: Settings) -> str:
    """Wait until every part of Airflow says it is healthy."""
    deadline = monotonic() + _HEALTH_SECONDS
    api = AirflowApi(settings.airflow_url)
    try:
        while unwell := api.unwell():
            if monotonic() > deadline:
                raise ClusterError(
                    f"Airflow is not healthy after {_HEALTH_SECONDS} s: {', '.join(unwell)}",
                    "See the pods below; on a slow machine, run this again",
                )
            sleep(1)
    finally:
        api.close()
    return "API server, scheduler, DAG processor and triggerer are healthy"


def farewell(settings: Settings, shell: Shell) -> str:
    """What to print at the end."""
    users = [f"  {user:<8}{password}" for user, password in logins(settings, shell).items()]
    path = BIN.relative_to(ROOT)
    kubectl_line = f"kubectl --context {settings.context}"
    return "\n".join(
        [
            f"Airflow: {settings.airflow_url}",
            *users,
            "",
            "Next:",
            "  make demo      # run the example",
            "  make output    # list what it wrote",
            f"  export PATH=$PWD/{path}:$PATH    # kind, kubectl and helm as used here",
            f"  {kubectl_line} --namespace {MELTANO_NAMESPACE} get pods --watch",
            f"  {kubectl_line} --namespace {AIRFLOW_NAMESPACE} get pods",
            "  make down",
        ]
    )


def _helm(
    settings: Settings, chart: str, namespace: str, values: dict[str, Any], shell: Shell
) -> str:
    # Helm does not resume an upgrade that was killed, and does not forget it unless told to. The
    # upgrade is not that of another command, because of `alone`.
    interrupted = "status in (pending-install,pending-upgrade,pending-rollback)"
    kubectl(
        settings, shell, "--namespace", namespace, "delete", "secrets",
        "--selector", f"owner=helm,name={chart},{interrupted}",
    )  # fmt: skip
    shell.run(
        BIN / "helm", "upgrade", "--install", chart, CHARTS / chart,
        "--kubeconfig", settings.kubeconfig, "--namespace", namespace,
        "--values", K8S / "values" / f"{chart}.yaml", "--values", "-",
        "--wait", "--timeout", "10m",
        stdin=json.dumps(values),
        fix="Fix what the pods below report",
    )  # fmt: skip
    return f"release {chart} in namespace {namespace}"


def _namespace(settings: Settings, name: str, shell: Shell) -> None:
    kubectl(settings, shell, "apply", "-f", "-", stdin=_NAMESPACE.format(name=name))
