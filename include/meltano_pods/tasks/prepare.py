"""What both operators do at the start of a task: Airflow's context in, what to run out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from meltano_runner.contract.secret_rule import describe_secret

from meltano_pods.errors import ParameterError
from meltano_pods.parameters.command import InvocationContext, build_invocation
from meltano_pods.parameters.interval import DagRunFacts
from meltano_pods.tasks.mapping import TaskRefusedError, suffix_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from meltano_pods.parameters.command import Invocation
    from meltano_pods.tasks.operator import MeltanoOperator


class ParameterRefusedError(ParameterError, AirflowFailException):
    """The same for Airflow: no retry can fix it."""


def prepare(operator: MeltanoOperator, context: Context) -> Invocation:
    """Return the command for the runner from the task's settings and the run's parameters.

    Args:
        operator: The task.
        context: Airflow's.

    Raises:
        ParameterRefusedError: A parameter that is not allowed.
        TaskRefusedError: A suffix of a mapped task that is not allowed, or a template or another
            task yielded a secret.
        AirflowSkipException: The run leaves this task out.
    """
    _check_rendered(operator)
    facts, choices = DagRunFacts.from_context(context), operator.choices
    own = suffix_of(operator, context)
    try:
        chosen = choices.apply(context.get("params") or {})
        if chosen.skips(facts.task_id):
            names = ", ".join(sorted(chosen.only_tasks))
            raise AirflowSkipException(f"this run is to run only: {names} (`only_tasks`)")
        environment = operator.environment
        at = InvocationContext(
            environment=environment,
            other_environment=None if chosen.environment == environment else chosen.environment,
            backfill_suffix=facts.get_backfill_suffix() if choices.own_backfill_state else None,
            taps=choices.own_taps,
            other_taps=choices.taps,
        )
        options = chosen.options
        if own is not None:
            options = options.model_copy(update={"state_id_suffix": own})
        told = build_invocation(operator.arguments, options, at)
    except ParameterError as error:
        raise ParameterRefusedError(error.what, error.where, error.fix) from None
    return replace(told, env={**facts.to_variables(), **told.env})


def _check_rendered(operator: MeltanoOperator) -> None:
    """Reject a rendered value that is a secret, which would be in a pod's manifest."""
    values = [(name, name, value) for name, value in operator.env.items()]
    values += [("an argument of the command", "", value) for value in operator.arguments]
    for where, name, value in values:
        if (held := describe_secret(name, str(value), operator.not_secret)) is not None:
            raise TaskRefusedError(
                f"{where} {held}, and Airflow and Kubernetes show it",
                f"task {operator.task_id}, of a template or of what another task returned",
                "Let the run have it by `secret_env` or `airflow_env`, in the settings; if it is "
                f"not a secret, add `not_secret: [{name or 'NAME'}]` there.",
            )
