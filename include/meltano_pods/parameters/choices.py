"""Applies the parameters of a run to the settings of a task, after validating them again.

Airflow validates parameters with their JSON schema (`form`). But a run may be started without that
check, or before the project changed, so everything is validated here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.secret_rule import describe_secret, is_secret_name
from pydantic import ValidationError

from meltano_pods.errors import ParameterError
from meltano_pods.names import list_names
from meltano_pods.settings.messages import describe_allowed
from meltano_pods.settings.run import RunOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT, ONLY_TASKS = "environment", "only_tasks"
NAMES = (*RunOptions.model_fields, ENVIRONMENT, ONLY_TASKS)
"""All parameters; a DAG offers those that apply to it."""


@dataclass(frozen=True, slots=True)
class RunChoices:
    """The run options of a task, and the parameters that may change them.

    Attributes:
        options: The task's run options.
        offered: The parameters that the DAG offers, with their default values. If it is empty, no
            parameter is read: the DAG is a custom one with its own parameters.
        environments: Meltano environments that a run may choose.
        task_ids: The DAG's tasks, from which a run may choose.
        taps: The DAG's extractors, which a pattern of `select_filter` may name.
        own_taps: The task's extractors.
        own_backfill_state: Whether the runs of a backfill have separate states.
    """

    options: RunOptions = field(default_factory=RunOptions)
    offered: Mapping[str, Any] = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    task_ids: tuple[str, ...] = ()
    taps: tuple[str, ...] = ()
    own_taps: tuple[str, ...] = ()
    own_backfill_state: bool = True

    def apply(self, params: Mapping[str, Any]) -> AppliedChoices:
        """Return the options of a run.

        A parameter with its default value does not change the task's setting.

        Args:
            params: The DAG run's parameters, which may include others.

        Raises:
            ParameterError: A value that is not allowed, or a parameter that is not offered.
        """
        if not self.offered:
            return AppliedChoices(self.options)
        _reject_unknown(params, self.offered)
        changed = {
            name: params[name]
            for name, default in self.offered.items()
            if name in params and params[name] != default
        }
        environment = _check_one_of(ENVIRONMENT, changed.pop(ENVIRONMENT, None), self.environments)
        only = changed.pop(ONLY_TASKS, None)
        if only is not None and not isinstance(only, list | tuple):
            raise _build_error(ONLY_TASKS, only, f"a list of task ids: {list_names(self.task_ids)}")
        for each in only or ():
            _check_one_of(ONLY_TASKS, each, self.task_ids)
        if not changed:
            return AppliedChoices(self.options, environment, frozenset(only or ()))
        try:
            options = RunOptions.model_validate({**self.options.model_dump(), **changed})
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            name = str(detail["loc"][0])
            takes = describe_allowed(detail, RunOptions.model_fields[name]).removeprefix("takes ")
            raise _build_error(name, changed[name], takes) from None
        return AppliedChoices(options, environment, frozenset(only or ()), tuple(sorted(changed)))


@dataclass(frozen=True, slots=True)
class AppliedChoices:
    """The options of a run.

    Attributes:
        options: The task's run options, with the parameters applied.
        environment: The Meltano environment that was chosen; None for the task's own.
        only_tasks: The tasks that were chosen; empty for all.
        changed: Names of the options that parameters changed.
    """

    options: RunOptions
    environment: str | None = None
    only_tasks: frozenset[str] = frozenset()
    changed: tuple[str, ...] = ()

    def skips(self, task_id: str) -> bool:
        """Whether the run skips this task."""
        return bool(self.only_tasks) and task_id not in self.only_tasks


def _check_one_of(name: str, value: object, allowed: tuple[str, ...]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in allowed:
        raise _build_error(name, value, f"one of: {list_names(allowed)}")
    return value


def _reject_unknown(params: Mapping[str, Any], offered: Mapping[str, Any]) -> None:
    """Reject parameters that are not offered or are misspelled, and would be ignored.

    Unrelated parameters are allowed: templates in `env` may use them.
    """
    for name in params:
        if name in offered:
            continue
        if name in NAMES:
            fix = (
                "List it in the setting `allowed_environments` first."
                if name == ENVIRONMENT
                else "Leave it out."
            )
            raise ParameterError(
                f"this DAG does not offer the parameter `{name}`; it offers: {list_names(offered)}",
                f"parameter {name}",
                fix,
            )
        spelt = str(name).lower().replace("-", "_").replace(" ", "_")
        meant = {each.replace("_", ""): each for each in NAMES}.get(spelt.replace("_", ""))
        if meant is not None:
            raise ParameterError(
                f"unknown parameter `{name}`", f"parameter {name}", f"Rename it to `{meant}`."
            )


def _build_error(name: str, value: object, allowed: str) -> ParameterError:
    return ParameterError(
        f"the parameter `{name}` has a value that is not allowed: {_format_value(value)}",
        f"parameter {name}",
        f"What is allowed: {allowed.removesuffix('.')}.",
    )


_SHOWN = 60


def _format_value(value: object) -> str:
    """Return a value for a message, unless it may hold a secret."""
    is_plain = isinstance(value, str | int | float | bool | None)
    if not is_plain or is_secret_name(str(value)) or describe_secret("", str(value)):
        return f"a {type(value).__name__}, not shown"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
