"""Finds the secret values of a run, so that the log and the result mask them.

A pod receives secrets as environment variables. Locally they can also be in `.env`, and some people
write them into meltano.yml or a file that it includes. What counts as a secret is
`contract.secret_rule`; the launcher adds names (`MELTANO_RUNNER_SECRET_NAMES`) and exempts others
(`MELTANO_RUNNER_NOT_SECRET`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.environment import NOT_SECRET, SECRET_NAMES, parse_names
from meltano_runner.contract.secret_rule import find_secrets, iterate_leaves

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

# The annotations of Meltano Pods name Secrets (`secrets: [meltano-shop-env]`) but contain none.
_ANNOTATIONS = "meltano_pods"
# `$NAME` in meltano.yml refers to a variable, whose value is in the environment.
_REFERENCE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})")


def find_secret_values(
    environment: Mapping[str, str], project: Path, files: Iterable[Mapping[str, Any]] = ()
) -> set[str]:
    """Return the secret values in the environment, the project's `.env` and its YAML files.

    Never raises: Meltano reports a file that cannot be read.

    Args:
        environment: Variables of the run.
        project: The project's folder.
        files: Contents of meltano.yml and of the files that it includes.
    """
    found: set[str] = set()
    listed = set(parse_names(environment.get(SECRET_NAMES)))
    plain = frozenset(parse_names(environment.get(NOT_SECRET))) - listed
    variables = {**read_dotenv(project / ".env"), **environment}
    for name, value in variables.items():
        if name in listed:
            found.add(value)
        found.update(secret.text for secret in find_secrets(name, value, plain))
    for file in files:
        found.update(_find_in_yaml(file, plain))
    return found


def _find_in_yaml(data: Mapping[str, Any], plain: Collection[str]) -> Iterator[str]:
    for key, text in iterate_leaves(data, "", skip=lambda key: key == _ANNOTATIONS):
        if _REFERENCE.fullmatch(text):
            continue
        for secret in find_secrets(key, text, plain):
            if not _REFERENCE.fullmatch(secret.text):
                yield secret.text


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables of a project's `.env`; none if it cannot be read."""
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - Meltano brings it; needed only here

    try:
        return {name: value for name, value in dotenv_values(path).items() if value is not None}
    except (OSError, UnicodeDecodeError):
        return {}
