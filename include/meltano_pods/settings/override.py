"""Checks a `pod_override`: Kubernetes' own rules first, then what Meltano Pods keeps for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.settings.podfields import Problem, problems
from meltano_pods.settings.values import check_variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUN_CONTAINER = "meltano"
"""Name of the container that runs Meltano, in every template and override."""

_OWNED = {
    ("metadata", "name"): "Remove it: names are made from the task and its try.",
    ("metadata", "namespace"): "Use the setting `namespace`.",
    ("spec", "restartPolicy"): "Remove it: Airflow retries, by the setting `retries`.",
    ("spec", "terminationGracePeriodSeconds"): "Use the setting `stop_grace`.",
    ("spec", "activeDeadlineSeconds"): "Use the setting `run_timeout`.",
}
_OWNED_OF_RUN = {
    "args": "Remove it: the arguments are the blocks of the job or schedule.",
    "command": "Remove it: the image's entrypoint is the runner.",
    "terminationMessagePath": "Remove it: the runner leaves its result there.",
    "terminationMessagePolicy": "Remove it: the runner leaves its result there.",
}


def override_problems(value: object) -> Iterator[Problem]:
    """Yield what is wrong with a pod template laid over ours."""
    wrong = list(problems(value))
    yield from wrong
    if wrong or not isinstance(value, dict):
        return
    for (part, key), fix in _OWNED.items():
        if key in (value.get(part) or {}):
            yield Problem((part, key), f"`{part}.{key}` is set by Meltano Pods", fix)
    spec = value.get("spec") or {}
    for part in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(part) or []):
            yield from _container(container, ("spec", part, str(index)))


def _container(container: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Problem]:
    if "name" not in container:
        yield Problem(
            path,
            f"`{'.'.join(path)}` has no name, so it is unclear which container is meant",
            f"Add `name: {RUN_CONTAINER}` for the container that runs Meltano.",
        )
    elif container["name"] == RUN_CONTAINER:
        for key in container.keys() & _OWNED_OF_RUN.keys():
            what = f"`{key}` of the container `{RUN_CONTAINER}` is set by Meltano Pods"
            yield Problem((*path, key), what, _OWNED_OF_RUN[key])
    for index, variable in enumerate(container.get("env") or []):
        if (value := variable.get("value")) is not None:
            try:
                check_variable(str(variable.get("name")), value)
            except ValueError as error:
                place = (*path, "env", str(index))
                yield Problem(
                    place, str(error), "Name its Secret: `valueFrom: {secretKeyRef: ...}`."
                )
