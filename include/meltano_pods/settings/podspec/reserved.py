"""Checks the overrides of pods: Kubernetes' own rules first, then what is not theirs to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from meltano_pods.settings.podspec.fields import Problem, problems
from meltano_pods.settings.types.env import check_variable
from meltano_pods.settings.types.errors import inner_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

RUN_CONTAINER = "meltano"
"""Name of the container that runs Meltano, in every template and override."""

WORKER_CONTAINER = "base"
"""Name of the container of a KubernetesExecutor's worker, as Airflow has it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What an override may not say.

    Attributes:
        container: Name of the container that is ours, or Airflow's.
        owner: Who sets these keys.
        of_pod: Keys of the pod, and what to do instead.
        of_container: Keys of that container, likewise.
    """

    container: str
    owner: str
    of_pod: Mapping[tuple[str, str], str]
    of_container: Mapping[str, str]


_OF_RUN = _Kept(
    container=RUN_CONTAINER,
    owner="Meltano Pods",
    of_pod={
        ("metadata", "name"): "Remove it: names are made from the task and its try.",
        ("metadata", "namespace"): "Use the setting `namespace`.",
        ("spec", "restartPolicy"): "Remove it: Airflow retries, by the setting `retries`.",
        ("spec", "terminationGracePeriodSeconds"): "Use the setting `termination_grace_period`.",
        ("spec", "activeDeadlineSeconds"): "Use the setting `run_timeout`.",
    },
    of_container={
        "args": "Remove it: the arguments are the blocks of the job or schedule.",
        "command": "Remove it: the image's entrypoint is the runner.",
        "terminationMessagePath": "Remove it: the runner leaves its result there.",
        "terminationMessagePolicy": "Remove it: the runner leaves its result there.",
    },
)
_OF_WORKER = _Kept(
    container=WORKER_CONTAINER,
    owner="Airflow",
    of_pod={
        ("metadata", "name"): "Remove it: Airflow makes the names of workers.",
        ("metadata", "namespace"): "Remove it: workers run where Airflow does.",
        ("spec", "restartPolicy"): "Remove it: Airflow retries, by the setting `retries`.",
    },
    of_container={
        "args": "Remove it: Airflow says there which task to run.",
        "command": "Remove it: Airflow says there which task to run.",
    },
)


def override_problems(value: object) -> Iterator[Problem]:
    """Yield what is wrong with a pod template laid over a run's."""
    return _problems(value, _OF_RUN)


def worker_override_problems(value: object) -> Iterator[Problem]:
    """Yield what is wrong with a pod template laid over a worker's."""
    return _problems(value, _OF_WORKER)


def _problems(value: object, kept: _Kept) -> Iterator[Problem]:
    wrong = list(problems(value))
    yield from wrong
    if wrong or not isinstance(value, dict):
        return
    for (part, key), fix in kept.of_pod.items():
        if key in (value.get(part) or {}):
            yield Problem((part, key), f"`{part}.{key}` is set by {kept.owner}", fix)
    spec = value.get("spec") or {}
    for part in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(part) or []):
            yield from _container(container, ("spec", part, str(index)), kept)


def _container(
    container: Mapping[str, Any], path: tuple[str, ...], kept: _Kept
) -> Iterator[Problem]:
    if "name" not in container:
        yield Problem(
            path,
            f"`{'.'.join(path)}` has no name, so it is unclear which container is meant",
            f"Add `name: {kept.container}` for the one that is there already.",
        )
    elif container["name"] == kept.container:
        for key in container.keys() & kept.of_container.keys():
            what = f"`{key}` of the container `{kept.container}` is set by {kept.owner}"
            yield Problem((*path, key), what, kept.of_container[key])
    for index, variable in enumerate(container.get("env") or []):
        if (value := variable.get("value")) is not None:
            try:
                check_variable(str(variable.get("name")), value)
            except ValueError as error:
                place = (*path, "env", str(index))
                yield Problem(
                    place, str(error), "Name its Secret: `valueFrom: {secretKeyRef: ...}`."
                )


def check_override(value: object) -> object:
    """Accept a part of the template of a run's pod."""
    return _part_of_pod(value, override_problems)


def check_worker_override(value: object) -> object:
    """Accept a part of the template of a worker's pod."""
    return _part_of_pod(value, worker_override_problems)


def _part_of_pod(value: object, problems: Callable[[object], Iterator[Problem]]) -> object:
    if not isinstance(value, dict):
        raise ValueError("takes a map: {spec: {nodeSelector: ...}}")  # noqa: TRY004
    for problem in problems(value):
        raise inner_error(".".join(problem.path), problem.what, problem.fix)
    return value


PodOverride = Annotated[dict[str, Any], BeforeValidator(check_override)]
WorkerOverride = Annotated[dict[str, Any], BeforeValidator(check_worker_override)]
