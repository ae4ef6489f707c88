"""The settings of pods; local runs ignore them.

A value of None means the deployment's value, from Airflow's section `[meltano_pods]`
(deployment/model.py).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from meltano_pods.settings.podspec.reserved import PodOverride, WorkerOverride
from meltano_pods.settings.types.durations import Duration
from meltano_pods.settings.types.env import SecretEnv
from meltano_pods.settings.types.execution import ExecutionMode
from meltano_pods.settings.types.kubernetes import (
    Image,
    Namespace,
    PodTemplate,
    QueueName,
    SecretName,
    ServiceAccount,
)
from meltano_pods.settings.types.resources import Resources

StartTimeout = Annotated[Duration, Field(ge=timedelta(seconds=10), le=timedelta(days=1))]

# Settings of the pod as a whole, which several plugins may share.
_WHOLE_POD: dict[str, Any] = {"not_at": ["plugin"]}


class PodSettings(BaseModel, defer_build=True):
    """Where and in which pod a run is executed."""

    execution_mode: ExecutionMode | None = Field(
        default=None,
        examples=["kubernetes"],
        description=(
            "How runs are executed: `local` (a process in the Airflow worker) or `kubernetes` (a "
            "pod for each). None: AIRFLOW__MELTANO_PODS__EXECUTION_MODE, else `local`."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    image: Image | None = Field(
        default=None,
        examples=["ghcr.io/acme/meltano:1.2"],
        description=(
            "Meltano image of the pods: `registry/name:tag`, or better `registry/name@sha256:...`. "
            "None: AIRFLOW__MELTANO_PODS__IMAGE, else that of the pod template. Astro requires an "
            "image built for amd64."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None,
        examples=["IfNotPresent"],
        description=(
            "When a node pulls the image: `Always`, `IfNotPresent` or `Never`. None: "
            "AIRFLOW__MELTANO_PODS__IMAGE_PULL_POLICY, else that of the pod template, else "
            "Kubernetes' default for the tag."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    image_pull_secrets: tuple[SecretName, ...] = Field(
        default=(),
        examples=[["registry"]],
        description=(
            "Secrets with which nodes log in to the image's registry: a list of names. Empty: "
            "AIRFLOW__MELTANO_PODS__IMAGE_PULL_SECRETS, else those of the pod template."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    resources: Resources = Field(
        default_factory=dict,
        examples=[{"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}],
        description=(
            "CPU, memory and disk of the pod: `requests` and `limits`, each a map of `cpu`, "
            "`memory`, `ephemeral-storage` (or `vendor.com/thing`) to quantities such as `250m` or "
            "`1Gi`. Those of a task's plugins are added up, because the plugins share the pod; a "
            "plugin without `resources` adds nothing. The volume for temporary files is as large "
            "as `ephemeral-storage`. Empty: those of the pod template. On Astro, requests and "
            "limits are equal: the limit, or the request if there is no limit."
        ),
    )
    namespace: Namespace | None = Field(
        default=None,
        examples=["meltano"],
        description=(
            "Namespace of the pods. None: AIRFLOW__MELTANO_PODS__NAMESPACE, else Airflow's "
            "`[kubernetes] namespace` (set by Astro; do not change it), else that of the pod "
            "template."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    service_account: ServiceAccount | None = Field(
        default=None,
        examples=["loader"],
        description=(
            "Service account of the pods, for a cloud's workload identity; its token is mounted "
            "only if the pod template says so. None: AIRFLOW__MELTANO_PODS__SERVICE_ACCOUNT, else "
            "that of the pod template."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    queue: QueueName | None = Field(
        default=None,
        examples=["nightly"],
        description=(
            "Local queue of Kueue in which the pods wait for their turn: its name in the pods' "
            "namespace. The wait counts towards `start_timeout`. It is not the queue of Airflow's "
            "executor. None: no queue."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    secrets: tuple[SecretName, ...] | None = Field(
        default=None,
        examples=[["shop-credentials"]],
        description=(
            "Kubernetes Secrets whose keys become environment variables of the run: a list of "
            "names; each must exist. None: AIRFLOW__MELTANO_PODS__SECRETS, else "
            "`meltano-<project>-env`; on Astro none. Empty list: none, for Secrets that are shared "
            "with other projects: use `secret_env` for single keys."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    secret_env: SecretEnv = Field(
        default_factory=dict,
        examples=[{"TAP_SHOP_TOKEN": {"secret": "shop", "key": "token"}}],
        description=(
            "Environment variables of the run whose values are single keys of Kubernetes Secrets: "
            "a map of names to `{secret: ..., key: ...}`, both optional; each must exist. Without "
            "`secret`: AIRFLOW__MELTANO_PODS__KEY_SECRET, else `meltano-<project>-env`; on Astro "
            "`env-secrets`. Without `key`: the variable's own name. `TAP_SHOP_TOKEN: {}` uses both "
            "defaults. Levels merge name by name. Empty: none."
        ),
    )
    state: Literal["database", "backend"] | None = Field(
        default=None,
        examples=["backend"],
        description=(
            "Where the state is stored: `database` (Meltano's system database, see "
            "`database_secret`) or `backend` (a state backend of Meltano, such as S3, GCS or "
            "Azure; the system database is then deleted with the pod). None: `backend` if "
            "meltano.yml has `state_backend.uri`, or `env` or `secret_env` has "
            "MELTANO_STATE_BACKEND_URI, unless it is `systemdb`; else `database`. A folder "
            "(`file:`) is deleted with the pod: set `backend` if it is on a mounted volume."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    database_secret: SecretName | None = Field(
        default=None,
        examples=["shop-database"],
        description=(
            "Secret whose key MELTANO_DATABASE_URI is Meltano's system database, which stores the "
            "state. It must exist: without it, a pod would start without state and load everything "
            "again. With `state: backend`, it is used only if it is set here. None: "
            "AIRFLOW__MELTANO_PODS__DATABASE_SECRET, else `meltano-<project>-env`; on Astro "
            "`env-secrets`. If several projects share the Secret, use another key: `secret_env: "
            "{MELTANO_DATABASE_URI: {key: ORDERS_DATABASE_URI}}`."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    pod_template: PodTemplate | None = Field(
        default=None,
        examples=["large.yaml"],
        description=(
            "File under `k8s/pod_templates` on which the pods are based. None: "
            "AIRFLOW__MELTANO_PODS__POD_TEMPLATE, else `default.yaml`; on Astro `astro.yaml`."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    pod_override: PodOverride = Field(
        default_factory=dict,
        examples=[{"spec": {"nodeSelector": {"pool": "large"}}}],
        description=(
            "Any other field of the pod: a part of a pod template (`metadata`, `spec`) in "
            "Kubernetes' notation, which takes precedence over all other settings, such as `spec: "
            "{nodeSelector: {pool: big}, tolerations: [...]}`. The container's name is `meltano`. "
            "Maps merge, lists of named items merge by name, other lists are replaced, null "
            "removes. Empty: no override."
        ),
    )
    worker_override: WorkerOverride = Field(
        default_factory=dict,
        examples=[{"spec": {"nodeSelector": {"pool": "small"}}}],
        description=(
            "Like `pod_override`, for the pod in which Airflow's KubernetesExecutor runs the task "
            "(it starts the run's pod and follows it); it takes precedence over "
            "`[kubernetes_executor] pod_template_file`. The container's name is `base`; its "
            "`resources` are replaced as a whole. Other executors ignore it. Empty: no override."
        ),
    )
    start_timeout: StartTimeout = Field(
        default=timedelta(minutes=10),
        examples=["15m"],
        description=(
            "How long a task waits until its pod can be created (a full quota, an API server or "
            "registry in trouble), and then until its container runs (a node is found or added, "
            "the image pulled): seconds or a duration such as `15m`, 10s to 24h."
        ),
    )
    deferrable: bool | None = Field(
        default=None,
        examples=[True],
        description=(
            "Whether the triggerer waits for a pod: true (the worker slot is free; the log appears "
            "when the run has ended) or false (the worker follows the pod and its log). None: "
            "AIRFLOW__MELTANO_PODS__DEFERRABLE, else Airflow's `[operators] default_deferrable`, "
            "else false."
        ),
        json_schema_extra=_WHOLE_POD,
    )
