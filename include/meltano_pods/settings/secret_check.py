"""Finds secrets where Airflow or Kubernetes would show them: in `env` and in overrides of pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_runner.contract.secret_rule import describe_secret

from meltano_pods.errors import SettingsError
from meltano_pods.settings.jinja_templates import BadTemplateError, find_secret_read, is_template
from meltano_pods.settings.layers import find_place
from meltano_pods.settings.podspec.reserved import OVERRIDES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from meltano_pods.errors import Location
    from meltano_pods.settings.layers import Layer

_CONTAINERS = ("containers", "initContainers")
_SHOWN = "values written here are shown by Airflow and Kubernetes"


class SecretProblem(NamedTuple):
    """A secret in a value that is shown: what is wrong, and how to fix it."""

    what: str
    fix: str


def find_secret(name: str, value: object, not_secret: Collection[str] = ()) -> SecretProblem | None:
    """Return the problem with an environment variable whose value is shown; None if it is safe.

    Args:
        name: The variable.
        value: Its value, or a template of it.
        not_secret: Names of variables that are declared not secret.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    if is_template(text):
        try:
            read = find_secret_read(text)
        except BadTemplateError as error:
            what = f"{name} is not a valid template: {error}"
            return SecretProblem(what, "Correct it; `{{ params.region }}` is a valid one.")
        if read is not None and (read.always or name not in not_secret):
            what = (
                f"{name} is a template that reads {read.what}; {_SHOWN}, even if they are rendered"
            )
            return SecretProblem(what, _suggest_fix(name, read.source, exempt=not read.always))
    found = describe_secret(name, text, not_secret)
    if found is None:
        return None
    return SecretProblem(f"{name} {found}, and {_SHOWN}", _suggest_fix(name, "", exempt=True))


def find_secret_in_text(where: str, value: str) -> SecretProblem | None:
    """Return the problem with a text other than a variable that is shown; None if it is safe.

    Args:
        where: Description of its place, for the message.
        value: The text.
    """
    try:
        read = find_secret_read(value)
    except BadTemplateError:
        read = None
    fix = (
        "Remove it. A run gets secrets as environment variables: `secret_env` (a key of a Secret) "
        "or `airflow_env` (an Airflow connection or variable)."
    )
    if read is not None and read.always:
        return SecretProblem(f"{where} is a template that reads {read.what}; {_SHOWN}", fix)
    found = describe_secret("", value)
    return None if found is None else SecretProblem(f"{where} {found}, and {_SHOWN}", fix)


def find_secret_errors(layer: Layer, not_secret: Collection[str]) -> Iterator[SettingsError]:
    """Yield an error for each secret in the settings of a level, at its place."""
    if not layer.values:
        return
    env = layer.values.get("env")
    for name, value in (env if isinstance(env, dict) else {}).items():
        if (problem := find_secret(str(name), value, not_secret)) is not None:
            yield SettingsError(problem.what, find_place([layer], "env", str(name)), problem.fix)
    for key in (each for each in OVERRIDES if each in layer.values):
        for path, problem in _find_in_pod(layer.values[key], not_secret):
            yield SettingsError(problem.what, find_place([layer], key, *path), problem.fix)


def check_option(word: str, where: Location) -> None:
    """Reject a secret among the options of a command, which Airflow shows.

    Raises:
        SettingsError: It is one, or a template that reads one.
    """
    if (problem := find_secret_in_text("an option of `run`", word)) is not None:
        raise SettingsError(problem.what, where, problem.fix)


def list_pod_variables(pod: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, object]]:
    """Yield path, name and value of each variable with a plain value in a pod's containers."""
    spec = pod.get("spec")
    for part in _CONTAINERS:
        containers = spec.get(part) if isinstance(spec, dict) else None
        for index, container in enumerate(containers if isinstance(containers, list) else []):
            env = container.get("env") if isinstance(container, dict) else None
            for number, each in enumerate(env if isinstance(env, list) else []):
                if isinstance(each, dict) and each.get("value") is not None:
                    path = ("spec", part, str(index), "env", str(number))
                    yield path, str(each.get("name")), each["value"]


def _find_in_pod(
    pod: object, not_secret: Collection[str]
) -> Iterator[tuple[tuple[str, ...], SecretProblem]]:
    if not isinstance(pod, dict):
        return
    variables = set()
    for path, name, value in list_pod_variables(pod):
        variables.add(path)
        if (problem := find_secret(name, value, not_secret)) is not None:
            reference = f"`valueFrom: {{secretKeyRef: {{name: ..., key: {name}}}}}`"
            yield path, SecretProblem(problem.what, f"{problem.fix} Here, you can use {reference}.")
    for path, text in _iterate_texts(pod, ()):
        if path[:-1] in variables:
            continue
        if (problem := find_secret_in_text(f"`{'.'.join(path)}`", text)) is not None:
            yield path, problem


def _iterate_texts(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _iterate_texts(each, (*path, str(key)))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _iterate_texts(each, (*path, str(index)))


def _suggest_fix(name: str, source: str, *, exempt: bool) -> str:
    source = source or "{connection: ID, field: password}"
    fix = (
        f"Remove it, and take it from an Airflow connection or variable "
        f"(`airflow_env: {{{name}: {source}}}`), from a key of a Kubernetes Secret (`secret_env: "
        f"{{{name}: {{}}}}`) or, on your machine, from `.env`."
    )
    return f"{fix} If it is not a secret, add `not_secret: [{name}]`." if exempt else fix
