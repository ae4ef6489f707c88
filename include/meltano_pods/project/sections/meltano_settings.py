"""Meltano's own settings that decide what a DAG runs: environment and state backend.

Meltano looks for a setting first in `env` at the top of meltano.yml, then in the process'
environment, then in `.env`, then among the keys of meltano.yml (`core/project_settings_service.py`
of Meltano 4.4.1). It ignores `config` and `env` of an environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Location
from meltano_pods.project.model import DefaultEnvironment, MeltanoSetting
from meltano_pods.project.variables import DOTENV_FILE, ExpandedText, expand, read_dotenv
from meltano_pods.project.yaml.fields import get_non_empty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from meltano_pods.errors import Errors, ProjectError
    from meltano_pods.project.yaml.nodes import Entries, Node

_ENV = "env"
_ENVIRONMENT = "MELTANO_ENVIRONMENT"
_DEFAULT = "default_environment"
_STATE_BACKEND = "state_backend"
_STATE_VARIABLE = "MELTANO_STATE_BACKEND_URI"
_EXAMPLE_URI = "`state_backend: {uri: 's3://bucket/prefix'}`"


def read_env(files: Sequence[Entries], errors: Errors) -> dict[str, MeltanoSetting]:
    """Return `env` at the top of the files, which Meltano adds to the environment of a command.

    Args:
        files: Entries of the project's files.
        errors: Receives an error for each variable that cannot be read.
    """
    found: dict[str, MeltanoSetting] = {}
    for file in files:
        if (node := get_non_empty(file, _ENV)) is None:
            continue
        with errors:
            for name, value in node.as_mapping("`env: {NAME: value}`").items():
                with errors:
                    if (text := value.stringify()) is not None:
                        found[name] = MeltanoSetting(text, value.where)
    return found


def read_state_backend(files: Sequence[Entries]) -> MeltanoSetting | None:
    """Return `state_backend.uri` of meltano.yml, written as one key or as two.

    Raises:
        ProjectError: It is not a string, so Meltano would fail.
    """
    found: Node | None = None
    for file in files:
        for key, node in file.items():
            if key == f"{_STATE_BACKEND}.uri":
                found = node
            elif key == _STATE_BACKEND and not node.is_mapping:
                found = None
            elif key == _STATE_BACKEND:
                found = node.as_mapping(_EXAMPLE_URI).get("uri", found)
    if found is None or found.is_null:
        return None
    return MeltanoSetting(found.as_string(_EXAMPLE_URI), found.where)


def read_default_environment(
    files: Sequence[Entries],
    folder: Path,
    environ: Mapping[str, str],
    main: Location,
    project_env: Mapping[str, MeltanoSetting],
) -> DefaultEnvironment | None:
    """Return the environment that Meltano uses by default.

    Args:
        files: Entries of the project's files, meltano.yml first.
        folder: The project's folder.
        environ: Environment of this process.
        main: The project's meltano.yml, for errors.
        project_env: The project's `env`.
    """
    dotenv = read_dotenv(folder, environ)
    if dotenv.get(_ENVIRONMENT):
        where = Location(f"{main.file.removesuffix('meltano.yml')}{DOTENV_FILE}", key=_ENVIRONMENT)
        return DefaultEnvironment(dotenv[_ENVIRONMENT], where)
    variable = f"MELTANO_{_DEFAULT.upper()}"
    if variable in project_env:
        return _build_default(project_env[variable].text, project_env[variable].where)
    for source, name in ((environ, "the environment"), (dotenv, DOTENV_FILE)):
        if variable in source:
            return _build_default(source[variable], Location(name, key=variable))
    # Of scalar keys, Meltano uses the last file's.
    node = next((file[_DEFAULT] for file in reversed(files) if _DEFAULT in file), None)
    if node is None or node.is_empty:
        return None
    text = node.as_string("`default_environment: dev`")
    found = ExpandedText(text, ())
    if "$" in text:  # copying the environment takes as long as reading a job
        own = {key: each.text for key, each in project_env.items()}
        variables = {**dotenv, **environ, **own}
        found = expand(text, variables)
    if not found.text and not found.unset:
        return None
    return DefaultEnvironment(found.text, node.where, found.unset, text)


def _build_default(name: str, where: Location) -> DefaultEnvironment | None:
    return DefaultEnvironment(name, where) if name else None


def find_ignored_settings(files: Sequence[Entries]) -> Iterator[ProjectError]:
    """Yield a warning for each file whose `state_backend` Meltano ignores."""
    for file in files:
        node = get_non_empty(file, _STATE_BACKEND)
        if node is not None and not node.is_mapping:
            yield node.build_error(
                f"`{_STATE_BACKEND}` is {node.kind}, which Meltano ignores",
                f"Write it as {_EXAMPLE_URI}.",
            )


def find_ignored_state(entries: Entries) -> Iterator[ProjectError]:
    """Yield a warning for each state backend in an environment, where Meltano ignores it."""
    keys = {"config": (_STATE_BACKEND, f"{_STATE_BACKEND}.uri"), _ENV: (_STATE_VARIABLE,)}
    for section, names in keys.items():
        found = entries.get(section)
        inner = found.as_mapping(section) if found is not None and found.is_mapping else {}
        for name in names:
            if name in inner:
                yield inner[name].build_error(
                    f"Meltano ignores `{name}` in an environment and keeps the state elsewhere",
                    "Set it for the environment's runs with `annotations: {meltano_pods: {env: "
                    f"{{{_STATE_VARIABLE}: 's3://bucket/prefix'}}}}}}` of the environment.",
                )
