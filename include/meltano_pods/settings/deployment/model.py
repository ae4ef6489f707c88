"""The keys of Airflow's section `[meltano_pods]`; the reference page is generated from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from meltano_pods.settings.deployment.values import (
    check_image_path,
    check_log_url,
    check_secret_pattern,
    make_names_parser,
    parse_absolute_path,
    parse_boolean,
    parse_notify,
    parse_variable_names,
    parse_variables,
)
from meltano_pods.settings.types.execution import LOCAL, ExecutionMode
from meltano_pods.settings.types.kubernetes import check_image, check_template, make_name_validator

OWN_SECRET = "meltano-{project}-env"  # noqa: S105 - a name
EMPTY_COUNTS: dict[str, Any] = {"empty": "none"}
"""Marks keys whose empty value is not the same as an unset one."""

Pattern = Annotated[str, BeforeValidator(check_secret_pattern)]
Switch = Annotated[bool, BeforeValidator(parse_boolean)]
AbsolutePath = Annotated[Path, BeforeValidator(parse_absolute_path)]


class DeploymentSettings(BaseModel):
    """Defaults of one Airflow deployment; a project's own settings come before them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: Literal["default", "astro", "external"] = Field(
        default="default",
        examples=["astro"],
        description=(
            "Where the pods run, which sets the defaults of the other keys: `default` (the cluster "
            "in which Airflow runs), `astro` (the cluster of an Astro Deployment) or `external` (a "
            "cluster in which Airflow does not run)."
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
            "worker follows the pod). Unset: Airflow's `[operators] default_deferrable`."
        ),
    )
    deployment: str = Field(
        default="",
        max_length=63,
        examples=["prod"],
        description=(
            "Id with which this Airflow labels its pods, to distinguish them from those of other "
            "Airflow deployments in the namespace. Unset: a random one, which is stored in the "
            "Airflow variable `meltano_pods.deployment_id`."
        ),
    )
    image: Annotated[str, BeforeValidator(check_image)] | None = Field(
        default=None,
        examples=["ghcr.io/acme/meltano:1.2"],
        description=(
            "Meltano image: `registry/name@sha256:...`. `make push` writes it to the Dockerfile. "
            "Unset: that of the pod template."
        ),
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None,
        examples=["IfNotPresent"],
        description=(
            "When nodes pull the image: `Always`, `IfNotPresent` or `Never`. Unset: that of the "
            "pod template, else Kubernetes' default for the tag."
        ),
    )
    image_pull_secrets: Annotated[tuple[str, ...], BeforeValidator(make_names_parser("Secret"))] = (
        Field(
            default=(),
            examples=["registry"],
            description=(
                "Secrets with which nodes log in to the image's registry: names separated by "
                "commas or spaces. Unset: those of the pod template."
            ),
        )
    )
    namespace: Annotated[str, BeforeValidator(make_name_validator("namespace"))] | None = Field(
        default=None,
        max_length=63,
        examples=["meltano"],
        description=(
            "Namespace of the pods. Unset: Airflow's `[kubernetes] namespace`, which Astro sets "
            "(but not with `profile = external`: that namespace is in Airflow's cluster), else "
            "that of the pod template."
        ),
    )
    service_account: (
        Annotated[str, BeforeValidator(make_name_validator("service account"))] | None
    ) = Field(
        default=None,
        examples=["loader"],
        description="Service account of the pods. Unset: that of the pod template.",
    )
    secrets: Annotated[
        tuple[str, ...], BeforeValidator(make_names_parser("Secret", project=True))
    ] = Field(
        default=(OWN_SECRET,),
        examples=["meltano-{project}-env"],
        description=(
            "Secrets whose keys become environment variables of the run: names separated by commas "
            "or spaces; `{project}` is replaced with the project."
        ),
        json_schema_extra=EMPTY_COUNTS,
    )
    key_secret: Pattern = Field(
        default=OWN_SECRET,
        examples=["meltano-{project}-env"],
        description=(
            "Secret of the keys for which `secret_env` names no Secret; `{project}` is replaced "
            "with the project."
        ),
    )
    database_secret: Pattern = Field(
        default=OWN_SECRET,
        examples=["meltano-{project}-env"],
        description=(
            "Secret with the key MELTANO_DATABASE_URI; `{project}` is replaced with the project."
        ),
    )
    equal_resources: Switch = Field(
        default=False,
        examples=["true"],
        description=(
            "Whether the requests of pods equal their limits: true or false. If true, both are the "
            "limit, or the request if a project sets no limit."
        ),
    )
    pod_template: Annotated[str, BeforeValidator(check_template)] = Field(
        default="default.yaml",
        examples=["large.yaml"],
        description="File on which the pods are based.",
    )
    pod_templates_folder: AbsolutePath | None = Field(
        default=None,
        examples=["/srv/pod_templates"],
        description=(
            "Folder of the pod templates, an absolute path. Unset: `k8s/pod_templates` next to the "
            "`dags` folder."
        ),
    )
    projects_folder: AbsolutePath | None = Field(
        default=None,
        examples=["/srv/meltano"],
        description=(
            "Folder of the Meltano projects from which DAGs are made, an absolute path. Unset: "
            "`meltano` next to the `dags` folder."
        ),
    )
    image_projects_folder: Annotated[str, BeforeValidator(check_image_path)] = Field(
        default="/meltano",
        examples=["/meltano"],
        description="Folder of the projects in the Meltano image: an absolute path.",
    )
    kubernetes_conn_id: str | None = Field(
        default=None,
        examples=["kubernetes_default"],
        description="Airflow connection of the cluster, of type Kubernetes. Unset: none.",
        json_schema_extra=EMPTY_COUNTS,
    )
    kubeconfig: AbsolutePath | None = Field(
        default=None,
        examples=["/etc/meltano/kubeconfig"],
        description=(
            "Kubeconfig file, an absolute path that worker and triggerer can read; not in addition "
            "to a connection that contains one. Unset: the connection's; else, unless `in_cluster` "
            "is false, Kubernetes' default lookup."
        ),
    )
    cluster_context: str | None = Field(
        default=None,
        examples=["prod"],
        description=(
            "Context of the kubeconfig. Unset: the connection's, else the current context of the "
            "kubeconfig."
        ),
    )
    in_cluster: Switch | None = Field(
        default=None,
        examples=["true"],
        description=(
            "Whether Airflow runs in the cluster of the pods: true or false. Unset: the "
            "connection's value, else whether there is a pod's service account to use."
        ),
    )
    pod_log_url: Annotated[str, BeforeValidator(check_log_url)] | None = Field(
        default=None,
        examples=["https://logs.example.com/{namespace}/{pod}"],
        description=(
            "Where the logs of pods are stored permanently (Grafana, CloudWatch, Cloud Logging): "
            "an address in which `{namespace}` and `{pod}` are replaced with those of the pod. "
            "Each task links to it. Unset: no link."
        ),
    )
    runner: AbsolutePath | None = Field(
        default=None,
        examples=["/opt/meltano/bin/meltano-runner"],
        description=(
            "For `execution_mode: local`: the `meltano-runner` command, an absolute path. Unset: "
            "the image's, else the one in `.venv-meltano` next to the `dags` folder."
        ),
    )
    not_secret: Annotated[tuple[str, ...], BeforeValidator(parse_variable_names)] = Field(
        default=(),
        examples=["TAP_SHOP_KEY"],
        description=(
            "Variables of `local_env` and of pod templates that hold no secret although their "
            "names or values look like one: names separated by commas or spaces. Unset: none."
        ),
    )
    local_env: Annotated[dict[str, str], BeforeValidator(parse_variables)] = Field(
        default={},
        examples=['{"REGION": "eu-west-1"}'],
        description=(
            "For `execution_mode: local`: environment variables that each run gets unless the "
            "worker has them, as a JSON object of plain values, never secrets; `{project}` in a "
            "value is replaced with the project, so that each project can have its own database "
            "and folder."
        ),
    )
    notify: Annotated[dict[str, tuple[str, ...] | None] | None, BeforeValidator(parse_notify)] = (
        Field(
            default_factory=dict,
            examples=["{slack: slack_data}"],
            description=(
                "Recipients of notifications of failures and recoveries of all DAGs: the map of "
                "`notify` in meltano.yml on one line, such as `{email: [team@example.com], slack: "
                "slack_data}`, where `slack_data` is the id of an Airflow connection; or `off`: no "
                "notifications, whatever meltano.yml sets. Unset: the recipients in meltano.yml."
            ),
        )
    )


DEFAULTS = DeploymentSettings()
"""The settings of a deployment that sets none."""
