"""Every error of the Airflow side: what went wrong, where, and how to mend it.

Classes say who can recover, and how::

    MeltanoPodsError
    ├── ProjectError           the author mends the project's files, nothing runs until then
    │   └── SettingsError      ... in the annotations under `meltano_pods`
    ├── DeploymentError        whoever runs Airflow mends the deployment: paths, the runner
    ├── ParameterError         whoever started the run starts it again with other parameters
    └── RunError               a run did not succeed (diagnosis/failure.py has its Airflow forms)
        ├── RunFailedError     Airflow retries as the task's settings say
        └── RunRefusedError    a retry cannot mend it: Airflow fails the task at once
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a project's file.

    Attributes:
        file: Path as a person knows it, such as `meltano/csv_to_json/meltano.yml`.
        line: Line, counted from 1; None for the file as a whole.
        key: Dotted key, such as `schedules[0].interval`; empty for the file as a whole.
    """

    file: str
    line: int | None = None
    key: str = ""

    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        key = f", key {self.key}" if self.key else ""
        return f"{self.file}{line}{key}"


class MeltanoPodsError(Exception):
    """The root of all our errors.

    Args:
        what: What is wrong, naming what was found and what is allowed.
        where: File, line and key, or the command or setting concerned.
        fix: What to do about it, as an instruction.

    Attributes:
        others: What was found wrong besides, in the same go.
    """

    def __init__(self, what: str, where: Location | str, fix: str) -> None:
        # All arguments go to Exception, so that the error survives pickling between processes.
        super().__init__(what, where, fix)
        self.what = what
        self.where = where
        self.fix = fix
        self.others: tuple[MeltanoPodsError, ...] = ()

    def __str__(self) -> str:
        own = f"{self.what}\n  where: {self.where}\n  fix: {self.fix}"
        return "\n".join([own, *map(str, self.others)])


_E = TypeVar("_E", bound=MeltanoPodsError)


def together(errors: Sequence[_E]) -> _E:
    """Return the first error, which then shows the others as well: one look mends them all."""
    first, *others = errors
    first.others = tuple(others)
    return first


class ProjectError(MeltanoPodsError):
    """A Meltano project's files are missing or say something that cannot be run."""


class SettingsError(ProjectError):
    """An annotation under `meltano_pods` is unknown or has a value that is not allowed."""


class DeploymentError(MeltanoPodsError):
    """The deployment lacks something that a DAG file or a run needs."""


class ParameterError(MeltanoPodsError):
    """A run was started with a parameter that is not offered or has a value that is not allowed."""


class RunError(MeltanoPodsError):
    """A run did not succeed."""
