"""A Meltano project as values: what it defines, and the place of each entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectLoadError, deduplicate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from meltano_pods.errors import Location, ProjectError
    from meltano_pods.settings.layers import Layer


class PluginType(StrEnum):
    """The plugin types of Meltano 4.4, in the order in which it looks up a block's name."""

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
    """A setting of Meltano itself, or a variable, as written; it may contain a secret."""

    text: str = field(repr=False)
    where: Location


@dataclass(frozen=True, slots=True)
class DefaultEnvironment:
    """The environment that Meltano uses by default.

    Attributes:
        name: Its name, with references to variables expanded.
        where: The place that names it.
        unset: The variables it refers to that are not set.
        text: As written, if it refers to variables.
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
        annotations: Its annotations.
        state_id_suffix: Suffix of its state ids, as written; None for none.
        plugins: Annotations of plugins under its `config`, by type and name.
        errors: Errors of the entry; nothing that uses it can run.
        warnings: Parts of it that Meltano ignores.
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
        name: Its name in blocks.
        type: Its key under `plugins`.
        inherit_from: As written; None if it is the plugin's own name.
        parent: The plugin of this project that it extends, if any. With a `variant` of its own, it
            extends a definition of Meltano Hub or a lock file instead.
        variant: As written.
        custom: Whether it is completely defined here, as its `namespace` indicates.
        commands: Names of its own commands.
        mappings: Names of a mapper's mappings, which blocks contain instead of the mapper.
        where: Place of its entry.
        annotations: Its annotations, without those of the plugin it extends.
        errors: Errors of the entry; nothing that uses it can run.
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
        name: Its name, or its place if it has none.
        tasks: The tasks that could be read.
        where: Place of its entry.
        annotations: Its annotations.
        errors: Errors of the entry; neither it nor its schedules can run.
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
        name: Its name, or its place if it has none; for extractor and loader also Meltano's state
            id.
        interval: A cron expression or alias as written; None for none.
        job: Name of the job, or None for an extractor and a loader.
        extractor: Name of the extractor, if there is no job.
        loader: Name of the loader, if there is no job.
        transform: Whether an extractor and a loader are followed by a transformer (`run`), or it
            runs alone (`only`), or not (`skip`).
        start_date: As written.
        start_date_where: Its place, if there is one.
        env: Environment variables of its runs.
        env_places: Place of each of them.
        where: Place of its entry.
        annotations: Its annotations.
        errors: Errors of the entry; it cannot run, and what is None may be unreadable.
        warnings: Parts of it that Meltano ignores.
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
    """A Meltano project. Its entries are read independently; an invalid one has `errors`.

    Attributes:
        name: Name of its folder and its DAG file.
        path: Its folder.
        where: Its `meltano.yml`.
        digest: Digest of the files that were read; the runner compares it with its own.
        default_environment: Environment of runs for which no setting names one, if any.
        state_backend: `state_backend.uri`, if any.
        env: `env` at the top, by name.
        environments: Every environment by name, in file order, as are jobs and schedules.
        plugins: Every plugin of every type.
        jobs: Every job.
        schedules: Every schedule.
        annotations: Those at the top of `meltano.yml`.
        named: The plugin that each name in a block refers to.
        nameless: Jobs and schedules that cannot be referred to, because they have no name, or that
            of an earlier one.
        errors: Errors of the project as a whole; none of its DAGs can run.
        unused_errors: Errors of entries that nothing can use: plugins and environments without a
            name, or with that of an earlier one.
        warnings: Keys that Meltano ignores, and that seem to be meant for it.
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

    def iter_errors(self) -> Iterator[ProjectError]:
        """Yield the errors of the project and of each of its entries."""
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

    def iter_warnings(self) -> Iterator[ProjectError]:
        """Yield the warnings of the project and of each of its entries."""
        yield from self.warnings
        for environment in self.environments.values():
            yield from environment.warnings
        for schedule in self.schedules.values():
            yield from schedule.warnings

    def get_common_errors(self) -> list[ProjectError]:
        """Return the errors that keep everything in the project from running."""
        load = (each for each in self.iter_errors() if isinstance(each, ProjectLoadError))
        return deduplicate([*self.errors, *load])

    def find_plugin(self, block: str) -> Plugin | None:
        """Return the plugin that a block names, also for `dbt-core:run` or a mapping's name."""
        return self.named.get(block.partition(":")[0])

    def get_annotations(self, plugin: Plugin, environment: str | None) -> list[Layer]:
        """Return the annotations that apply to a plugin; later ones override earlier ones.

        As with Meltano's own configuration, those of the plugins that it extends come first, and
        for each plugin, those under `plugins` come before those of the environment.

        Args:
            plugin: One of this project.
            environment: Name of the Meltano environment; None for none.
        """
        overrides = {} if environment is None else self.environments[environment].plugins
        layers = []
        for each in self.get_lineage(plugin):
            layers.append(each.annotations)
            if (override := overrides.get((each.type, each.name))) is not None:
                layers.append(override)
        return layers

    def get_lineage(self, plugin: Plugin) -> list[Plugin]:
        """Return the plugins of this project that a plugin extends, the root first, then itself."""
        lineage = [plugin]
        while (parent := lineage[0].parent) is not None:
            lineage.insert(0, self._get_plugin(plugin.type, parent))
        return lineage

    def _get_plugin(self, kind: PluginType, name: str) -> Plugin:
        return next(each for each in self.plugins if each.type is kind and each.name == name)
