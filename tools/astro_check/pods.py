"""The pods of planned tasks, against what Astro runs.

https://www.astronomer.io/docs/astro/kubernetespodoperator
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from meltano_pods.settings.podspec.fields import find_problems
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER
from meltano_pods.settings.types.resources import parse_quantity

from tools.astro_check.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meltano_pods.pods.spec.preview import PodPreview

_LARGEST = {"cpu": ("43", "43 vCPU"), "memory": ("86Gi", "86Gi")}
_RESOURCES = ("cpu", "memory", "ephemeral-storage")
_VOLUMES = frozenset({"emptyDir", "secret", "configMap", "downwardAPI", "projected"})
_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")
_TAG = re.compile(r"[^@]+:([\w.-]+)")
_MOVING = frozenset({"dev", "latest", "main", "master", "edge", "nightly"})
_PIN = "ENV AIRFLOW__MELTANO_PODS__IMAGE"
_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")


def check(file: str, pod: PodPreview, *, pinned: bool) -> Iterator[Finding]:
    """Yield what is wrong with the pod of one task.

    Args:
        file: The project's meltano.yml.
        pod: The pod.
        pinned: Whether its image must be named already.
    """
    task = f"{pod.dag.dag_id}, task {pod.task.task_id}"
    for key, found, allowed, fix in _pod(pod.manifest):
        yield Finding(file, f"{task}, {key}", str(found), allowed, fix)
    for container in _containers(pod.manifest["spec"]):
        if container["name"] == RUN_CONTAINER and not pinned:
            continue
        if not _is_fixed(image := container.get("image") or "none"):
            own = container["name"] != RUN_CONTAINER or pod.task.settings.image is not None
            yield Finding(
                # The deployment's is every task's, and named at one place.
                file if own else "Dockerfile",
                f"{task}, container {container['name']}, image" if own else _PIN,
                image,
                "an image by its digest (registry/name@sha256:...), or a tag that never moves",
                "Publish and pin it: `make push REGISTRY=ghcr.io/acme`.",
            )


_Args = tuple[str, object, str, str]


def _pod(manifest: Mapping[str, Any]) -> Iterator[_Args]:
    spec = manifest["spec"]
    for problem in find_problems(manifest, "V1Pod"):
        yield (".".join(problem.path), problem.what, "Kubernetes' own fields", problem.fix)
    if (namespace := manifest["metadata"].get("namespace")) is not None:
        yield (
            "namespace",
            namespace,
            "none: pods run in the Deployment's own namespace, which Astro names",
            "Remove the setting `namespace`, or it from the pod template.",
        )
    for container in _containers(spec):
        where = f"container {container['name']}"
        resources = container.get("resources") or {}
        for key, found, allowed, fix in _resources(resources):
            yield (f"{where}, {key}", found, allowed, fix)
    yield from _size(spec)
    yield from _volumes(spec.get("volumes") or [])
    for label in _ARCH:
        arch = (spec.get("nodeSelector") or {}).get(label, "amd64")
        if arch != "amd64":
            yield (
                f"nodeSelector {label}",
                arch,
                "amd64: Astro has no other nodes",
                "Remove it from `pod_override` or the pod template.",
            )


def _containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*(spec.get("initContainers") or []), *spec["containers"]]


def _volumes(volumes: list[Mapping[str, Any]]) -> Iterator[_Args]:
    for volume in volumes:
        for kind in sorted(volume.keys() - {"name"} - _VOLUMES):
            yield (
                f"volume {volume['name']}",
                kind,
                f"{', '.join(sorted(_VOLUMES))}: Astro has no persistent volumes and no host paths",
                "Write to object storage or a database; `emptyDir` is for what ends with the pod.",
            )


def _resources(resources: Mapping[str, Any]) -> Iterator[_Args]:
    requests, limits = (resources.get(part) or {} for part in ("requests", "limits"))
    for name in _RESOURCES:
        if name not in limits or name not in requests:
            missing = "limits" if name not in limits else "requests"
            yield (
                f"resources.{missing}.{name}",
                "none",
                "a request and a limit of cpu, memory and ephemeral-storage",
                f"Set `resources: {{{missing}: {{{name}: ...}}}}`, or it in the pod template.",
            )
        elif parse_quantity(requests[name]) != parse_quantity(limits[name]):
            yield (
                f"resources.requests.{name}",
                requests[name],
                f"{limits[name]}, as the limit: Astro makes it so, and bills it",
                "Set both to the same value, or neither, in `pod_override`.",
            )


def _size(spec: Mapping[str, Any]) -> Iterator[_Args]:
    """Yield what is too much: all containers together, or an init container alone."""
    for name, (most, output) in _LARGEST.items():
        together = sum((_limit(each, name) for each in spec["containers"]), Decimal(0))
        alone = [_limit(each, name) for each in spec.get("initContainers") or []]
        if (size := max(together, *alone, Decimal(0))) > parse_quantity(most):
            shown = f"{size / 2**30:.1f}Gi" if name == "memory" else f"{size.normalize():f}"
            yield (
                f"resources.limits.{name}",
                shown,
                f"at most {output}, Astro's largest pod",
                "Request less (plugins add up), or see docs/how-to/external-cluster.md.",
            )


def _limit(container: Mapping[str, Any], name: str) -> Decimal:
    limit = ((container.get("resources") or {}).get("limits") or {}).get(name, "0")
    return parse_quantity(limit)


def _is_fixed(image: str) -> bool:
    if _DIGEST.fullmatch(image):
        return True
    tag = _TAG.fullmatch(image.rpartition("/")[2])
    return tag is not None and tag[1] not in _MOVING
