"""What differs between two sets of plans, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ADDED, REMOVED, RENAMED, CHANGED = "added", "removed", "renamed", "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; None where one side has none."""

    key: str
    old: Any
    new: Any

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON-compatible data."""
        return {"key": self.key, "old": self.old, "new": self.new}


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A task that differs.

    Attributes:
        task_id: Its id; where it was removed, that it had.
        kind: `added`, `removed` or `changed`.
        command: What it runs, or ran.
        changes: Of the plan.
        pod: Of its pod, beside what follows from the plan's.
        states: Its state ids before and after, where a task that stays gets others.
    """

    task_id: str
    kind: str
    command: str
    changes: tuple[Change, ...] = ()
    pod: tuple[Change, ...] = ()
    states: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the task as JSON-compatible data."""
        return {
            "task_id": self.task_id,
            "kind": self.kind,
            "command": self.command,
            "changes": [each.as_dict() for each in self.changes],
            "pod": [each.as_dict() for each in self.pod],
            "state_ids": None
            if self.states is None
            else {"old": list(self.states[0]), "new": list(self.states[1])},
        }


@dataclass(frozen=True, slots=True)
class DagChange:
    """A DAG that differs.

    Attributes:
        dag_id: Its id; where it was removed, that it had.
        kind: `added`, `removed`, `renamed` or `changed`.
        was: Its id before, where it was renamed.
        changes: Of the DAG as a whole.
        tasks: Those of its tasks that differ.
    """

    dag_id: str
    kind: str
    was: str | None = None
    changes: tuple[Change, ...] = ()
    tasks: tuple[TaskChange, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the DAG as JSON-compatible data."""
        return {
            "dag_id": self.dag_id,
            "kind": self.kind,
            "was": self.was,
            "changes": [each.as_dict() for each in self.changes],
            "tasks": [each.as_dict() for each in self.tasks],
        }


@dataclass(frozen=True, slots=True)
class ProjectChange:
    """A project that differs.

    Attributes:
        project: Its name.
        kind: `added`, `removed` or `changed`.
        files: Whether the files differ that its image has to share with Airflow.
        dags: Those of its DAGs that differ; none where the change is none of theirs.
    """

    project: str
    kind: str
    files: bool
    dags: tuple[DagChange, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the project as JSON-compatible data."""
        return {
            "project": self.project,
            "kind": self.kind,
            "files": self.files,
            "dags": [each.as_dict() for each in self.dags],
        }
