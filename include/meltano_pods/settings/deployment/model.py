"""Every key of Airflow's section `[meltano_pods]`, from which the reference page is generated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from meltano_pods.settings.deployment.values import (
    absolute_path,
    boolean,
    image_path,
    log_url,
    names_of,
    notify_map,
    secret_pattern,
    variable_names,
    variables,
)
from meltano_pods.settings.types.execution import LOCAL, ExecutionMode
from meltano_pods.settings.types.kubernetes import check_image, check_template, kubernetes_name

OWN_SECRET = "meltano-{project}-env"  # noqa: S105 - a name
EMPTY_COUNTS: dict[str, Any] = {"empty": "none at all"}
"""Marks keys of which an empty value says something."""

Pattern = Annotated[str, BeforeValidator(secret_pattern)]
Switch = Annotated[bool, BeforeValidator(boolean)]
AbsolutePath = Annotated[Path, BeforeValidator(absolute_path)]


class DeploymentSettings(BaseModel):
    """Defaults of one Airflow deployment; a project's own settings come before them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: Literal["default", "astro", "external"] = Field(
        default="default",
        examples=["astro"],
        description=(
            "Where the pods run, which sets the defaults of the other keys: `default` (a cluster "
            "of your own that Airflow runs in, too), `astro` (an Astro Deployment's own cluster) "
            "or `external` (a cluster that Airflow does not run in)."
        ),
    )
    execution_mode: ExecutionMode = Field(
        default=LOCAL,
        examples=["kubernetes"],
        description=(
            "How runs are executed: `local` (a process in the Airflow worker) or `kubernetes` (a "
            "pod for each)."
        ),
    )
    deferrable: Switch = Field(
        default=False,
        examples=["true"],
        description=(
            "Whether the triggerer waits for a pod: true (the worker slot is free) or false (the "
            "worker follows the pod)."
        ),
    )
    deployment: str = Field(
        default="",
        max_length=63,
        examples=["prod"],
        description=(
            "Name that sets apart Airflow deployments whose pods share a namespace. Unset: this "
            "one is alone there."
        ),
    )
    image: Annotated[str, BeforeValidator(check_image)] | None = Field(
        default=None,
        examples=["ghcr.io/acme/meltano:1.2"],
        description=(
            "Meltano image: `registry/name@sha256:...`. `make push` writes it to the Dockerfile. "
            "Unset: the pod template's."
        ),
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None,
        examples=["IfNotPresent"],
        description=(
            "When nodes fetch the image: `Always`, `IfNotPresent` or `Never`. Unset: the pod "
            "template's, else Kubernetes' own choice by the tag."
        ),
    )
    image_pull_secrets: Annotated[tuple[str, ...], BeforeValidator(names_of("Secret"))] = Field(
        default=(),
        examples=["registry"],
        description=(
            "Secrets with which nodes log in to the image's registry: names with commas or spaces "
            "between. Unset: the pod template's."
        ),
    )
    namespace: Annotated[str, BeforeValidator(kubernetes_name("namespace"))] | None = Field(
        default=None,
        max_length=63,
        examples=["meltano"],
        description=(
            "Namespace of the pods. Unset: Airflow's `[kubernetes] namespace`, which Astro sets "
            "(not with `profile = external`: that namespace is in Airflow's cluster), else the "
            "pod template's."
        ),
    )
    service_account: Annotated[str, BeforeValidator(kubernetes_name("service account"))] | None = (
        Field(
            default=None,
            examples=["loader"],
            description="Service account of the pods. Unset: the pod template's.",
        )
    )
    secrets: Annotated[tuple[str, ...], BeforeValidator(names_of("Secret", project=True))] = Field(
        default=(OWN_SECRET,),
        examples=["meltano-{project}-env"],
        description=(
            "Secrets whose every key becomes an environment variable of the run: names with commas "
            "or spaces between; `{project}` stands for the project."
        ),
        json_schema_extra=EMPTY_COUNTS,
    )
    key_secret: Pattern = Field(
        default=OWN_SECRET,
        examples=["meltano-{project}-env"],
        description=(
            "Secret that holds the keys which `secret_env` names without a Secret; `{project}` "
            "stands for the project."
        ),
    )
    database_secret: Pattern = Field(
        default=OWN_SECRET,
        examples=["meltano-{project}-env"],
        description=(
            "Secret with the key MELTANO_DATABASE_URI; `{project}` stands for the project."
        ),
    )
    equal_resources: Switch = Field(
        default=False,
        examples=["true"],
        description=(
            "Whether pods request what they are limited to: true or false. True gives both the "
            "limit, or the request where a project names only that."
        ),
    )
    pod_template: Annotated[str, BeforeValidator(check_template)] = Field(
        default="default.yaml",
        examples=["large.yaml"],
        description="File that the pods start from.",
    )
    pod_templates_folder: AbsolutePath | None = Field(
        default=None,
        examples=["/srv/pod_templates"],
        description=(
            "Folder of the pod templates, an absolute path. Unset: `k8s/pod_templates` beside the "
            "`dags` folder."
        ),
    )
    projects_folder: AbsolutePath | None = Field(
        default=None,
        examples=["/srv/meltano"],
        description=(
            "Folder of the Meltano projects that DAGs are made from, an absolute path. Unset: "
            "`meltano` beside the `dags` folder."
        ),
    )
    image_projects_folder: Annotated[str, BeforeValidator(image_path)] = Field(
        default="/meltano",
        examples=["/meltano"],
        description="Folder of the projects in the Meltano image: an absolute path.",
    )
    kubernetes_conn_id: str | None = Field(
        default=None,
        examples=["kubernetes_default"],
        description=(
            "Airflow connection of the cluster, of type Kubernetes. Unset: none is looked up."
        ),
        json_schema_extra=EMPTY_COUNTS,
    )
    kubeconfig: AbsolutePath | None = Field(
        default=None,
        examples=["/etc/meltano/kubeconfig"],
        description=(
            "Kubeconfig file, an absolute path that worker and triggerer can read; not beside a "
            "connection that holds one. Unset: the connection's, else, unless `in_cluster` is "
            "false, Kubernetes' own search."
        ),
    )
    cluster_context: str | None = Field(
        default=None,
        examples=["prod"],
        description=(
            "Context of the kubeconfig. Unset: the connection's, else the kubeconfig's current one."
        ),
    )
    in_cluster: Switch | None = Field(
        default=None,
        examples=["true"],
        description=(
            "Whether Airflow runs in the pods' cluster: true or false. Unset: as the connection "
            "says, else whether there is a pod's account to use."
        ),
    )
    pod_log_url: Annotated[str, BeforeValidator(log_url)] | None = Field(
        default=None,
        examples=["https://logs.example.com/{namespace}/{pod}"],
        description=(
            "Where the logs of pods are kept beyond the pods (Grafana, CloudWatch, Cloud Logging): "
            "an address in which `{namespace}` and `{pod}` stand for the pod's. Each task gets a "
            "link to it. Unset: no link."
        ),
    )
    runner: AbsolutePath | None = Field(
        default=None,
        examples=["/opt/meltano/bin/meltano-runner"],
        description=(
            "For `execution_mode: local`: the `meltano-runner` command, an absolute path. Unset: "
            "the image's, else the one in `.venv-meltano` beside the `dags` folder."
        ),
    )
    not_secret: Annotated[tuple[str, ...], BeforeValidator(variable_names)] = Field(
        default=(),
        examples=["TAP_SHOP_KEY"],
        description=(
            "Variables of `local_env` and of pod templates that hold no secret, though their "
            "names or values look like it: names with commas or spaces between. Unset: none."
        ),
    )
    local_env: Annotated[dict[str, str], BeforeValidator(variables)] = Field(
        default={},
        examples=['{"REGION": "eu-west-1"}'],
        description=(
            "For `execution_mode: local`: environment variables that each run gets unless the "
            "worker has them, as a JSON object of plain values, never secrets; `{project}` in a "
            "value stands for the project, so that each can have its own database and folder."
        ),
    )
    notify: Annotated[dict[str, tuple[str, ...] | None] | None, BeforeValidator(notify_map)] = (
        Field(
            default_factory=dict,
            examples=["{slack: slack_data}"],
            description=(
                "Who is told of failures and recoveries of all DAGs: the map that `notify` in "
                "meltano.yml takes, on one line, such as `{email: [team@example.com], slack: "
                "slack_data}`; or `off`: nobody is told anything, whatever meltano.yml says. "
                "Unset: whom meltano.yml names."
            ),
        )
    )


DEFAULTS = DeploymentSettings()
"""The settings of a deployment that says nothing."""
