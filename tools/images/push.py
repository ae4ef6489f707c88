"""Publishes the Meltano image and pins what was published.

The pin is the line `ENV AIRFLOW__MELTANO_PODS__IMAGE=` of the Airflow image's Dockerfile: Airflow's
own setting `[meltano_pods] image`, by digest. So it is reviewed, deployed and rolled back together
with the DAGs that were made from the same meltano.yml, by `astro deploy` or any other build; and a
deployment that sets the variable itself overrides it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tools.cluster.errors import ClusterError
from tools.cluster.places import ROOT
from tools.images.bases import Bases, check_unlabelled
from tools.images.build import MELTANO, build

if TYPE_CHECKING:
    from pathlib import Path

    from tools.cluster.shell import Shell

DOCKERFILE = ROOT / "Dockerfile"
_PIN = re.compile(r"^ENV AIRFLOW__MELTANO_PODS__IMAGE=.*$", re.MULTILINE)
_REGISTRY = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._/-]+)?")
_BY_DIGEST = re.compile(r"[a-z0-9][\w./:-]*@sha256:[0-9a-f]{64}")
_LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+)(:|/|$)")
# What Astro runs. A machine's own platform would fail there at the first run.
_PLATFORM = "linux/amd64"


def push(
    shell: Shell,
    registry: str,
    *,
    tag: str = "",
    bases: Bases = Bases.AUTO,
    build_first: bool = True,
) -> str:
    """Build the Meltano image, push it, and return its name by digest.

    Args:
        shell: Runs what it takes.
        registry: Registry and folder, such as `ghcr.io/acme`; the image is `REGISTRY/meltano`.
        tag: Tag beside the digest; empty for the commit's first 12 characters.
        bases: Where the bases come from.
        build_first: False pushes the image as it was last built.

    Raises:
        ClusterError: A bad registry name, an image that is not fit for others, or a failed push.
    """
    registry = check_registry(registry)
    if build_first:
        variables = {"PLATFORM": os.environ.get("PLATFORM", _PLATFORM)}
        build(shell, ["meltano"], bases=bases, variables=variables)
    if not _LOOPBACK.match(registry) and os.environ.get("ALLOW_STAND_INS") != "1":
        check_unlabelled(MELTANO, shell)
    return push_as(shell, MELTANO, f"{registry}/meltano", tag or _commit(shell))


def check_registry(registry: str) -> str:
    """Return the registry without a slash at its end.

    Raises:
        ClusterError: Docker could not push to it.
    """
    example = "Example: make push REGISTRY=ghcr.io/acme"
    registry = registry.rstrip("/")
    if not registry:
        raise ClusterError("`make push` needs the registry to push to.", example)
    if _REGISTRY.fullmatch(registry):
        return registry
    plain = re.sub(r"^\w+://", "", registry)
    repository, _, last = plain.rpartition("/")
    name, colon, _ = last.partition(":")
    if plain != registry:
        reason = "it begins with a scheme"
    elif colon and repository:
        reason, plain = "it ends with a tag, which TAG= sets", f"{repository}/{name}"
    elif plain != plain.lower():
        reason = "it contains capital letters"
    else:
        reason = "allowed are lower-case letters, digits and . _ - /, after the host and its port"
    better = plain.lower()
    fix = f"make push REGISTRY={better}" if _REGISTRY.fullmatch(better) else example
    raise ClusterError(f"REGISTRY={registry!r} is not a registry: {reason}.", fix)


def explain_push(registry: str, detail: str) -> str:
    """Return what to do about a push that failed.

    Args:
        registry: The registry's host.
        detail: What Docker says.
    """
    if re.search(r"dial tcp|no such host|i/o timeout", detail):
        return (
            f"Nothing answers at {registry}: check the host and port of REGISTRY, and that it runs."
        )
    if re.search(r"server gave HTTP response to HTTPS client|certificate", detail):
        return (
            f"Docker does not trust {registry}: see https://docs.docker.com/reference/cli/dockerd/"
            "#insecure-registries"
        )
    return f"Log in first: docker login {registry}"


def push_as(shell: Shell, image: str, name: str, tag: str) -> str:
    """Push an image of this machine as `name:tag` and return its name by digest.

    Args:
        shell: Runs what it takes.
        image: Its name here.
        name: Its name in the registry, without a tag.
        tag: Its tag there.

    Raises:
        ClusterError: It failed.
    """
    target = f"{name}:{tag}"
    shell.run("docker", "tag", image, target)
    try:
        output = shell.run("docker", "push", target)
    except ClusterError as error:
        fix = explain_push(name.split("/", maxsplit=1)[0], error.detail)
        raise ClusterError(error.what, fix, error.detail) from error
    if not (found := re.search(r"digest: (sha256:[0-9a-f]{64})", output)):
        raise ClusterError("docker push printed no digest", f"Read {shell.log}")
    return f"{name}@{found[1]}"


def pin(image: str, dockerfile: Path = DOCKERFILE) -> None:
    """Write `image` to the Dockerfile.

    Raises:
        ClusterError: It is not named by its digest, or the line is not there or more than once.
    """
    if not _BY_DIGEST.fullmatch(image):
        raise ClusterError(
            f"{image!r} is not an image with a digest",
            "Use a name such as ghcr.io/acme/meltano@sha256:..., as `docker push` prints it",
        )
    text, count = _PIN.subn(f"ENV AIRFLOW__MELTANO_PODS__IMAGE={image}", dockerfile.read_text())
    if count != 1:
        raise ClusterError(
            f"{dockerfile.name} has {count} lines `ENV AIRFLOW__MELTANO_PODS__IMAGE=...`",
            f"Have just one, after the last FROM, and set it to {image}",
        )
    dockerfile.write_text(text)


def _commit(shell: Shell) -> str:
    return shell.ask("git", "-C", ROOT, "rev-parse", "--short=12", "HEAD") or "latest"
