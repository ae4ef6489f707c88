"""Builds the images by `docker buildx bake`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tools.cluster.places import ROOT
from tools.images.bases import Bases, bake_files, choose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.cluster.shell import Shell

MELTANO = "meltano-pods/meltano:dev"
AIRFLOW = "meltano-pods/airflow:dev"


def build(
    shell: Shell,
    targets: Sequence[str] = ("meltano", "airflow"),
    *,
    bases: Bases = Bases.AUTO,
    variables: Mapping[str, str] | None = None,
) -> Bases:
    """Build images and return which bases they stand on.

    Args:
        shell: Runs what it takes.
        targets: Targets of docker-bake.hcl.
        bases: Where the bases come from.
        variables: Variables of docker-bake.hcl, over those of the environment.

    Raises:
        ClusterError: A build failed; its last lines are in the error.
    """
    chosen = choose(bases, shell)
    files, named = bake_files(chosen, shell)
    options = [word for file in files for word in ("--file", str(file.relative_to(ROOT)))]
    environment = {"CA_BUNDLE": ca_bundle(), "REVISION": _revision(shell)}
    shell.run(
        "docker", "buildx", "bake", *options, "--progress", "plain", *targets,
        cwd=ROOT,
        environment=environment | named | dict(variables or {}),
    )  # fmt: skip
    return chosen


def ca_bundle() -> str:
    """Return the CA bundle that this machine is configured to trust; empty if there is none."""
    for name in ("CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if (path := os.environ.get(name)) and Path(path).is_file():
            return path
    return ""


def _revision(shell: Shell) -> str:
    commit = shell.ask("git", "-C", ROOT, "rev-parse", "HEAD")
    changed = shell.ask("git", "-C", ROOT, "status", "--porcelain")
    return f"{commit}-dirty" if commit and changed else commit or "unknown"
