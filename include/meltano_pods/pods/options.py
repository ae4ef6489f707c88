"""What a task wants of its pod: its settings, completed by the deployment's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meltano_pods.errors import DeploymentError
from meltano_pods.names import listed, suggestion
from meltano_pods.pods.naming import secret_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meltano_pods.pods.deployment import Deployment
    from meltano_pods.settings import Settings


@dataclass(frozen=True, slots=True)
class PodOptions:
    """Everything about a pod but which task instance it is for.

    Attributes:
        template: The file it starts from.
        project_root: The project's folder in the image.
        digest: Of the project as Airflow has it; a pod whose image has another one refuses to run
            (`config_drift`). None: not compared.
        namespace: Where it runs; None: as the template says.
        image: Its image; None: as the template says, like the next two.
        image_pull_policy: When nodes fetch it.
        service_account: Its service account.
        secrets: Secrets whose keys become environment variables.
        database_secret: Secret with the key MELTANO_DATABASE_URI.
        resources: Requests and limits.
        override: Laid over all else.
        start_timeout: Seconds until its container must run.
        stop_grace: Seconds from a stop to the kill.
        run_timeout: Seconds the runner gives the run; None for no limit.
        deferred: Whether the triggerer waits for it.
        deployment: Sets apart Airflow deployments that share a namespace.
        connection: Airflow connection of the cluster; None for none.
        in_cluster: Whether Airflow runs in that cluster; None: found out.
        context: Context of the kubeconfig.
    """

    template: Path
    project_root: str
    digest: str | None
    namespace: str | None
    image: str | None
    image_pull_policy: str | None
    service_account: str | None
    secrets: tuple[str, ...]
    database_secret: str
    resources: Mapping[str, Mapping[str, str]]
    override: Mapping[str, Any]
    start_timeout: float
    stop_grace: float
    run_timeout: float | None
    deferred: bool
    deployment: str
    connection: str | None
    in_cluster: bool | None
    context: str | None


def pod_options(
    settings: Settings, deployment: Deployment, project: str, digest: str | None = None
) -> PodOptions:
    """Complete a task's settings by the deployment's defaults.

    Args:
        settings: The task's.
        deployment: The deployment's.
        project: Name of the project.
        digest: Of the project, where it is to be compared with the image's.

    Raises:
        DeploymentError: There is no such pod template.
    """
    own = secret_name(project)
    secrets = settings.secrets
    if secrets is None and deployment.secrets is not None:
        secrets = tuple(own_name(each, project) for each in deployment.secrets)
    timeout = settings.run_timeout
    return PodOptions(
        template=_template(settings.pod_template or deployment.pod_template, deployment.templates),
        project_root=f"{deployment.projects}/{project}",
        digest=digest,
        namespace=settings.namespace or deployment.namespace,
        image=settings.image or deployment.image,
        image_pull_policy=settings.image_pull_policy or deployment.image_pull_policy,
        service_account=settings.service_account or deployment.service_account,
        secrets=(own,) if secrets is None else secrets,
        database_secret=settings.database_secret
        or own_name(deployment.database_secret or own, project),
        resources=settings.resources,
        override=settings.pod_override,
        start_timeout=settings.start_timeout.total_seconds(),
        stop_grace=settings.stop_grace.total_seconds(),
        run_timeout=None if timeout is None else timeout.total_seconds(),
        deferred=(settings.mode or deployment.mode) == "deferred",
        deployment=deployment.name,
        connection=deployment.connection,
        in_cluster=deployment.in_cluster,
        context=deployment.context,
    )


def own_name(name: str, project: str) -> str:
    """Return a name in which `{project}` stands for the project, as Kubernetes spells it."""
    return name.replace("{project}", secret_name(project).removeprefix("meltano-")[: -len("-env")])


def _template(name: str, folder: Path) -> Path:
    file = folder / name
    if file.is_file():
        return file
    there = [each.name for each in folder.glob("*.y*ml")]
    raise DeploymentError(
        f"there is no pod template `{name}` in {folder}; there are: {listed(there)}",
        "the setting `pod_template`",
        f"{suggestion(name, there)}Add the file (the Airflow image must hold it, see "
        ".dockerignore), or set AIRFLOW__MELTANO_PODS__POD_TEMPLATES_FOLDER to where they are.",
    )
