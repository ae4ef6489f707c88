"""The settings of pods; local runs ignore them.

What a deployment sets for all its projects (image, namespace and the like) comes from Airflow's
section `[meltano_pods]` (deployment/model.py), which is where None leads.
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
    SecretName,
    ServiceAccount,
)
from meltano_pods.settings.types.resources import Resources

StartTimeout = Annotated[Duration, Field(ge=timedelta(seconds=10), le=timedelta(days=1))]

# Two plugins share one pod, so neither can say alone what the pod as a whole is.
_WHOLE_POD: dict[str, Any] = {"not_at": ["plugin"]}


class PodSettings(BaseModel, defer_build=True):
    """Where and in what pod a run takes place."""

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
            "Meltano image of the pods: `registry/name:tag`, better `registry/name@sha256:...`. "
            "None: AIRFLOW__MELTANO_PODS__IMAGE, else the pod template's. On Astro it must be "
            "built for amd64."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None,
        examples=["IfNotPresent"],
        description=(
            "When a node fetches the image: `Always`, `IfNotPresent` or `Never`. None: "
            "AIRFLOW__MELTANO_PODS__IMAGE_PULL_POLICY, else the pod template's, else Kubernetes' "
            "own choice by the tag."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    image_pull_secrets: tuple[SecretName, ...] = Field(
        default=(),
        examples=[["registry"]],
        description=(
            "Secrets with which nodes log in to the image's registry: a list of names. Empty: "
            "AIRFLOW__MELTANO_PODS__IMAGE_PULL_SECRETS, else the pod template's."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    resources: Resources = Field(
        default_factory=dict,
        examples=[{"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}],
        description=(
            "CPU, memory and disk of the pod: `requests` and `limits`, each a map of `cpu`, "
            "`memory`, `ephemeral-storage` (or `vendor.com/thing`) to quantities such as `250m` or "
            "`1Gi`. Those of a task's plugins are added up, for they share the pod; one that says "
            "nothing counts as nothing. Empty: the pod template's. On Astro both are the limit, or "
            "the request where only that is named."
        ),
    )
    namespace: Namespace | None = Field(
        default=None,
        examples=["meltano"],
        description=(
            "Namespace of the pods. None: AIRFLOW__MELTANO_PODS__NAMESPACE, else Airflow's "
            "`[kubernetes] namespace` (Astro sets it; leave it there), else the pod template's."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    service_account: ServiceAccount | None = Field(
        default=None,
        examples=["loader"],
        description=(
            "Service account of the pods, for a cloud's workload identity; its token is mounted "
            "only where the pod template says so. None: AIRFLOW__MELTANO_PODS__SERVICE_ACCOUNT, "
            "else the pod template's."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    secrets: tuple[SecretName, ...] | None = Field(
        default=None,
        examples=[["shop-credentials"]],
        description=(
            "Kubernetes Secrets whose keys become environment variables of the run: a list of "
            "names; each must exist. None: AIRFLOW__MELTANO_PODS__SECRETS, else "
            "`meltano-<project>-env`, on Astro none. Empty list: none, for Secrets that hold more "
            "than this project's: take single keys of them by `secret_env`."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    secret_env: SecretEnv = Field(
        default_factory=dict,
        examples=[{"TAP_SHOP_TOKEN": {"secret": "shop", "key": "token"}}],
        description=(
            "Environment variables of the run whose values are single keys of Kubernetes Secrets: "
            "a map of names to `{secret: ..., key: ...}`, both optional; each must exist. Without "
            "`secret`: AIRFLOW__MELTANO_PODS__KEY_SECRET, else `meltano-<project>-env`, on Astro "
            "`env-secrets`. Without `key`: the variable's own name. A name alone (`TAP_SHOP_TOKEN: "
            "{}`) leaves both to that. Levels merge name by name. Empty: none."
        ),
    )
    state: Literal["database", "backend"] | None = Field(
        default=None,
        examples=["backend"],
        description=(
            "What keeps the state: `database` (Meltano's system database, see `database_secret`) "
            "or `backend` (one of Meltano's own state backends, such as S3, GCS or Azure; the "
            "system database then ends with the pod). None: `backend` where meltano.yml has "
            "`state_backend.uri`, or `env` or `secret_env` MELTANO_STATE_BACKEND_URI, and that is "
            "not `systemdb`; else `database`. A folder (`file:`) ends with the pod: say `backend` "
            "where a volume is mounted there."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    database_secret: SecretName | None = Field(
        default=None,
        examples=["shop-database"],
        description=(
            "Secret whose key MELTANO_DATABASE_URI is Meltano's system database, which keeps the "
            "state. It must exist: without it a pod would begin at nothing and load all again. "
            "With the state in a backend only one that is named here is used. "
            "None: AIRFLOW__MELTANO_PODS__DATABASE_SECRET, else `meltano-<project>-env`; on Astro "
            "`env-secrets`. Where that key is not this project's alone, name another key: "
            "`secret_env: {MELTANO_DATABASE_URI: {key: ORDERS_DATABASE_URI}}`."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    pod_template: PodTemplate | None = Field(
        default=None,
        examples=["large.yaml"],
        description=(
            "File under `k8s/pod_templates` that the pods start from. None: "
            "AIRFLOW__MELTANO_PODS__POD_TEMPLATE, else `default.yaml`; on Astro `astro.yaml`."
        ),
        json_schema_extra=_WHOLE_POD,
    )
    pod_override: PodOverride = Field(
        default_factory=dict,
        examples=[{"spec": {"nodeSelector": {"pool": "large"}}}],
        description=(
            "Anything else of the pod, in Kubernetes' own words: a part of a pod template "
            "(`metadata`, `spec`) laid over all else, such as `spec: {nodeSelector: {pool: big}, "
            "tolerations: [...]}`. The container is called `meltano`. Maps merge, lists of named "
            "things merge by name, other lists are replaced, null removes. Empty: nothing."
        ),
    )
    worker_override: WorkerOverride = Field(
        default_factory=dict,
        examples=[{"spec": {"nodeSelector": {"pool": "small"}}}],
        description=(
            "The same for the pod in which Airflow's KubernetesExecutor runs the task (it starts "
            "the run's pod and follows it), laid over `[kubernetes_executor] pod_template_file`. "
            "Its container is called `base`; its `resources` are replaced as a whole. Other "
            "executors pass over it. Empty: nothing."
        ),
    )
    start_timeout: StartTimeout = Field(
        default=timedelta(minutes=10),
        examples=["15m"],
        description=(
            "How long a pod may take until its container runs (a node is found or added, the image "
            "fetched): seconds or a duration such as `15m`, 10s to 24h."
        ),
    )
    deferrable: bool | None = Field(
        default=None,
        examples=[True],
        description=(
            "Whether the triggerer waits for a pod: true (the worker slot is free; the log appears "
            "when the run has ended) or false (the worker follows the pod and its log). None: "
            "AIRFLOW__MELTANO_PODS__DEFERRABLE, else false."
        ),
        json_schema_extra=_WHOLE_POD,
    )
