"""Checks the names of the images that planned pods would pull."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.cli.deployment import LOCAL_IMAGE
from meltano_pods.cli.doctor.finding import ERROR, WARNING, Finding, build_ok
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def check_images(pods: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Check each image.

    Args:
        pods: Manifests of the planned pods.
    """
    images = {
        str(container.get("image") or "")
        for pod in pods
        for container in pod["spec"]["containers"]
        if container["name"] == RUN_CONTAINER
    }
    for image in sorted(images):
        name, _, digest = image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        if not image or image == LOCAL_IMAGE:
            local = f": `{image}` exists only on this machine" if image else ""
            yield Finding(
                ERROR, "image", f"no image is set that a cluster can pull{local}",
                "Publish and pin one with `make push REGISTRY=ghcr.io/acme`, or set "
                "AIRFLOW__MELTANO_PODS__IMAGE=registry/name@sha256:...",
            )  # fmt: skip
        elif digest:
            yield build_ok("image", f"`{image}` is pinned by its digest")
        elif tag in ("", "latest"):
            yield Finding(
                WARNING, "image", f"`{image}` can change at any time, and nodes keep the version "
                "that they have pulled",
                "Name it by its digest, as `make push` does.",
            )  # fmt: skip
        else:
            yield Finding(
                WARNING, "image", f"`{image}` is named by a tag, which can be moved",
                "Name it by its digest, as `make push` does. `--pod` checks its "
                "content.",
            )  # fmt: skip
