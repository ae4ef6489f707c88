"""Reduces Meltano projects to what installing their plugins needs: `... plugins_only FROM TO`.

A build stage of both Dockerfiles runs it. Docker compares what a stage leaves by content, so the
plugins are installed again only when one of these files differs, and not after a change to a
schedule, a job or a setting. Kept of each project:

- meltano.yml with `plugins` alone, joined from all `include_paths`, each plugin with the keys of
  `_PLUGIN_KEYS`; of the other top-level keys those of `_PROJECT_KEYS`, and of `env` the variables
  that a `pip_url` uses
- `plugins/`: lock files and constraints
- files and folders that a `pip_url` names, of the project or of one beside it
- what a dbt project's packages are installed from: `packages.yml`, its lock, local packages

Runs in Meltano's own environment, which brings PyYAML.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

_PLUGIN_KEYS = (
    "name",
    "namespace",
    "variant",
    "inherit_from",
    "pip_url",
    "executable",
    "python",
    "env",
)
_PROJECT_KEYS = (
    "version",
    "requires_meltano",
    "project_id",
    "venv",
    "python",
    "hub_url",
    "hub_api_root",
)
# File bundles put files into a project; they are not part of a run.
_NOT_RUN = ("files",)
_DBT_PACKAGES = ("packages.yml", "dependencies.yml")
_DBT_FILES = ("dbt_project.yml", *_DBT_PACKAGES, "package-lock.yml")
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def main(source: Path, target: Path) -> None:
    """Write the reduced form of every project in `source` to `target`."""
    target.mkdir(parents=True)
    for file in sorted(source.glob("*/meltano.yml")):
        reduce_project(file.parent, target / file.parent.name)


def documents(project: Path) -> list[dict[str, Any]]:
    """Return the content of meltano.yml and of what its `include_paths` match, in this order."""
    main_file = project / "meltano.yml"
    first = _read(main_file)
    found = (path for pattern in first.get("include_paths") or () for path in project.glob(pattern))
    included = sorted({path for path in found if path.is_file()} - {main_file})
    return [first, *map(_read, included)]


def reduce_project(project: Path, target: Path) -> None:
    """Write the reduced form of one project."""
    contents = documents(project)
    main_file = contents[0]
    plugins: dict[str, list[dict[str, Any]]] = {}
    for content in contents:
        for kind, entries in (content.get("plugins") or {}).items():
            if kind not in _NOT_RUN:
                plugins.setdefault(kind, []).extend(_reduced(entry) for entry in entries or ())
    kept = {key: main_file[key] for key in main_file if key.split(".")[0] in _PROJECT_KEYS}
    urls = [
        str(entry["pip_url"])
        for entries in plugins.values()
        for entry in entries
        if entry.get("pip_url")
    ]
    used = {name for url in urls for pair in _VARIABLE.findall(url) for name in pair if name}
    if env := {key: value for key, value in (main_file.get("env") or {}).items() if key in used}:
        kept["env"] = env
    target.mkdir(exist_ok=True)  # another project's `pip_url` may have named something here
    text = yaml.safe_dump({**kept, "plugins": plugins}, sort_keys=False)
    (target / "meltano.yml").write_text(text, encoding="utf-8")
    for path in {project / "plugins", *_named(project, urls), *_dbt_packages(project)}:
        _copy(path, target.parent / path.relative_to(project.parent))


def dbt_projects(project: Path) -> list[Path]:
    """Return the folders of dbt projects that ask for packages, relative to the Meltano project."""
    found = (file.parent.relative_to(project) for file in project.rglob("dbt_project.yml"))
    return sorted(
        folder
        for folder in found
        if not any(part.startswith(".") or part == "dbt_packages" for part in folder.parts)
        and any((project / folder / name).is_file() for name in _DBT_PACKAGES)
    )


def _dbt_packages(project: Path) -> set[Path]:
    """Return what a dbt project's packages are made of."""
    found: set[Path] = set()
    for folder in (project / each for each in dbt_projects(project)):
        found.update(folder / name for name in _DBT_FILES)
        for name in _DBT_PACKAGES:
            content = _read(folder / name) if (folder / name).is_file() else {}
            local = [each.get("local") for each in content.get("packages") or ()]
            found.update(_within(project, folder / each) for each in local if each)
    return found


def _within(project: Path, path: Path) -> Path:
    """Return where a path leads, in a project among those beside this one.

    Raises:
        SystemExit: It leads out of them, where an image has nothing.
    """
    place = path.resolve()
    if not place.is_relative_to(project.parent):
        raise SystemExit(f"{project.name}: {path} is not below {project.parent}: move it there")
    return place


def _reduced(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in _PLUGIN_KEYS if key in entry}


def _read(file: Path) -> dict[str, Any]:
    content = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    return content if isinstance(content, dict) else {}


def _named(project: Path, urls: list[str]) -> set[Path]:
    """Return what `pip_url`s name in this project or one beside it, with -c or -r as well."""
    found = set()
    for url in urls:
        for word in re.sub(r"\$\{?MELTANO_PROJECT_ROOT\}?", str(project), url).split():
            # An extra may follow a folder: `./tap-x[s3]`; a URL may name one: `tap @ file:///...`.
            path = word.removeprefix("file://").split("[")[0].rpartition("=")[2]
            place = (project / path).resolve()
            inside = place.is_relative_to(project.parent) and place.exists()
            if inside and place not in (project, project.parent):
                found.add(place)
    return found


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target, ignore=_LEFT_OUT, dirs_exist_ok=True)
    elif path.is_file():
        shutil.copyfile(path, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
