"""Validates overrides of pods: Kubernetes' rules first, then the fields that are reserved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from meltano_pods.settings.podspec.fields import Problem, find_problems
from meltano_pods.settings.types.env import check_variable
from meltano_pods.settings.types.errors import build_nested_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OVERRIDES = ("pod_override", "worker_override")
"""Settings that are parts of pods, and merge as Kubernetes does."""
RUN_CONTAINER = "meltano"
"""Name of the container that runs Meltano, in every template and override."""
WORKER_CONTAINER = "base"
"""Name of the container of a KubernetesExecutor's worker, as Airflow names it."""


@dataclass(frozen=True, slots=True)
class _Reserved:
    """The fields that an override may not set.

    Attributes:
        container: Name of the container that Meltano Pods or Airflow defines.
        owner: Which of them sets the fields.
        pod_fields: Fields of the pod, each with the fix.
        container_fields: Fields of that container, likewise.
    """

    container: str
    owner: str
    pod_fields: Mapping[tuple[str, str], str]
    container_fields: Mapping[str, str]


_RETRIES = "Remove it: Airflow retries, as the setting `retries` says."
_RESULT = "Remove it: the runner writes its result there."
_RUN_POD = _Reserved(
    container=RUN_CONTAINER,
    owner="Meltano Pods",
    pod_fields={
        ("metadata", "name"): "Remove it: the name is made from the task and its try.",
        ("metadata", "namespace"): "Use the setting `namespace`.",
        ("spec", "restartPolicy"): _RETRIES,
        ("spec", "terminationGracePeriodSeconds"): "Use the setting `termination_grace_period`.",
        ("spec", "activeDeadlineSeconds"): "Use the setting `run_timeout`.",
    },
    container_fields={
        "args": "Remove it: the arguments are the blocks of the job or schedule.",
        "command": "Remove it: the image's entrypoint is the runner.",
        "terminationMessagePath": _RESULT,
        "terminationMessagePolicy": _RESULT,
    },
)
_COMMAND = "Remove it: Airflow passes the task to run there."
_WORKER_POD = _Reserved(
    container=WORKER_CONTAINER,
    owner="Airflow",
    pod_fields={
        ("metadata", "name"): "Remove it: Airflow names its workers.",
        ("metadata", "namespace"): "Remove it: workers run where Airflow does.",
        ("spec", "restartPolicy"): _RETRIES,
    },
    container_fields={"args": _COMMAND, "command": _COMMAND},
)


def get_reserved_fix(field: str) -> str | None:
    """Return what to do instead of setting a reserved field of a run's pod spec; else None."""
    return _RUN_POD.pod_fields.get(("spec", field))


def _find_problems(value: object, reserved: _Reserved) -> Iterator[Problem]:
    invalid = list(find_problems(value))
    yield from invalid
    if invalid or not isinstance(value, dict):
        return
    for (part, key), fix in reserved.pod_fields.items():
        if key in (value.get(part) or {}):
            yield Problem((part, key), f"`{part}.{key}` is set by {reserved.owner}", fix)
    spec = value.get("spec") or {}
    for part in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(part) or []):
            yield from _find_container_problems(container, ("spec", part, str(index)), reserved)


def _find_container_problems(
    container: Mapping[str, Any], path: tuple[str, ...], reserved: _Reserved
) -> Iterator[Problem]:
    if "name" not in container:
        yield Problem(
            path,
            f"`{'.'.join(path)}` has no name, so it is unclear which container is meant",
            f"Add `name: {reserved.container}` for the existing container.",
        )
    elif container["name"] == reserved.container:
        for key in container.keys() & reserved.container_fields.keys():
            what = f"`{key}` of the container `{reserved.container}` is set by {reserved.owner}"
            yield Problem((*path, key), what, reserved.container_fields[key])
    for index, variable in enumerate(container.get("env") or []):
        if (value := variable.get("value")) is not None:
            try:
                check_variable(str(variable.get("name")), value)
            except ValueError as error:
                yield Problem(
                    (*path, "env", str(index)),
                    str(error),
                    "Refer to its Secret: `valueFrom: {secretKeyRef: ...}`.",
                )


def check_override(value: object) -> object:
    """Accept a part of the template of a run's pod."""
    return _check_part(value, _RUN_POD)


def check_worker_override(value: object) -> object:
    """Accept a part of the template of a worker's pod."""
    return _check_part(value, _WORKER_POD)


def _check_part(value: object, reserved: _Reserved) -> object:
    if not isinstance(value, dict):
        raise ValueError("takes a map: {spec: {nodeSelector: ...}}")  # noqa: TRY004
    for problem in _find_problems(value, reserved):
        raise build_nested_error(".".join(problem.path), problem.what, problem.fix)
    return value


PodOverride = Annotated[dict[str, Any], BeforeValidator(check_override)]
WorkerOverride = Annotated[dict[str, Any], BeforeValidator(check_worker_override)]
