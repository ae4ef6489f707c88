"""Overrides the settings of a task with the parameters of a run, after validating them again.

Airflow checks the parameters of a run by their JSON schema (`form`). A person may have started the
run by other ways, or before the project changed, so nothing is used here unchecked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_runner.contract import describe_secret, is_secret_name
from pydantic import ValidationError

from meltano_pods.errors import ParameterError
from meltano_pods.names import listed
from meltano_pods.settings.messages import allowed
from meltano_pods.settings.run import RunOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT, ONLY_TASKS = "environment", "only_tasks"
NAMES = (*RunOptions.model_fields, ENVIRONMENT, ONLY_TASKS)
"""Every parameter there is; a DAG offers those that make sense for it."""


@dataclass(frozen=True, slots=True)
class RunChoices:
    """What a task does by its settings, and what a person may choose instead.

    Attributes:
        options: The task's own.
        offered: The parameters that the DAG offers, with the values its form begins with. None are
            read where it is empty: the DAG's parameters are then somebody else's.
        environments: Meltano environments that a run may choose.
        task_ids: The DAG's tasks, which a run may choose from.
        taps: The DAG's extractors, which a pattern of `select_filter` may name.
        own_taps: The task's.
        own_backfill_state: Whether the runs of a backfill have a state of their own.
    """

    options: RunOptions = field(default_factory=RunOptions)
    offered: Mapping[str, Any] = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    task_ids: tuple[str, ...] = ()
    taps: tuple[str, ...] = ()
    own_taps: tuple[str, ...] = ()
    own_backfill_state: bool = True

    def chosen(self, params: Mapping[str, Any]) -> Chosen:
        """Return what holds for a run.

        A parameter with the value that the form began with leaves each task its own setting.

        Args:
            params: The DAG run's parameters, those that are not ours among them.

        Raises:
            ParameterError: A value that is not allowed, or a parameter that is not offered.
        """
        if not self.offered:
            return Chosen(self.options)
        _refuse_unknown(params, self.offered)
        changed = {
            name: params[name]
            for name, begun in self.offered.items()
            if name in params and params[name] != begun
        }
        environment = _one_of(ENVIRONMENT, changed.pop(ENVIRONMENT, None), self.environments)
        only = changed.pop(ONLY_TASKS, None)
        if only is not None and not isinstance(only, list | tuple):
            raise _refused(ONLY_TASKS, only, f"a list of task ids: {listed(self.task_ids)}")
        for each in only or ():
            _one_of(ONLY_TASKS, each, self.task_ids)
        if not changed:
            return Chosen(self.options, environment, frozenset(only or ()))
        try:
            options = RunOptions.model_validate({**self.options.model_dump(), **changed})
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            name = str(detail["loc"][0])
            takes = allowed(detail, RunOptions.model_fields[name]).removeprefix("takes ")
            raise _refused(name, changed[name], takes) from None
        return Chosen(options, environment, frozenset(only or ()), tuple(sorted(changed)))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What holds for a run.

    Attributes:
        options: The task's own, with what was chosen.
        environment: The Meltano environment that was chosen; None for the task's own.
        only_tasks: The tasks that were chosen; empty for all.
        changed: Names of the options that were chosen.
    """

    options: RunOptions
    environment: str | None = None
    only_tasks: frozenset[str] = frozenset()
    changed: tuple[str, ...] = ()

    def skips(self, task_id: str) -> bool:
        """Whether the run leaves this task out."""
        return bool(self.only_tasks) and task_id not in self.only_tasks


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in allowed:
        raise _refused(name, value, f"one of: {listed(allowed)}")
    return value


def _refuse_unknown(params: Mapping[str, Any], offered: Mapping[str, Any]) -> None:
    """Reject parameters that would be ignored although somebody relies on them.

    Others than ours and what looks like ours are left alone: templates in `env` may use them.
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
                f"this DAG does not offer the parameter `{name}`; it offers: {listed(offered)}",
                f"parameter {name}",
                fix,
            )
        spelt = str(name).lower().replace("-", "_").replace(" ", "_")
        meant = {each.replace("_", ""): each for each in NAMES}.get(spelt.replace("_", ""))
        if meant is not None:
            raise ParameterError(
                f"unknown parameter `{name}`", f"parameter {name}", f"Call it `{meant}`."
            )


def _refused(name: str, value: object, allowed: str) -> ParameterError:
    return ParameterError(
        f"the parameter `{name}` has a value that is not allowed: {_shown(value)}",
        f"parameter {name}",
        f"What is allowed: {allowed.removesuffix('.')}.",
    )


_SHOWN = 60


def _shown(value: object) -> str:
    """Return a value for people to read; not one in which a secret may stand."""
    is_plain = isinstance(value, str | int | float | bool | None)
    if not is_plain or is_secret_name(str(value)) or describe_secret("", str(value)):
        return f"a {type(value).__name__}, not shown"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
