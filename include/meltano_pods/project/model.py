"""A Meltano project as values: what it defines and where each thing stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectLoadError, distinct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from meltano_pods.errors import Location, ProjectError
    from meltano_pods.settings.layers import Layer


class PluginType(StrEnum):
    """The plugin types of Meltano 4.4, in the order in which it looks a block's name up."""

    EXTRACTORS = "extractors"
    LOADERS = "loaders"
    TRANSFORMS = "transforms"
    ORCHESTRATORS = "orchestrators"
    TRANSFORMERS = "transformers"
    FILES = "files"
    UTILITIES = "utilities"
    MAPPERS = "mappers"
    MAPPINGS = "mappings"


class Transform(StrEnum):
    """What a schedule of an extractor and a loader does about its transformer."""

    SKIP = "skip"
    RUN = "run"
    ONLY = "only"


TRANSFORMER = "dbt"
"""The transformer that such schedules run."""


@dataclass(frozen=True, slots=True)
class MeltanoSetting:
    """A setting of Meltano's own, or one of its variables, as written; it may hold a secret."""

    text: str = field(repr=False)
    where: Location


@dataclass(frozen=True, slots=True)
class DefaultEnvironment:
    """The environment that Meltano takes where none is named to it.

    Attributes:
        name: Its name, references to variables replaced.
        where: What names it.
        unset: Variables that it refers to and that are not set here.
        text: As written, where it refers to variables.
    """

    name: str
    where: Location
    unset: tuple[str, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """A Meltano environment; its own configuration is not read.

    Attributes:
        name: Its name.
        where: Place of its entry.
        annotations: Its own.
        state_id_suffix: What its state ids end with, as written; None for nothing.
        plugins: Annotations that it gives plugins under `config`, by type and name.
        errors: What is wrong with the entry; nothing that uses it can run.
        warnings: What Meltano does not read in it.
    """

    name: str
    where: Location
    annotations: Layer
    state_id_suffix: str | None = None
    plugins: Mapping[tuple[PluginType, str], Layer] = field(default_factory=dict)
    errors: tuple[ProjectError, ...] = ()
    warnings: tuple[ProjectError, ...] = ()


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin; its configuration is not read.

    Attributes:
        name: What blocks call it.
        type: Where it stands under `plugins`.
        inherit_from: As written; None where it is the plugin's own name.
        parent: The plugin of this project that it extends, if any: with a `variant` of its own it
            extends what Meltano Hub or a lock file says.
        variant: As written.
        custom: Whether its whole definition stands here, by its `namespace`.
        commands: Names of its own commands.
        mappings: Names of a mapper's mappings, which blocks call instead of the mapper.
        where: Place of its entry.
        annotations: Its own; those of the plugin it extends are not included.
        errors: What is wrong with the entry; nothing that uses it can run.
    """

    name: str
    type: PluginType
    inherit_from: str | None
    parent: str | None
    variant: str | None
    custom: bool
    commands: tuple[str, ...]
    mappings: tuple[str, ...]
    where: Location
    annotations: Layer
    errors: tuple[ProjectError, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a job: blocks that run in one invocation: `tap-a`, `target-b`, `dbt:run`."""

    blocks: tuple[str, ...]
    where: Location


@dataclass(frozen=True, slots=True)
class Job:
    """A Meltano job: tasks that run one after another.

    Attributes:
        name: Its name; its place where it has none.
        tasks: Those that could be read.
        where: Place of its entry.
        annotations: Its own.
        errors: What is wrong with the entry; neither it nor its schedules can run.
    """

    name: str
    tasks: tuple[Task, ...]
    where: Location
    annotations: Layer
    errors: tuple[ProjectError, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A Meltano schedule, of a job or of an extractor and a loader.

    Attributes:
        name: Its name, its place where it has none; for extractor and loader also Meltano's state
            id.
        interval: A cron expression or alias as written; None for none.
        job: Name of the job, or None for an extractor and a loader.
        extractor: Name of the extractor, where there is no job.
        loader: Name of the loader, where there is no job.
        transform: Whether an extractor and a loader are followed by a transformer (`run`), or it
            runs alone (`only`), or not (`skip`).
        start_date: As written.
        start_date_where: Its place, where there is one.
        env: Environment variables of its runs.
        env_places: Place of each of them.
        where: Place of its entry.
        annotations: Its own.
        errors: What is wrong with the entry; it cannot run, and what is None may be unreadable.
        warnings: What Meltano does not read in it.
    """

    name: str
    interval: str | None
    job: str | None
    extractor: str | None
    loader: str | None
    transform: Transform
    start_date: datetime | None
    start_date_where: Location
    env: Mapping[str, str]
    env_places: Mapping[str, Location]
    where: Location
    annotations: Layer
    errors: tuple[ProjectError, ...] = ()
    warnings: tuple[ProjectError, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """A Meltano project. Its entries are read independently: one that is wrong has `errors`.

    Attributes:
        name: Name of its folder, which is also that of its DAG file.
        path: Its folder.
        where: Its `meltano.yml`.
        digest: Of the files that were read; the runner compares it with its own.
        default_environment: Environment of runs for which no setting names one, if any.
        state_backend: `state_backend.uri`, if any.
        env: `env` at the top, by name.
        environments: By name, as are plugins (by type too), jobs and schedules; in file order.
        plugins: Every plugin of every type.
        jobs: Every job.
        schedules: Every schedule.
        annotations: Those at the top of `meltano.yml`.
        named: Which plugin each name in a block stands for.
        nameless: Jobs and schedules that no name leads to: without one, or of a name that an
            earlier one has.
        errors: What is wrong with the project as a whole: none of its DAGs can run.
        unused_errors: Of entries that nothing can use: plugins and environments without a name, or
            of a name that an earlier one has.
        warnings: Keys that Meltano does not read, and that seem to be meant for it.
    """

    name: str
    path: Path
    where: Location
    digest: str
    default_environment: DefaultEnvironment | None
    state_backend: MeltanoSetting | None
    env: Mapping[str, MeltanoSetting]
    environments: Mapping[str, Environment]
    plugins: tuple[Plugin, ...]
    jobs: Mapping[str, Job]
    schedules: Mapping[str, Schedule]
    annotations: Layer
    named: Mapping[str, Plugin]
    nameless: tuple[Job | Schedule, ...] = ()
    errors: tuple[ProjectError, ...] = ()
    unused_errors: tuple[ProjectError, ...] = ()
    warnings: tuple[ProjectError, ...] = ()

    def every_error(self) -> Iterator[ProjectError]:
        """Yield what is wrong with the project, and with each of its entries."""
        yield from self.errors
        yield from self.unused_errors
        for entry in (
            *self.environments.values(),
            *self.plugins,
            *self.jobs.values(),
            *self.schedules.values(),
            *self.nameless,
        ):
            yield from entry.errors

    def every_warning(self) -> Iterator[ProjectError]:
        """Yield what Meltano does not read in the project, and in each of its entries."""
        yield from self.warnings
        for environment in self.environments.values():
            yield from environment.warnings
        for schedule in self.schedules.values():
            yield from schedule.warnings

    def common_errors(self) -> list[ProjectError]:
        """Return what keeps everything in the project from running."""
        load = (each for each in self.every_error() if isinstance(each, ProjectLoadError))
        return distinct([*self.errors, *load])

    def plugin_of(self, block: str) -> Plugin | None:
        """Return the plugin that a block names (`dbt-core:run` and a mapping's name included)."""
        return self.named.get(block.partition(":")[0])

    def annotations_of(self, plugin: Plugin, environment: str | None) -> list[Layer]:
        """Return what holds for a plugin, later over earlier.

        What it extends comes before itself, and what `plugins` says of either before what the
        environment says of it, as with Meltano's own configuration.

        Args:
            plugin: One of this project.
            environment: Name of the Meltano environment; None for none.
        """
        over = {} if environment is None else self.environments[environment].plugins
        said = []
        for each in self.lineage_of(plugin):
            said.append(each.annotations)
            if (more := over.get((each.type, each.name))) is not None:
                said.append(more)
        return said

    def lineage_of(self, plugin: Plugin) -> list[Plugin]:
        """Return a plugin of this project and those of it that it extends, the first one first."""
        lineage = [plugin]
        while (parent := lineage[0].parent) is not None:
            lineage.insert(0, self._plugin(plugin.type, parent))
        return lineage

    def _plugin(self, kind: PluginType, name: str) -> Plugin:
        return next(each for each in self.plugins if each.type is kind and each.name == name)
