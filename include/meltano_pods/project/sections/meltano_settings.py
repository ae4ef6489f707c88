"""Meltano's own settings, as far as they decide what a DAG runs: environment and state backend.

Meltano looks for a setting first in `env` at the top of meltano.yml, then in the process'
environment, then in `.env`, then among the keys of meltano.yml (`core/project_settings_service.py`
of Meltano 4.4.1). It takes none from an environment: neither its `config` nor its `env`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Location
from meltano_pods.project.model import DefaultEnvironment, MeltanoSetting
from meltano_pods.project.variables import DOTENV_FILE, Expanded, expand, read_dotenv
from meltano_pods.project.yaml.fields import written

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
        errors: Takes an error for each variable that cannot be read.
    """
    found: dict[str, MeltanoSetting] = {}
    for file in files:
        if (node := written(file, _ENV)) is None:
            continue
        with errors:
            for name, value in node.mapping("`env: {NAME: value}`").items():
                with errors:
                    if (text := value.as_text()) is not None:
                        found[name] = MeltanoSetting(text, value.where)
    return found


def read_state_backend(files: Sequence[Entries]) -> MeltanoSetting | None:
    """Return `state_backend.uri` of meltano.yml, written as one key or as two.

    Raises:
        ProjectError: It is no string, with which Meltano would fail.
    """
    found: Node | None = None
    for file in files:
        for key, node in file.items():
            if key == f"{_STATE_BACKEND}.uri":
                found = node
            elif key == _STATE_BACKEND and not node.is_mapping:
                found = None
            elif key == _STATE_BACKEND:
                found = node.mapping(_EXAMPLE_URI).get("uri", found)
    if found is None or found.is_null:
        return None
    return MeltanoSetting(found.text(_EXAMPLE_URI), found.where)


def read_default_environment(
    files: Sequence[Entries],
    folder: Path,
    environ: Mapping[str, str],
    main: Location,
    own: Mapping[str, MeltanoSetting],
) -> DefaultEnvironment | None:
    """Return the environment that Meltano takes where none is named to it.

    Args:
        files: Entries of the project's files, meltano.yml first.
        folder: The project's folder.
        environ: Environment of this process.
        main: The project's meltano.yml, for errors.
        own: The project's `env`.
    """
    dotenv = read_dotenv(folder, environ)
    if dotenv.get(_ENVIRONMENT):
        where = Location(f"{main.file.removesuffix('meltano.yml')}{DOTENV_FILE}", key=_ENVIRONMENT)
        return DefaultEnvironment(dotenv[_ENVIRONMENT], where)
    variable = f"MELTANO_{_DEFAULT.upper()}"
    if variable in own:
        return _named(own[variable].text, own[variable].where)
    for source, name in ((environ, "the environment"), (dotenv, DOTENV_FILE)):
        if variable in source:
            return _named(source[variable], Location(name, key=variable))
    # Of keys that are no lists and no mappings, Meltano takes the last file's.
    node = next((file[_DEFAULT] for file in reversed(files) if _DEFAULT in file), None)
    if node is None or node.is_empty:
        return None
    text = node.text("`default_environment: dev`")
    found = Expanded(text, ())
    if "$" in text:  # to copy the environment takes as long as to read a job
        variables = {**dotenv, **environ, **{key: each.text for key, each in own.items()}}
        found = expand(text, variables)
    if not found.text and not found.unset:
        return None
    return DefaultEnvironment(found.text, node.where, found.unset, text)


def _named(name: str, where: Location) -> DefaultEnvironment | None:
    return DefaultEnvironment(name, where) if name else None


def find_ignored_settings(files: Sequence[Entries]) -> Iterator[ProjectError]:
    """Yield a warning for each file whose `state_backend` Meltano does not read."""
    for file in files:
        node = written(file, _STATE_BACKEND)
        if node is not None and not node.is_mapping:
            yield node.error(
                f"`{_STATE_BACKEND}` is {node.kind}, which Meltano ignores",
                f"Write it as {_EXAMPLE_URI}.",
            )


def find_ignored_state(entries: Entries) -> Iterator[ProjectError]:
    """Yield a warning for each state backend in an environment, where Meltano reads none."""
    keys = {"config": (_STATE_BACKEND, f"{_STATE_BACKEND}.uri"), _ENV: (_STATE_VARIABLE,)}
    for section, names in keys.items():
        found = entries.get(section)
        inner = found.mapping(section) if found is not None and found.is_mapping else {}
        for name in names:
            if name in inner:
                yield inner[name].error(
                    f"Meltano reads no `{name}` in an environment; the state is kept elsewhere",
                    "Say it for the environment's runs by `annotations: {meltano_pods: {env: "
                    f"{{{_STATE_VARIABLE}: 's3://bucket/prefix'}}}}}}` of the environment.",
                )
