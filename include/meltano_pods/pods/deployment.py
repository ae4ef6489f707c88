"""What a deployment says about all its pods: Airflow's configuration section `[meltano_pods]`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from airflow.sdk.configuration import conf

from meltano_pods.errors import DeploymentError
from meltano_pods.names import listed, suggestion

SECTION = "meltano_pods"
LAUNCHERS = ("process", "kubernetes")
MODES = ("sync", "deferred")
_TEMPLATES = Path("k8s/pod_templates")
_TRUE, _FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Defaults of one Airflow deployment; None leaves a thing to the pod template.

    Attributes:
        name: Sets apart deployments that share a namespace; empty for one alone.
        image: Meltano image.
        image_pull_policy: When nodes fetch it.
        namespace: Where the pods run.
        service_account: Their service account.
        secrets: Secrets of a project's pods; `{project}` stands for the project. None: its own.
        database_secret: Secret with the key MELTANO_DATABASE_URI; None: the project's own.
        pod_template: File name of the template.
        templates: Folder of the templates.
        projects: Folder of the projects in the Meltano image.
        mode: How Airflow waits.
        connection: Airflow connection of the cluster; None: none is looked up.
        in_cluster: Whether Airflow runs in the pods' cluster; None: as the connection says, else
            whether there is a pod's account to use.
        context: Context of the kubeconfig; None: its current one.
    """

    name: str
    image: str | None
    image_pull_policy: str | None
    namespace: str | None
    service_account: str | None
    secrets: tuple[str, ...] | None
    database_secret: str | None
    pod_template: str
    templates: Path
    projects: str
    mode: str
    connection: str | None
    in_cluster: bool | None
    context: str | None


def launcher() -> str:
    """Return the launcher for runs whose settings name none.

    Raises:
        DeploymentError: The configuration names one that does not exist.
    """
    return _one_of("launcher", LAUNCHERS)


def read_deployment(root: Path) -> Deployment:
    """Read the configuration.

    Args:
        root: The Airflow project's folder, which holds `dags` and `k8s`.

    Raises:
        DeploymentError: A value that is not allowed.
    """
    secrets = conf.get(SECTION, "secrets", fallback=None)
    folder = _get("pod_templates_folder")
    return Deployment(
        name=_get("deployment") or "",
        image=_get("image"),
        image_pull_policy=_get("image_pull_policy"),
        # Astro sets the second; plain Airflow has no such section and raises without a fallback.
        namespace=_get("namespace") or conf.get("kubernetes", "namespace", fallback=None) or None,
        service_account=_get("service_account"),
        secrets=None if secrets is None else tuple(secrets.replace(",", " ").split()),
        database_secret=_get("database_secret"),
        pod_template=_get("pod_template") or "default.yaml",
        templates=Path(folder).expanduser() if folder else root / _TEMPLATES,
        projects=(_get("image_projects_folder") or "/meltano").rstrip("/"),
        mode=_one_of("mode", MODES),
        connection=_get("kubernetes_conn_id"),
        in_cluster=_boolean("in_cluster"),
        context=_get("cluster_context"),
    )


def _get(key: str) -> str | None:
    return conf.get(SECTION, key, fallback=None) or None


def _one_of(key: str, allowed: tuple[str, ...]) -> str:
    value = _get(key) or allowed[0]
    if value not in allowed:
        raise DeploymentError(
            f"`{value}` is not allowed; allowed are: {listed(allowed)}",
            f"Airflow's setting `[{SECTION}] {key}`",
            f"{suggestion(value, allowed)}Set AIRFLOW__MELTANO_PODS__{key.upper()} to one of them.",
        )
    return value


def _boolean(key: str) -> bool | None:
    value = (_get(key) or "").lower()
    if not value:
        return None
    if value not in _TRUE + _FALSE:
        raise DeploymentError(
            f"`{value}` is neither true nor false",
            f"Airflow's setting `[{SECTION}] {key}`",
            f"Set AIRFLOW__MELTANO_PODS__{key.upper()} to true or false.",
        )
    return value in _TRUE
