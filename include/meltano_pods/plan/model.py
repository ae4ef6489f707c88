"""The plan of a project: DAGs, their tasks, and the settings of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_pods.parameters.command import Invocation, InvocationContext, build_invocation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meltano_pods.errors import Location, ProjectError
    from meltano_pods.settings import Settings
    from meltano_pods.settings.layers import Layer


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One Airflow task: one invocation of the runner.

    Attributes:
        task_id: Built from what the task runs, never from its position.
        arguments: Arguments of `meltano-runner`, without the options that a run can choose.
        environment: Meltano environment; None for none.
        env: Environment variables of the run: the settings', then the schedule's.
        settings: Merged settings of this task.
        upstream: Ids of its upstream tasks.
        state_ids: Meltano's own ids of the states that it reads and writes.
        pool: Airflow pool whose slots it uses; None for the default one.
        pipelines: Names of the extractor and the loader of each pipeline.
        utilities: Names of the utilities and transformers whose commands it runs.
        reads: Pipelines of the tasks before it in the DAG, whose data its utilities may read.
        state_folder: The place that sets a folder for the state, if no setting confirms that it
            outlives a pod.
        layers: The layers that its settings were merged from, in the order of precedence.
    """

    task_id: str
    arguments: tuple[str, ...]
    environment: str | None
    env: Mapping[str, str]
    settings: Settings
    upstream: tuple[str, ...] = ()
    state_ids: tuple[str, ...] = ()
    pool: str | None = None
    pipelines: tuple[tuple[str, str], ...] = ()
    utilities: tuple[str, ...] = ()
    reads: tuple[tuple[str, str], ...] = ()
    state_folder: Location | None = None
    layers: tuple[Layer, ...] = field(default=(), compare=False, repr=False)

    @property
    def taps(self) -> tuple[str, ...]:
        """The names of its extractors."""
        return tuple(dict.fromkeys(extractor for extractor, _ in self.pipelines))

    def build_invocation(self) -> Invocation:
        """Return the command for the runner in a run without parameters.

        Raises:
            ParameterError: Options that do not apply to this task.
        """
        at = InvocationContext(self.environment, taps=self.taps)
        return build_invocation(self.arguments, self.settings, at)

    def as_dict(self) -> dict[str, Any]:
        """Return the task as JSON-compatible data."""
        return {
            "task_id": self.task_id,
            "arguments": list(self.arguments),
            "upstream": list(self.upstream),
            "environment": self.environment,
            "state_ids": list(self.state_ids),
            "pool": self.pool,
            "pipelines": [list(pair) for pair in self.pipelines],
            "utilities": list(self.utilities),
            "reads": [list(pair) for pair in self.reads],
            "env": dict(self.env),
            "settings": self.settings.model_dump(mode="json"),
        }


@dataclass(frozen=True, slots=True)
class DagPlan:
    """One Airflow DAG that can run: a schedule, or a job that no schedule names.

    Attributes:
        dag_id: `<project>.<schedule>` or `<project>.job.<job>`.
        schedule: A cron expression, `@once`, or None for manual runs only.
        description: One line, for lists of DAGs.
        doc: Markdown that Airflow shows with the DAG.
        tags: Project, extractors, loaders, and those of the settings.
        settings: Merged settings of the DAG as a whole.
        tasks: In the order of the job, which may differ from that of execution.
        where: Place of the schedule or job.
    """

    dag_id: str
    schedule: str | None
    description: str
    doc: str
    tags: tuple[str, ...]
    settings: Settings
    tasks: tuple[TaskPlan, ...]
    where: Location

    @property
    def is_chain(self) -> bool:
        """Whether each task depends exactly on the one before it."""
        before = [(), *((task.task_id,) for task in self.tasks)]
        return all(task.upstream == one for task, one in zip(self.tasks, before, strict=False))

    def find_leaves(self) -> tuple[str, ...]:
        """Return the ids of the tasks without downstream tasks."""
        followed = {task_id for task in self.tasks for task_id in task.upstream}
        return tuple(task.task_id for task in self.tasks if task.task_id not in followed)

    def as_dict(self) -> dict[str, Any]:
        """Return the DAG as JSON-compatible data."""
        return {
            "dag_id": self.dag_id,
            "schedule": self.schedule,
            "description": self.description,
            "doc": self.doc,
            "where": str(self.where),
            "tags": list(self.tags),
            "settings": self.settings.model_dump(mode="json"),
            "tasks": [task.as_dict() for task in self.tasks],
        }


@dataclass(frozen=True, slots=True)
class BrokenDag:
    """A DAG that cannot run because of errors: Airflow shows it, and its runs fail with them.

    Attributes:
        dag_id: As for a DAG that can run; without a name, it is built from its place.
        schedule: A cron expression, `@once`, or None, as far as it can be read.
        description: One line, for lists of DAGs.
        doc: Markdown that Airflow shows with the DAG.
        tags: The project, `broken`, and those of the settings.
        settings: The settings, as far as they can be read.
        where: Place of the schedule or job.
        errors: Its errors, at least one.
    """

    dag_id: str
    schedule: str | None
    description: str
    doc: str
    tags: tuple[str, ...]
    settings: Settings
    where: Location
    errors: tuple[ProjectError, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the DAG as JSON-compatible data."""
        return {
            "dag_id": self.dag_id,
            "schedule": self.schedule,
            "where": str(self.where),
            "tags": list(self.tags),
            "errors": [
                {"what": each.what, "where": str(each.where), "fix": each.fix}
                for each in self.errors
            ],
        }


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """All DAGs of a project, in the order of meltano.yml: schedules first, then jobs.

    Attributes:
        project: The project's name.
        digest: Digest of the files that the plan was built from.
        dags: Its DAGs that can run.
        broken: Its DAGs that cannot.
        errors: All errors in the project, each once, including those of unused entries.
        warnings: Possible mistakes and risks.
    """

    project: str
    digest: str
    dags: tuple[DagPlan, ...]
    broken: tuple[BrokenDag, ...] = ()
    errors: tuple[ProjectError, ...] = ()
    warnings: tuple[ProjectError, ...] = ()

    @property
    def tasks(self) -> Iterator[TaskPlan]:
        """The tasks of all its DAGs that can run."""
        return (task for dag in self.dags for task in dag.tasks)

    def list_dag_ids(self) -> list[str]:
        """Return the ids of its DAGs, broken ones last."""
        return [*(dag.dag_id for dag in self.dags), *(dag.dag_id for dag in self.broken)]

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-compatible data."""
        return {
            "project": self.project,
            "digest": self.digest,
            "dags": [dag.as_dict() for dag in self.dags],
            "broken": [dag.as_dict() for dag in self.broken],
        }
