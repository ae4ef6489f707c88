"""Every error of the Airflow side: what went wrong, where, and how to fix it.

Classes say who can recover, and how::

    MeltanoPodsError
    ├── ProjectError           the author fixes the project's files; what uses the entry cannot run
    │   ├── ProjectFileError   ... and nothing of the project can be read until then
    │   ├── ProjectLoadError   ... and nothing else either, for Meltano cannot load the project
    │   └── SettingsError      ... in the annotations under `meltano_pods`
    ├── DeploymentError        to fix in the deployment: paths, the runner
    ├── ParameterError         to fix with other parameters for the run
    └── RunError               a run did not succeed (diagnosis/failure.py has its Airflow forms)
        ├── RunFailedError        Airflow retries as the task's settings say
        └── NonRetryableRunError  a retry cannot fix it: Airflow fails the task immediately
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType


class Location(NamedTuple):
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


def combine_errors(errors: Sequence[_E]) -> _E:
    """Return an error that is the first of several and shows the others as well."""
    first = copy.copy(errors[0])
    first.others = tuple(errors[1:])
    return first


def split_errors(error: _E) -> list[_E]:
    """Return an error and those that were found together with it, each alone."""
    first = copy.copy(error)
    first.others = ()
    return [first, *error.others]  # type: ignore[list-item]


def deduplicate(errors: Iterable[_E]) -> list[_E]:
    """Return errors without those that say the same of the same place."""
    return list({(each.what, str(each.where)): each for each in errors}.values())


class ProjectError(MeltanoPodsError):
    """A Meltano project's files are missing or say something that cannot be run."""


class ProjectFileError(ProjectError):
    """A file that cannot be read to its end."""


class ProjectLoadError(ProjectError):
    """An entry because of which Meltano itself cannot load the project, for any command."""


class SettingsError(ProjectError):
    """An annotation under `meltano_pods` is unknown or has a value that is not allowed."""


class DeploymentError(MeltanoPodsError):
    """The deployment lacks something that a DAG file or a run needs."""


class ParameterError(MeltanoPodsError):
    """A run was started with a parameter that is not offered or has a value that is not allowed."""


class RunError(MeltanoPodsError):
    """A run did not succeed."""


class Errors:
    """Collects the errors of parts that are read independently of each other.

    As a context manager it keeps the `ProjectError` that ends its block, and the code after the
    block goes on::

        errors = Errors()
        with errors:
            name = read_name(node)
        with errors:
            interval = read_interval(node)

    Attributes:
        found: What was collected so far.
    """

    __slots__ = ("found",)

    def __init__(self, found: Iterable[ProjectError] = ()) -> None:
        self.found = list(found)

    def __enter__(self) -> None:
        """Begin a part."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """End a part, and keep its error if there is one."""
        if not isinstance(error, ProjectError) or isinstance(error, ProjectFileError):
            return False
        self.found += split_errors(error)
        return True

    def check(self) -> None:
        """Raise what was collected, if anything.

        Raises:
            ProjectError: The first error, together with the others.
        """
        if self.found:
            raise combine_errors(self.found)
