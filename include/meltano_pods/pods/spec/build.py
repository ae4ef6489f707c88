"""Builds the manifest of a pod from values, without a client or Airflow.

Later sources take precedence: the template file, the settings (completed with the deployment's
defaults), `pod_override`, and finally what a run cannot do without (its name, its arguments, its
grace period).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence  # noqa: TC003 - PodRequest reads the types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.environment import GRACE_SECONDS, PROJECT_DIGEST

from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.options import SecretKey
from meltano_pods.pods.spec.template import check_variables
from meltano_pods.settings.podspec.patch import apply_patch
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER
from meltano_pods.settings.types.resources import PARTS, parse_quantity
from meltano_pods.tasks.airflow_env import build_masking_variables, find_secret_names

if TYPE_CHECKING:
    from meltano_pods.pods.spec.naming import TaskInstanceTry
    from meltano_pods.pods.spec.options import PodOptions

Manifest = dict[str, Any]

KEEP_SECONDS = 3600
"""How long a pod that failed is kept for inspection."""

_DEADLINE_MARGIN = 60.0
_DISK, _SCRATCH = "ephemeral-storage", "scratch"
DATABASE_URI = "MELTANO_DATABASE_URI"
NO_DATABASE = "sqlite:////tmp/meltano-system.db"
"""A system database that ends with the pod, for runs whose state is stored elsewhere."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What runs in the pod.

    Attributes:
        arguments: What follows `meltano-runner`.
        environment: Meltano environment; None leaves the choice to Meltano.
        env: Plain environment variables.
        nonce: Random, for the name of the pod's own Secret.
    """

    arguments: Sequence[str]
    environment: str | None
    env: Mapping[str, str]
    nonce: str = "planned"


def build_pod(
    template: Mapping[str, Any], options: PodOptions, spec: RunSpec, run: TaskInstanceTry
) -> Manifest:
    """Return the manifest of the pod of one try.

    Args:
        template: A pod's manifest, as `template.read_template` returns it.
        options: The pod's options.
        spec: What runs in it.
        run: Which try of which task instance it is for.

    Raises:
        DeploymentError: The template holds a secret in plain text.
    """
    check_variables(template, options.template, options.not_secret)
    pod = apply_patch(template, _build_optional_fields(template, options, spec))
    pod = apply_patch(pod, options.override)
    pod = apply_patch(pod, _build_required_fields(options, spec))
    # Without the metadata of the run: if it is equal, an earlier try started the same.
    sources = {name: source.model_dump() for name, source in options.airflow_env.items()}
    digest = hashlib.sha256(json.dumps([pod, sources], sort_keys=True).encode()).hexdigest()[:16]
    metadata: dict[str, Any] = {
        "name": naming.build_pod_name(run),
        "labels": naming.build_labels(run),
        "annotations": {
            **naming.build_annotations(run),
            naming.SPEC: digest,
            naming.KEEP_SECONDS: str(KEEP_SECONDS),
        },
    }
    if options.airflow_env:
        name = naming.build_run_secret_name(run, spec.nonce)
        metadata["annotations"][naming.SECRET] = name
        pod = apply_patch(
            pod, _patch_run_container([_reference_secret(n, name, n) for n in options.airflow_env])
        )
    return apply_patch(pod, {"metadata": metadata})


def _patch_run_container(env: list[Manifest]) -> Manifest:
    return {"spec": {"containers": [{"name": RUN_CONTAINER, "env": env}]}}


def _build_optional_fields(
    template: Mapping[str, Any], options: PodOptions, spec: RunSpec
) -> Manifest:
    container: Manifest = {"name": RUN_CONTAINER, "env": _build_env(options, spec)}
    if options.image is not None:
        container["image"] = options.image
    if options.image_pull_policy is not None:
        container["imagePullPolicy"] = options.image_pull_policy
    known: Mapping[str, Any] = next(
        (each for each in template["spec"]["containers"] if each["name"] == RUN_CONTAINER), {}
    )
    combine = _equalize_resources if options.equal_resources else _complete_resources
    container["resources"] = combine(known.get("resources") or {}, options.resources)
    # Not optional: a run without its secrets fails later, with a worse message.
    container["envFrom"] = [
        *(known.get("envFrom") or ()),
        *({"secretRef": {"name": name, "optional": False}} for name in options.secrets),
    ]
    fields: Manifest = {"spec": {"containers": [container]}}
    if (volume := _resize_scratch(template, options.resources)) is not None:
        fields["spec"]["volumes"] = [volume]
    metadata: Manifest = {}
    if options.namespace is not None:
        metadata["namespace"] = options.namespace
    if options.queue is not None:
        metadata["labels"] = {naming.QUEUE: options.queue}
    if metadata:
        fields["metadata"] = metadata
    if options.image_pull_secrets:
        fields["spec"]["imagePullSecrets"] = [{"name": name} for name in options.image_pull_secrets]
    if options.service_account is not None:
        fields["spec"]["serviceAccountName"] = options.service_account
    return fields


def _build_env(options: PodOptions, spec: RunSpec) -> list[Manifest]:
    plain = {"MELTANO_PROJECT_ROOT": options.project_root}
    if spec.environment is not None:
        plain["MELTANO_ENVIRONMENT"] = spec.environment
    if options.digest is not None:
        plain[PROJECT_DIGEST] = options.digest
    plain |= spec.env
    secret = dict(options.secret_env)
    masked = {
        *set(secret).difference(options.not_secret),
        *find_secret_names(options.airflow_env, options.not_secret),
    }
    plain |= build_masking_variables(plain, masked, options.not_secret)
    if options.database_secret is not None and DATABASE_URI not in options.airflow_env:
        secret.setdefault(DATABASE_URI, SecretKey(options.database_secret, DATABASE_URI))
    elif options.database_secret is None:
        plain.setdefault(DATABASE_URI, NO_DATABASE)
    return [
        # The name of the pod's own Secret is set last, because equal pods have different ones.
        *(_reference_secret(name, "", name) for name in options.airflow_env),
        *(_reference_secret(name, key.secret, key.key) for name, key in secret.items()),
        *({"name": name, "value": value} for name, value in plain.items()),
    ]


def _reference_secret(name: str, secret: str, key: str) -> Manifest:
    # Not optional, as above.
    reference = {"name": secret, "key": key, "optional": False}
    return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def _complete_resources(
    template: Mapping[str, Any], settings: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Return the settings' requests and limits, completed so that they fit each other.

    Otherwise Kubernetes could reject a setting of one because of the template's other one.
    """
    merged = apply_patch(template, settings)
    requests, limits = (dict(merged.get(part) or {}) for part in PARTS)
    for name in requests.keys() & limits.keys():
        if parse_quantity(requests[name]) > parse_quantity(limits[name]):
            if name in settings.get("requests", {}):
                limits[name] = requests[name]
            else:
                requests[name] = limits[name]
    both = {"requests": requests, "limits": limits}
    return {**merged, **{part: entries for part, entries in both.items() if entries}}


def _resize_scratch(
    template: Mapping[str, Any], settings: Mapping[str, Mapping[str, str]]
) -> Manifest | None:
    """Return the volume for temporary files, as large as the disk that the settings give the run.

    None where they give none, and where the template has no such volume on disk.
    """
    disk = [settings[part][_DISK] for part in PARTS if _DISK in settings.get(part, {})]
    volumes = template["spec"].get("volumes") or []
    found: Manifest = next((each for each in volumes if each.get("name") == _SCRATCH), {})
    if not disk or "emptyDir" not in found or (found["emptyDir"] or {}).get("medium"):
        return None
    return {"name": _SCRATCH, "emptyDir": {"sizeLimit": max(disk, key=parse_quantity)}}


def _equalize_resources(
    template: Mapping[str, Any], settings: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Return equal requests and limits: the limit, else the request; settings take precedence."""
    both: dict[str, Any] = {}
    for source in (template, settings):
        for part in PARTS:
            both |= source.get(part) or {}
    return {**template, **{part: dict(both) for part in PARTS}} if both else dict(template)


def _build_required_fields(options: PodOptions, spec: RunSpec) -> Manifest:
    grace = math.ceil(options.termination_grace_period)
    fields: Manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": grace,
            "containers": [
                {
                    "name": RUN_CONTAINER,
                    # The image's entrypoint is the runner, so `kubectl describe` shows the command.
                    "args": list(spec.arguments),
                    "env": [{"name": GRACE_SECONDS, "value": str(grace)}],
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }
            ],
        },
    }
    if options.run_timeout is not None:
        # The runner itself ends the run and saves the state; this is for a runner that cannot. It
        # counts from the assignment to a node, so it includes time to pull the image.
        fields["spec"]["activeDeadlineSeconds"] = math.ceil(
            options.run_timeout
            + options.termination_grace_period
            + options.start_timeout
            + _DEADLINE_MARGIN
        )
    return fields
