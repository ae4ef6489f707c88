"""What the Astro CLI 1.45 does for `astro dev parse`, `astro dev pytest` and `astro deploy`.

Written from its sources (airflow/docker_image.go and airflow/docker.go at ed93cc5):
a container of the image, into which the folders of the project are copied again. The parse test
is `.astro/test_dag_integrity_default.py`; `astro dev pytest` without a file runs `tests/`.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from tests.astro_dev.compose import HOME
from tests.images.engine import docker

if TYPE_CHECKING:
    from pathlib import Path

PARSE_TEST = ".astro/test_dag_integrity_default.py"
ALL_TESTS = "tests/"
_COPIED = ("dags", "tests", "plugins", "include", ".astro")


def run_pytest(image: str, root: Path, *arguments: str, user: str = "") -> tuple[int, str]:
    """Run pytest in a container of the image and return its status and output.

    Args:
        image: The Airflow image.
        root: The project's folder.
        arguments: A file or folder, and what `--args` of the CLI holds.
        user: The container's user; empty for the image's, which is what the CLI takes.
    """
    name = f"astro-pytest-{secrets.token_hex(3)}"
    options = ["-i", "--name", name, *(["--user", user] if user else [])]
    if (root / ".env").exists():
        options += ["--env-file", str(root / ".env")]
    docker("create", *options, image, "pytest", *arguments)
    try:
        for folder in _COPIED:
            docker("cp", str(root / folder), f"{name}:{HOME}/")
        ended = docker("start", name, "-a", check=False)
    finally:
        docker("rm", "--force", name)
    return ended.returncode, ended.stdout + ended.stderr
