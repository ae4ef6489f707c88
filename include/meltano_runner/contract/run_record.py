"""The record of one run: everything that is known once it has ended.

A launcher builds one record, whichever way the run ended, and every consumer (log, XCom, asset
events, notifications) reads this record alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, ResultError, RunResult

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORD_VERSION = 1


@dataclass(frozen=True, slots=True)
class TaskIdentity:
    """The task that a run belongs to.

    Attributes:
        project: Name of the Meltano project.
        command: The runner's command as typed in a shell.
        task_id: The task.
        dag_id: Its DAG.
        run_id: The DAG run; None for a run that the command line started.
        environment: Meltano environment; None for none.
        map_index: Index of a mapped task; -1 for others.
        try_number: Counted from 1.
        max_tries: How many tries the task has; None if that is not known.
    """

    project: str
    command: str
    task_id: str
    dag_id: str
    run_id: str | None = None
    environment: str | None = None
    map_index: int = -1
    try_number: int = 1
    max_tries: int | None = None


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """A check that did not pass.

    Attributes:
        check: `min_records`, `max_age`, `schema_change`, `missing_records` or `streams`.
        stream: The stream; None for the run as a whole.
        found: What was found; None if that is not known.
        message: A sentence for a person.
    """

    check: str
    stream: str | None
    found: Any
    message: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of all checks of one result.

    Attributes:
        passed: How many passed.
        warned: Those that only warn.
        failed: Those that fail the run.
    """

    passed: int = 0
    warned: tuple[CheckFinding, ...] = ()
    failed: tuple[CheckFinding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the documented JSON form."""
        return {
            "passed": self.passed,
            "warned": [asdict(each) for each in self.warned],
            "failed": [asdict(each) for each in self.failed],
        }


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that a run wrote; an asset in Airflow.

    Attributes:
        uri: Identifies it.
        alias: Name of the Airflow asset alias it is reached by; None for one known beforehand.
        facts: What the run did to it, JSON-compatible.
    """

    uri: str
    alias: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PodReport:
    """What Kubernetes says about a failed run.

    Attributes:
        name: The pod as `namespace/name`; None if it was not created.
        reason: Kubernetes' own reason, verbatim; None if it gave none.
        commands: Commands that show what is left of the run.
    """

    name: str | None = None
    reason: str | None = None
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything that is known about one run once it has ended.

    Attributes:
        task: The task.
        result: What the run did. A failed check makes it a failure.
        started_at: When its launcher started, in ISO 8601; None if that is not known.
        ended_at: When its launcher learned that it had ended, in ISO 8601.
        checks: The outcome of its checks; None if there were none.
        datasets: What it wrote.
        pod: What Kubernetes says; None for a run without a pod and for a success.
    """

    task: TaskIdentity
    result: RunResult
    started_at: str | None
    ended_at: str
    checks: CheckReport | None = None
    datasets: tuple[Dataset, ...] = ()
    pod: PodReport | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the run did its work and no check failed."""
        return self.result.outcome is Outcome.SUCCEEDED

    @property
    def category(self) -> Category | None:
        """Why it did not succeed; None if it did."""
        return None if self.succeeded else self.result.category or Category.UNKNOWN

    @property
    def warnings(self) -> tuple[CheckFinding, ...]:
        """The checks that warned."""
        return () if self.checks is None else self.checks.warned

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "version": RECORD_VERSION,
            "task": asdict(self.task),
            "result": self.result.as_dict(),
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "checks": None if self.checks is None else self.checks.as_dict(),
            "datasets": [asdict(each) for each in self.datasets],
            "pod": None if self.pod is None else asdict(self.pod),
        }

    @classmethod
    def from_dict(cls, data: object) -> RunRecord:
        """Read the JSON form.

        Raises:
            ResultError: It is not the record of a run, or of a version that cannot be read.
        """
        if not isinstance(data, dict) or data.get("version") != RECORD_VERSION:
            raise ResultError(f"not a run record of version {RECORD_VERSION}")
        try:
            checks, pod = data["checks"], data["pod"]
            return cls(
                task=TaskIdentity(**data["task"]),
                result=RunResult.from_dict(data["result"]),
                started_at=data["started_at"],
                ended_at=data["ended_at"],
                checks=None if checks is None else _read_checks(checks),
                datasets=tuple(Dataset(**each) for each in data["datasets"]),
                pod=None if pod is None else _read_pod(pod),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ResultError(f"not a run record: {error}") from error


def _read_checks(data: Mapping[str, Any]) -> CheckReport:
    return CheckReport(
        passed=data["passed"],
        warned=tuple(CheckFinding(**each) for each in data["warned"]),
        failed=tuple(CheckFinding(**each) for each in data["failed"]),
    )


def _read_pod(data: Mapping[str, Any]) -> PodReport:
    return PodReport(data["name"], data["reason"], tuple(data["commands"]))
