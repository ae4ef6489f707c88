"""Judges the images that planned pods would pull, as far as names tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.cli.doctor.finding import FAULT, WARNING, Finding, ok
from meltano_pods.cli.pinned_image import BUILT_HERE
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def judge_images(pods: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield what is found about each image.

    Args:
        pods: Manifests of the pods that are planned.
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
        if not image or image == BUILT_HERE:
            alone = f": `{image}` is on this machine alone" if image else ""
            yield Finding(
                FAULT, "image", f"no image is set that a cluster could pull{alone}",
                "make push REGISTRY=... publishes one and pins it; or set "
                "AIRFLOW__MELTANO_PODS__IMAGE.",
            )  # fmt: skip
        elif digest:
            yield ok("image", f"`{image}` is pinned by its digest")
        elif tag in ("", "latest"):
            yield Finding(
                WARNING, "image", f"`{image}` may be another one tomorrow, and nodes keep what "
                "they have",
                "Name it by its digest: make push writes it down.",
            )  # fmt: skip
        else:
            yield Finding(
                WARNING, "image", f"`{image}` is named by a tag, which can be moved",
                "Name it by its digest: make push writes it down. `--pod` compares what is in it.",
            )  # fmt: skip
