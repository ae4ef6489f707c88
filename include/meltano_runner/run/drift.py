"""Rejects a run whose project differs from the one that the DAG was created from.

The Airflow image and the Meltano image both contain meltano.yml. If only one of them was rebuilt, a
task would run something other than what its DAG shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_runner.contract.digest import compute_project_digest
from meltano_runner.contract.environment import PROJECT_DIGEST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class DriftError(Exception):
    """The two differ. The message names both digests."""


def check_drift(project: Path, environment: Mapping[str, str]) -> None:
    """Compare the project with the digest the launcher expects; without one, nothing is compared.

    Raises:
        DriftError: They differ, or there is no project here.
    """
    expected = environment.get(PROJECT_DIGEST, "")
    if not expected:
        return
    try:
        found = compute_project_digest(project, _read_include_paths(project))
    except FileNotFoundError:
        raise DriftError(
            f"the DAG was made from the project {project.name} with digest {expected}, and "
            f"there is no {project / 'meltano.yml'} here"
        ) from None
    except (OSError, ValueError, NotImplementedError) as error:
        found = f"unknown ({error})"
    if found != expected:
        raise DriftError(
            f"the DAG was made from the project {project.name} with digest {expected}, "
            f"{project / 'meltano.yml'} here has {found}"
        )


def _read_include_paths(project: Path) -> list[str]:
    text = (project / "meltano.yml").read_text(encoding="utf-8-sig")
    if "include_paths" not in text:
        return []
    import yaml  # noqa: PLC0415 - Meltano's own, and slow to import: most projects are one file

    try:
        content: Any = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError:
        return []  # then the digest differs as well
    patterns = content.get("include_paths") if isinstance(content, dict) else None
    return [str(pattern) for pattern in patterns] if isinstance(patterns, list) else []
