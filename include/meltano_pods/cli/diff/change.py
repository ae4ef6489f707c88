"""The differences between two sets of plans, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ADDED, REMOVED, RENAMED, CHANGED = "added", "removed", "renamed", "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; None if one side has none."""

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
        task_id: Its id, even if it was removed.
        kind: `added`, `removed` or `changed`.
        command: The command that it runs, or ran.
        changes: Differences in the plan.
        pod: Differences in its pod that do not follow from the plan.
        states: Its state ids before and after; None if they are the same.
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
        dag_id: Its id, even if it was removed.
        kind: `added`, `removed`, `renamed` or `changed`.
        was: Its previous id, if it was renamed.
        changes: Differences of the DAG as a whole.
        tasks: Its tasks that differ.
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
        files: Whether the files of its digest differ, which must be the same in the image.
        dags: Its DAGs that differ; may be empty.
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
