"""Maps a task over tenants with `partial(...).expand(...)`: a run and a state for each.

Meltano's state id does not contain the tenant, so each item needs a separate suffix: without one,
all of them would share one bookmark, and rows would be lost.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/dynamic-task-mapping.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.operator import get_merged_defaults
from airflow.sdk.bases.operator import partial as airflow_partial
from airflow.sdk.definitions._internal.contextmanager import DagContext, TaskGroupContext
from airflow.sdk.definitions.mappedoperator import MappedOperator, OperatorPartial
from airflow.sdk.exceptions import AirflowFailException

from meltano_pods.errors import ProjectError
from meltano_pods.names import list_names
from meltano_pods.settings.types import run_options
from meltano_pods.tasks.arguments import build_airflow_arguments, merge_assets
from meltano_pods.tasks.planned_task import COMMAND_ARGUMENTS, plan_task

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context

    from meltano_pods.tasks.planned_task import PlannedTask

SUFFIX = "state_id_suffix"
_MAPPABLE = (SUFFIX, "env", "environment", "full_refresh")
_PAIRS = (
    'Give each tenant an entry: .expand_kwargs([{"state_id_suffix": "north", "env": {...}}, ...]).'
)


class InvalidTaskError(ProjectError, AirflowFailException):
    """A rendered task cannot run. Airflow does not retry."""


class MeltanoPartial(OperatorPartial):
    """What `partial` returns: `expand` and `expand_kwargs` make the mapped task."""

    def expand(self, **mapped_kwargs: Any) -> MappedOperator:  # noqa: ANN401 - as Airflow's
        """Map over suffixes, and nothing else.

        Raises:
            ProjectError: No suffixes, two that are equal, or other arguments: Airflow would
                run every combination.
        """
        self._expand_called = True  # otherwise Airflow also warns that the task is not mapped
        self._check_keys(mapped_kwargs)
        if others := mapped_kwargs.keys() - {SUFFIX}:
            raise self._build_error(
                f"`expand` maps over {list_names(others)} in addition to "
                f"`{SUFFIX}`: Airflow would run "
                "every combination, and several of them would share a state",
                _PAIRS,
            )
        self._check_suffixes(mapped_kwargs[SUFFIX])
        return super().expand(**mapped_kwargs)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> MappedOperator:  # noqa: ANN401
        """Map over items with a suffix each, and other differences.

        Raises:
            ProjectError: An item without a suffix, or two that are equal.
        """
        self._expand_called = True
        if isinstance(kwargs, Sequence):
            items = [each for each in kwargs if isinstance(each, Mapping)]
            for item in items:
                self._check_keys(item)
            self._check_suffixes([item[SUFFIX] for item in items])
        return super().expand_kwargs(kwargs, strict=strict)

    def _check_keys(self, item: Mapping[str, Any]) -> None:
        if SUFFIX in self.kwargs:
            raise self._build_error(
                f"`{SUFFIX}` is the same for all items of the mapped task, so they would share "
                "one state",
                f"Remove it from `partial`. {_PAIRS}",
            )
        if SUFFIX not in item:
            raise self._build_error(
                f"the items of the mapped task have no `{SUFFIX}`, so they would share one state",
                _PAIRS,
            )
        if unknown := [key for key in item if key not in _MAPPABLE]:
            raise self._build_error(
                f"{list_names(f'`{key}`' for key in unknown)} cannot differ between items; "
                f"what can: {list_names(_MAPPABLE)}",
                "Set it in `partial`, or create a separate task.",
            )

    def _check_suffixes(self, suffixes: object) -> None:
        if not isinstance(suffixes, Sequence | Mapping):
            return  # another task returns them
        for suffix in suffixes:
            if not _is_template(suffix):
                check_suffix(suffix, self._where)
        if duplicates := _find_duplicates(suffixes):
            shown = list_names(f"`{each}`" for each in duplicates)
            raise self._build_error(
                f"`{SUFFIX}` is {shown} for more than one item, so they would share one state",
                "Give each item a different suffix.",
            )

    def _build_error(self, what: str, fix: str) -> ProjectError:
        return ProjectError(what, self._where, fix)

    @property
    def _where(self) -> str:
        return f"task {self.kwargs['task_id']}"


def plan_partial(kwargs: Mapping[str, Any]) -> PlannedTask:
    """Return the task that an operator's `partial` describes.

    Args:
        kwargs: The arguments of `partial`.

    Raises:
        DeploymentError: There is no such project, or the deployment's settings are wrong.
        ProjectError: The command cannot be run.
    """
    arguments = merge_default_args(kwargs)
    command = {key: arguments[key] for key in COMMAND_ARGUMENTS if key in arguments}
    return plan_task(
        arguments["project"],
        arguments["run"],
        task_id=arguments["task_id"],
        dag=arguments["dag"],
        **command,
    )


def build_partial(
    operator_class: type[BaseOperator],
    task: PlannedTask,
    kwargs: Mapping[str, Any],
    *,
    starts_pod: bool,
) -> MeltanoPartial:
    """Return an operator to map, as Airflow's own `partial`, with the arguments from settings.

    The scheduler reads retries, pool and the like of a mapped task before there is any operator.

    Args:
        operator_class: The operator.
        task: The task; only its settings count, because each item plans its own.
        kwargs: The arguments of `partial`.
        starts_pod: Whether the operator's runs are pods.
    """
    known = airflow_partial(operator_class, **kwargs)
    known._expand_called = True  # noqa: SLF001 - `expand` of the returned one will be called
    ours = build_airflow_arguments(task.plan, task.project.name, starts_pod=starts_pod)
    ours["map_index_template"] = f"{{{{ task.{SUFFIX} }}}}"
    explicit = merge_default_args(kwargs)
    parts = known.kwargs
    parts.update({key: value for key, value in ours.items() if key not in explicit})
    parts.update(merge_assets(ours, kwargs))
    return MeltanoPartial(operator_class=operator_class, kwargs=parts, params=known.params)


def merge_default_args(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return an operator's arguments with `default_args` of its DAG, groups and itself, and `dag`.

    Airflow merges them like this when it creates an operator: too late to choose its class.
    """
    dag = kwargs.get("dag") or DagContext.get_current()
    group = kwargs.get("task_group") or TaskGroupContext.get_current(dag)
    defaults, _ = get_merged_defaults(dag, group, None, kwargs.get("default_args"))
    return {**defaults, **kwargs, "dag": dag}


def check_suffix(suffix: object, where: str) -> str:
    """Return a suffix that can be part of a state id.

    Raises:
        InvalidTaskError: It cannot.
    """
    if isinstance(suffix, str) and re.search(run_options.SUFFIX, suffix):
        return suffix
    raise InvalidTaskError(
        f"`{SUFFIX}` is {suffix!r}; it takes {run_options.SUFFIX_RULE}",
        where,
        "Use such a suffix for the tenant, for example `north`.",
    )


def read_suffix(operator: Any, context: Context) -> str | None:  # noqa: ANN401 - either operator
    """Return the suffix of a rendered task; None if it has none.

    Raises:
        InvalidTaskError: A mapped task has none, or another item has the same.
    """
    where = f"task {operator.task_id}"
    index = context["ti"].map_index
    is_mapped = index is not None and index >= 0
    suffix = operator.state_id_suffix
    if suffix is None:
        if is_mapped:
            raise InvalidTaskError(
                f"item {index} of the mapped task has no `{SUFFIX}`, so it would share its state "
                "with others",
                where,
                "Give each item a different suffix, such as the tenant's name.",
            )
        return None
    check_suffix(suffix, where)
    if is_mapped and suffix in _find_duplicates(_list_suffixes(operator, context)):
        raise InvalidTaskError(
            f"`{SUFFIX}` is `{suffix}` for more than one item of the mapped task, so they would "
            "share one state",
            where,
            "Let the task that returns the items give each a different suffix.",
        )
    return str(suffix)


def _list_suffixes(operator: BaseOperator, context: Context) -> list[object]:
    """Return the suffixes of all items; none if the task itself is not mapped."""
    dag = operator.get_dag()
    mapped = None if dag is None else dag.get_task(operator.task_id)
    if not isinstance(mapped, MappedOperator):
        return []
    items = mapped.expand_input.value
    found = _resolve(items.get(SUFFIX) if isinstance(items, dict) else items, context)
    if not isinstance(found, Iterable):
        return []
    suffixes = [_resolve(item, context) for item in found]
    return [each.get(SUFFIX) if isinstance(each, Mapping) else each for each in suffixes]


def _resolve(value: Any, context: Context) -> Any:  # noqa: ANN401 - what a task returned
    return value.resolve(context) if hasattr(value, "resolve") else value


def _find_duplicates(suffixes: Iterable[object]) -> list[str]:
    counted = Counter(each for each in suffixes if isinstance(each, str) and not _is_template(each))
    return [suffix for suffix, count in counted.items() if count > 1]


def _is_template(value: object) -> bool:
    return not isinstance(value, str) or "{{" in value or "{%" in value
