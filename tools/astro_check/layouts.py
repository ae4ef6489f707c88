"""The layouts of both Astro CLIs, which one project can serve.

CLI 1 knows a project by its Dockerfile and .astro/config.yaml, CLI 2 by the table [tool.astro] of
pyproject.toml, whose keys it validates; without `dockerfile` it builds an image of its own.
https://github.com/astronomer/astro-cli/blob/main/docs/manifest-reference.md
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import yaml

from tools.astro_check.dockerfile import read_dockerfile
from tools.astro_check.finding import Finding
from tools.astro_check.images import RUNTIME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CONFIG = ".astro/config.yaml"
_DAG_TEST = (".astro/test_dag_integrity_default.py", ".astro/dag_loading.py")
_KEYS = frozenset(
    {
        "build-secrets", "deployments", "dockerfile", "domain", "env", "organization", "packages",
        "pools", "runtime", "target", "targets", "workspace",
    }
)  # fmt: skip
_PIN = re.compile(
    r"apache-airflow(?:-core)?(?:\[[^\]]*\])?\s*==\s*(\d+\.\d+)(?:\.\d+|\.\*)?\s*(;.*)?"
)


def check(root: Path) -> Iterator[Finding]:
    """Yield what either CLI would reject or ignore."""
    yield from _first(root)
    yield from _second(root)


def check_dag_file(root: Path, project: str) -> Iterator[Finding]:
    """Yield a finding for a project without a DAG file of its own."""
    if not any((root / "dags").rglob(f"{project}.py")):
        yield Finding(
            f"dags/{project}.py",
            "",
            "no such file",
            "one file for each project: without it, the project has no DAGs",
            f"Copy that of another project: `cp dags/csv_to_json.py dags/{project}.py`.",
        )


def _first(root: Path) -> Iterator[Finding]:
    config = root / _CONFIG
    content = yaml.safe_load(config.read_text()) if config.is_file() else None
    name = ((content or {}).get("project") or {}).get("name")
    if not name:
        yield Finding(
            _CONFIG,
            "project.name",
            "nothing",
            "a name: without it, Astro CLI 1 does not recognise the project",
            "Write `project: {name: my-project}` to it.",
        )
    for file in _DAG_TEST:
        if not (root / file).is_file():
            yield Finding(
                file,
                "",
                "no such file",
                "part of the test that `astro dev parse` and `astro deploy` run; the test that the "
                "CLI writes fails on Airflow 3.3",
                "Take the repository's file.",
            )


def _second(root: Path) -> Iterator[Finding]:
    file = root / "pyproject.toml"
    content: dict[str, Any] = tomllib.loads(file.read_text()) if file.is_file() else {}
    astro = (content.get("tool") or {}).get("astro")
    if astro is None:
        yield _finding("[tool.astro]", "no such table", "the table: CLI 2 knows a project by it")
        return
    for key in sorted(astro.keys() - _KEYS):
        allowed = f"the keys {', '.join(sorted(_KEYS))}: CLI 2 rejects any other"
        yield _finding(f"[tool.astro] {key}", repr(astro[key]), allowed, "Remove it.")
    if astro.get("dockerfile") != "Dockerfile":
        yield _finding(
            "[tool.astro] dockerfile",
            repr(astro.get("dockerfile", "nothing")),
            "'Dockerfile': else CLI 2 builds an image that knows neither include/ nor Meltano",
            'Write `dockerfile = "Dockerfile"`.',
        )
    yield from _airflow(root, (content.get("project") or {}).get("dependencies") or [])


def _airflow(root: Path, dependencies: list[str]) -> Iterator[Finding]:
    key = "[project] dependencies"
    named = [
        each for each in dependencies if re.match(r"apache-airflow(-core)?\s*([\[=<>~!;@]|$)", each)
    ]
    pins = [match for each in named if (match := _PIN.fullmatch(each))]
    if len(named) != 1 or len(pins) != 1:
        yield _finding(
            key,
            ", ".join(named) or "no Airflow",
            "apache-airflow once, pinned to one series or release: CLI 2 reads it there",
            "Write `apache-airflow==3.3.2`, as of the Runtime's series.",
        )
        return
    bases = read_dockerfile(root / "Dockerfile").bases
    runtime = RUNTIME.fullmatch(bases[0].image) if bases else None
    if runtime is not None and runtime["series"] != pins[0][1]:
        yield _finding(
            key,
            named[0],
            f"Airflow {runtime['series']}, as the Dockerfile's {bases[0].image}",
            "Change one of the two, and `make lock`.",
        )


def _finding(key: str, found: str, allowed: str, fix: str = "Take the repository's.") -> Finding:
    return Finding("pyproject.toml", key, found, allowed, fix)
