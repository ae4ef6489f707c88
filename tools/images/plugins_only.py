"""Reduces Meltano projects to what installing their plugins needs: `... plugins_only FROM TO`.

A build stage of both Dockerfiles runs it. Docker compares what a stage leaves by content, so the
plugins are installed anew only when one of these files differs, and not after a change to a
schedule, a job or a setting. Kept of each project:

- meltano.yml with `plugins` alone, joined from all `include_paths`, each plugin with the keys of
  `_PLUGIN_KEYS`; of the other top-level keys those of `_PROJECT_KEYS`, and of `env` the variables
  that a `pip_url` uses
- `plugins/`: lock files and constraints
- files and folders of the project that a `pip_url` names

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
# File bundles put files into a project; they are no part of a run.
_NOT_RUN = ("files",)
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
    target.mkdir()
    text = yaml.safe_dump({**kept, "plugins": plugins}, sort_keys=False)
    (target / "meltano.yml").write_text(text, encoding="utf-8")
    for path in {project / "plugins", *_named(project, urls)}:
        _copy(path, target / path.relative_to(project))


def _reduced(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in _PLUGIN_KEYS if key in entry}


def _read(file: Path) -> dict[str, Any]:
    content = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    return content if isinstance(content, dict) else {}


def _named(project: Path, urls: list[str]) -> set[Path]:
    """Return what `pip_url`s name within the project, whether installed or given with -c or -r."""
    found = set()
    for url in urls:
        for word in re.sub(r"\$\{?MELTANO_PROJECT_ROOT\}?", str(project), url).split():
            # An extra may follow a folder: `./tap-x[s3]`; a URL may name one: `tap @ file:///...`.
            path = word.removeprefix("file://").split("[")[0].rpartition("=")[2]
            place = (project / path).resolve()
            if place != project and place.is_relative_to(project) and place.exists():
                found.add(place)
    return found


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target, ignore=_LEFT_OUT, dirs_exist_ok=True)
    elif path.is_file():
        shutil.copyfile(path, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
