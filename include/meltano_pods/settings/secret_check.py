"""Finds secrets where Airflow or Kubernetes would show them: in `env` and in overrides of pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_runner.contract import describe_secret

from meltano_pods.errors import SettingsError
from meltano_pods.settings.jinja_templates import BadTemplateError, is_template, secret_read
from meltano_pods.settings.layers import place_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from meltano_pods.errors import Location
    from meltano_pods.settings.layers import Layer

OVERRIDES = ("pod_override", "worker_override")
_CONTAINERS = ("containers", "initContainers")
_SHOWN = "values written here are shown by Airflow and Kubernetes"


class Problem(NamedTuple):
    """A value that must not stand where it does: what is wrong, and what to do."""

    what: str
    fix: str


def secret_problem(name: str, value: object, not_secret: Collection[str] = ()) -> Problem | None:
    """Return what is wrong with the value of an environment variable that everybody can read.

    Args:
        name: The variable.
        value: Its value, or a template of it.
        not_secret: Names of variables that hold no secret.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    if is_template(text):
        try:
            read = secret_read(text)
        except BadTemplateError as error:
            what = f"{name} is not a valid template: {error}"
            return Problem(what, "Correct it; `{{ params.region }}` is one.")
        if read is not None and (read.always or name not in not_secret):
            what = f"{name} is a template that reads {read.what}; {_SHOWN}, rendered ones, too"
            return Problem(what, _ways_out(name, read.source, exempt=not read.always))
    found = describe_secret(name, text, not_secret)
    if found is None:
        return None
    return Problem(f"{name} {found}, and {_SHOWN}", _ways_out(name, "", exempt=True))


def text_problem(where: str, value: str) -> Problem | None:
    """Return what is wrong with a text that everybody can read and that is no variable.

    Args:
        where: What it is, for the message.
        value: The text.
    """
    try:
        read = secret_read(value)
    except BadTemplateError:
        read = None
    fix = (
        "Remove it. A run gets secrets as environment variables: `secret_env` (a key of a Secret) "
        "or `airflow_env` (an Airflow connection or variable)."
    )
    if read is not None and read.always:
        return Problem(f"{where} is a template that reads {read.what}; {_SHOWN}", fix)
    found = describe_secret("", value)
    return None if found is None else Problem(f"{where} {found}, and {_SHOWN}", fix)


def secret_faults(layer: Layer, not_secret: Collection[str]) -> Iterator[SettingsError]:
    """Yield what a level says that must not be shown, each at its place."""
    if not layer.values:
        return
    env = layer.values.get("env")
    for name, value in (env if isinstance(env, dict) else {}).items():
        if (problem := secret_problem(str(name), value, not_secret)) is not None:
            yield SettingsError(problem.what, place_of([layer], "env", str(name)), problem.fix)
    for key in (each for each in OVERRIDES if each in layer.values):
        for path, problem in _in_pod(layer.values[key], not_secret):
            yield SettingsError(problem.what, place_of([layer], key, *path), problem.fix)


def check_option(word: str, where: Location) -> None:
    """Reject a secret among the options of a command, which Airflow shows.

    Raises:
        SettingsError: It is one, or a template that reads one.
    """
    if (problem := text_problem("an option of `run`", word)) is not None:
        raise SettingsError(problem.what, where, problem.fix)


def variables_of_pod(pod: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, object]]:
    """Yield the plain variables of a pod's containers: place, name and value."""
    spec = pod.get("spec")
    for part in _CONTAINERS:
        containers = spec.get(part) if isinstance(spec, dict) else None
        for index, container in enumerate(containers if isinstance(containers, list) else []):
            env = container.get("env") if isinstance(container, dict) else None
            for number, each in enumerate(env if isinstance(env, list) else []):
                if isinstance(each, dict) and each.get("value") is not None:
                    path = ("spec", part, str(index), "env", str(number))
                    yield path, str(each.get("name")), each["value"]


def _in_pod(pod: object, not_secret: Collection[str]) -> Iterator[tuple[tuple[str, ...], Problem]]:
    if not isinstance(pod, dict):
        return
    of_variables = set()
    for path, name, value in variables_of_pod(pod):
        of_variables.add(path)
        if (problem := secret_problem(name, value, not_secret)) is not None:
            reference = f"`valueFrom: {{secretKeyRef: {{name: ..., key: {name}}}}}`"
            yield path, Problem(problem.what, f"{problem.fix} Here it can be {reference}.")
    for path, text in _texts(pod, ()):
        if path[:-1] in of_variables:
            continue
        if (problem := text_problem(f"`{'.'.join(path)}`", text)) is not None:
            yield path, problem


def _texts(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, (*path, str(key)))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, (*path, str(index)))


def _ways_out(name: str, source: str, *, exempt: bool) -> str:
    source = source or "{connection: ID, field: password}"
    fix = (
        f"Remove it, and let the run have it from an Airflow connection or variable "
        f"(`airflow_env: {{{name}: {source}}}`), from a key of a Kubernetes Secret (`secret_env: "
        f"{{{name}: {{}}}}`) or, on your machine, from `.env`."
    )
    return f"{fix} If it is not a secret, add `not_secret: [{name}]`." if exempt else fix
