"""The options of a pod: its task's settings, completed with the deployment's."""

from __future__ import annotations

# `PodRequest` reads the types of the fields below when it is serialized.
from collections.abc import Mapping  # noqa: TC003
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003
from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_pods.errors import DeploymentError, SettingsError
from meltano_pods.names import list_names, suggest
from meltano_pods.pods.spec.naming import build_secret_name
from meltano_pods.settings.deployment.defaults import apply_defaults
from meltano_pods.settings.types.env import AirflowSource  # noqa: TC001

if TYPE_CHECKING:
    from meltano_pods.plan import TaskPlan
    from meltano_pods.settings.deployment.model import DeploymentSettings
    from meltano_pods.tasks.deployment import Deployment


class SecretKey(NamedTuple):
    """One key of a Kubernetes Secret."""

    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """Where the pods' cluster is.

    Attributes:
        connection: Airflow connection; None for none.
        in_cluster: Whether Airflow runs in it; None: detected.
        context: Context of the kubeconfig.
        kubeconfig: Kubeconfig file.
    """

    connection: str | None = None
    in_cluster: bool | None = None
    context: str | None = None
    kubeconfig: Path | None = None


@dataclass(frozen=True, slots=True)
class PodOptions:
    """Everything about a pod except the task instance it is for.

    Attributes:
        template: The file it starts from.
        project_root: The project's folder in the image.
        digest: Of the project as Airflow has it; a pod whose image has another one fails with
            `config_drift`. None: not compared.
        namespace: Where it runs; None: that of the template.
        image: Its image; None: that of the template, like the next two.
        image_pull_policy: When nodes pull it.
        image_pull_secrets: Secrets for its registry; empty: those of the template.
        service_account: Its service account.
        queue: The local queue of Kueue in which it waits; None for no queue.
        secrets: Secrets whose keys become environment variables.
        secret_env: Variables whose values are single keys of Secrets.
        airflow_env: Variables whose values Airflow holds; the pod gets them in its own Secret.
        not_secret: Variables that hold no secret, whatever they look like.
        database_secret: Secret with the key MELTANO_DATABASE_URI; None: the state is stored
            elsewhere, and the system database ends with the pod.
        resources: Requests and limits.
        equal_resources: Whether requests are made equal to limits.
        override: Merged last.
        start_timeout: Seconds until its container must run.
        termination_grace_period: Seconds from a stop to the kill.
        run_timeout: Seconds the runner gives the run; None for no limit.
        deferrable: Whether the triggerer waits for it.
        deployment: Id of the Airflow deployment; empty if the setting names none.
        cluster: How Airflow reaches the cluster.
        log_url: Where logs are stored, with `{namespace}` and `{pod}` for the pod's; None if not
            set.
    """

    template: Path
    project_root: str
    digest: str | None
    namespace: str | None
    image: str | None
    image_pull_policy: str | None
    image_pull_secrets: tuple[str, ...]
    service_account: str | None
    queue: str | None
    secrets: tuple[str, ...]
    secret_env: Mapping[str, SecretKey]
    airflow_env: Mapping[str, AirflowSource]
    not_secret: tuple[str, ...]
    database_secret: str | None
    resources: Mapping[str, Mapping[str, str]]
    equal_resources: bool
    override: Mapping[str, Any]
    start_timeout: float
    termination_grace_period: float
    run_timeout: float | None
    deferrable: bool
    deployment: str
    cluster: ClusterAccess
    log_url: str | None = None


def build_pod_options(
    task: TaskPlan, deployment: Deployment, project: str, digest: str | None = None
) -> PodOptions:
    """Complete a task's settings with the deployment's defaults.

    Args:
        task: The task.
        deployment: The deployment's.
        project: Name of the project.
        digest: Of the project, if it is to be compared with the image's.

    Raises:
        DeploymentError: There is no such pod template.
        SettingsError: The state would end with the pod.
    """
    settings = task.settings
    if task.state_ids and task.state_folder is not None:
        raise SettingsError(
            "the state is stored in a folder, which is lost with the pod",
            task.state_folder,
            "Use a bucket (`state_backend: {uri: s3://bucket/state}`) or `uri: systemdb`; or mount "
            "a volume there with `pod_override`, and set "
            "`annotations: {meltano_pods: {state: backend}}`.",
        )
    defaults = deployment.settings
    chosen = apply_defaults(settings, defaults)
    timeout = settings.run_timeout
    keys = expand_project(defaults.key_secret, project)
    return PodOptions(
        template=_find_template(str(chosen.pod_template), deployment.templates),
        project_root=f"{defaults.image_projects_folder.rstrip('/')}/{project}",
        digest=digest,
        namespace=chosen.namespace or deployment.namespace,
        image=chosen.image,
        image_pull_policy=chosen.image_pull_policy,
        image_pull_secrets=chosen.image_pull_secrets,
        service_account=chosen.service_account,
        queue=settings.queue,
        secrets=tuple(expand_project(each, project) for each in chosen.secrets or ()),
        secret_env={
            name: SecretKey(key.secret or keys, key.key or name)
            for name, key in settings.secret_env.items()
        },
        airflow_env=settings.airflow_env,
        not_secret=tuple(dict.fromkeys([*defaults.not_secret, *settings.not_secret])),
        database_secret=(
            None
            if settings.state == "backend" and settings.database_secret is None
            else expand_project(str(chosen.database_secret), project)
        ),
        resources=settings.resources,
        equal_resources=defaults.equal_resources,
        override=settings.pod_override,
        start_timeout=settings.start_timeout.total_seconds(),
        termination_grace_period=settings.termination_grace_period.total_seconds(),
        run_timeout=None if timeout is None else timeout.total_seconds(),
        deferrable=bool(chosen.deferrable),
        deployment=defaults.deployment,
        cluster=read_cluster_access(defaults),
        log_url=defaults.pod_log_url,
    )


def read_cluster_access(settings: DeploymentSettings) -> ClusterAccess:
    """Return the cluster that a deployment names."""
    return ClusterAccess(
        settings.kubernetes_conn_id or None,
        settings.in_cluster,
        settings.cluster_context,
        settings.kubeconfig,
    )


def expand_project(name: str, project: str) -> str:
    """Return a name in which `{project}` stands for the project, as Kubernetes spells it."""
    return name.replace(
        "{project}", build_secret_name(project).removeprefix("meltano-")[: -len("-env")]
    )


def _find_template(name: str, folder: Path) -> Path:
    file = folder / name
    if file.is_file():
        return file
    if not folder.is_dir():
        raise DeploymentError(
            f"there is no folder of pod templates at {folder}",
            "the setting `pod_templates_folder`, else next to the `dags` folder",
            "Copy `k8s/pod_templates` there (Airflow's image must contain it, see .dockerignore), "
            "or set AIRFLOW__MELTANO_PODS__POD_TEMPLATES_FOLDER to the absolute path of another.",
        )
    there = [each.name for each in folder.glob("*.y*ml")]
    raise DeploymentError(
        f"there is no pod template `{name}` in {folder}; there are: {list_names(there)}",
        "the setting `pod_template`",
        f"{suggest(name, there)}Add the file (the Airflow image must contain it, see "
        ".dockerignore), or set AIRFLOW__MELTANO_PODS__POD_TEMPLATES_FOLDER to their folder.",
    )
