"""The base of both operators: a run of Meltano as an Airflow task."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from meltano_runner.contract.secret_rule import describe_secret

from meltano_pods.errors import ParameterError, SettingsError
from meltano_pods.parameters.choices import RunChoices
from meltano_pods.parameters.command import InvocationContext, build_invocation
from meltano_pods.parameters.interval import DagRunFacts
from meltano_pods.results import build_reporting
from meltano_pods.settings.secret_check import find_secret_in_text
from meltano_pods.tasks.arguments import build_airflow_arguments, merge_arguments
from meltano_pods.tasks.mapping import InvalidTaskError, build_partial, plan_partial, read_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

    from meltano_pods.parameters.command import Invocation
    from meltano_pods.results import Reporting
    from meltano_pods.settings.types.env import AirflowSource
    from meltano_pods.tasks.mapping import MeltanoPartial
    from meltano_pods.tasks.planned_task import PlannedTask


class InvalidParameterError(ParameterError, AirflowFailException):
    """A parameter of the run is not allowed. Airflow does not retry."""


class MeltanoOperator(BaseOperator):
    """Base of both operators.

    Args:
        task: The task.
        state_id_suffix: Suffix of its runs' state id.
        choices: What a person may choose for a run; None for nothing.
        **kwargs: Those of Airflow's operator, which win over settings.

    Attributes:
        starts_pod: Whether its runs are pods.
        arguments: What follows `meltano-runner`; rendered by Airflow, as `env` and the suffix.
        environment: Meltano environment; None leaves the choice to Meltano.
        env: The run's environment variables.
        airflow_env: Further ones, which Airflow's connections and variables fill.
        not_secret: Those that hold no secret, whatever they look like.
        state_id_suffix: Suffix of the run's state id; None for none.
        reporting: What is done with its result.
        choices: What a person may choose for a run.

    Raises:
        SettingsError: The suffix is a template that reads a secret.
    """

    starts_pod: ClassVar[bool]
    template_fields: Sequence[str] = ("arguments", "env", "state_id_suffix")

    arguments: list[str]
    environment: str | None
    env: dict[str, Any]
    airflow_env: Mapping[str, AirflowSource]
    not_secret: tuple[str, ...]
    state_id_suffix: str | None
    reporting: Reporting
    choices: RunChoices

    def __init__(
        self,
        *,
        task: PlannedTask,
        state_id_suffix: str | None,
        choices: RunChoices | None,
        **kwargs: Any,  # noqa: ANN401 - Airflow's
    ) -> None:
        plan, settings, project = task.plan, task.plan.settings, task.project.name
        defaults = build_airflow_arguments(plan, project, starts_pod=self.starts_pod)
        super().__init__(**merge_arguments(defaults, kwargs))
        self.arguments = list(plan.arguments)
        self.environment = plan.environment
        self.env = {**plan.env, **task.xcom_env}
        self.airflow_env = settings.airflow_env
        self.not_secret = settings.not_secret
        if isinstance(state_id_suffix, str) and (
            problem := find_secret_in_text("`state_id_suffix`", state_id_suffix)
        ):
            raise SettingsError(problem.what, f"task {self.task_id}", problem.fix)
        self.state_id_suffix = state_id_suffix
        self.reporting = build_reporting(plan, project)
        self.choices = replace(
            choices or RunChoices(taps=plan.taps),
            options=settings.run_options,
            own_taps=plan.taps,
            own_backfill_state=settings.backfill_state == "own",
        )

    @classmethod
    def partial(cls, **kwargs: Any) -> MeltanoPartial:  # noqa: ANN401 - as Airflow's
        """Return the operator to map, with the arguments from settings.

        Raises:
            DeploymentError: There is no such project, or the deployment's settings are wrong.
            ProjectError: The command cannot be run.
        """
        return build_partial(cls, plan_partial(kwargs), kwargs, starts_pod=cls.starts_pod)

    def list_pod_commands(self, ti: RuntimeTaskInstanceProtocol) -> list[str]:  # noqa: ARG002
        """Return the commands that find the pods of a task instance, even if its worker died."""
        return []

    def build_run_invocation(self, context: Context) -> Invocation:
        """Return the command for the runner, from the task's settings and the run's parameters.

        Args:
            context: Airflow's.

        Raises:
            InvalidParameterError: A parameter that is not allowed.
            InvalidTaskError: A suffix of a mapped task that is not allowed, or a template or
                another task returned a secret.
            AirflowSkipException: The run skips this task.
        """
        self._check_rendered()
        suffix = read_suffix(self, context)
        facts = DagRunFacts.from_context(context)
        try:
            invocation = self._apply_parameters(context.get("params") or {}, facts, suffix)
        except ParameterError as error:
            raise InvalidParameterError(error.what, error.where, error.fix) from None
        return replace(invocation, env={**facts.to_variables(), **invocation.env})

    def build_default_invocation(self) -> Invocation:
        """Return the command for the runner in a run without parameters.

        Raises:
            ParameterError: Options that this task cannot run with.
        """
        options, suffix = self.choices.options, self.state_id_suffix
        if suffix is not None:
            options = options.model_copy(update={"state_id_suffix": suffix})
        at = InvocationContext(self.environment, taps=self.choices.own_taps)
        return build_invocation(self.arguments, options, at)

    def _apply_parameters(
        self, params: Mapping[str, Any], facts: DagRunFacts, suffix: str | None
    ) -> Invocation:
        choices = self.choices
        chosen = choices.apply(params)
        if chosen.skips(facts.task_id):
            names = ", ".join(sorted(chosen.only_tasks))
            raise AirflowSkipException(f"this run runs only: {names} (`only_tasks`)")
        options, environment = chosen.options, self.environment
        if suffix is not None:
            options = options.model_copy(update={"state_id_suffix": suffix})
        at = InvocationContext(
            environment=environment,
            other_environment=None if chosen.environment == environment else chosen.environment,
            backfill_suffix=facts.get_backfill_suffix() if choices.own_backfill_state else None,
            taps=choices.own_taps,
            other_taps=choices.taps,
        )
        return build_invocation(self.arguments, options, at)

    def _check_rendered(self) -> None:
        """Reject a rendered value that is a secret, which would be in a pod's manifest."""
        values = [(name, name, value) for name, value in self.env.items()]
        values += [("an argument of the command", "", value) for value in self.arguments]
        for where, name, value in values:
            if (held := describe_secret(name, str(value), self.not_secret)) is not None:
                raise InvalidTaskError(
                    f"{where} {held}, and Airflow and Kubernetes show it",
                    f"task {self.task_id}, a template or what another task returned",
                    "Pass it with `secret_env` or `airflow_env` in the settings; if it is not a "
                    f"secret, add `not_secret: [{name or 'NAME'}]` there.",
                )
