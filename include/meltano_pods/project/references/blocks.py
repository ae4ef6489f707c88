"""What the blocks of a task stand for, and which of them make a whole, as `meltano run` has it.

Meltano runs a job as one sequence of blocks: an extractor, mappings and a loader, or a command.
Where an entry of `tasks` ends within such a set, it and the next are one task here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError, together
from meltano_pods.names import listed, nearest, suggestion
from meltano_pods.project.model import PluginType, Task
from meltano_pods.project.yaml.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from meltano_pods.project.model import Job, Plugin, Project

_NOT_RUNNABLE = (PluginType.FILES, PluginType.TRANSFORMS, PluginType.MAPPINGS)
_BETWEEN = ("meltano", "run", "invoke", "|", ">", "->", "=>", ">>", "to")
"""What people write in a task that is no plugin, as they would in a shell or another tool."""
_AFTER_EXTRACTOR = (PluginType.MAPPERS, PluginType.LOADERS)
_SINGER = (PluginType.EXTRACTORS, *_AFTER_EXTRACTOR)
_BEGINNINGS = {"tap-": PluginType.EXTRACTORS, "target-": PluginType.LOADERS}
"""How plugins of these types are named, by convention."""


def named_in_blocks(plugins: Iterable[Plugin]) -> dict[str, Plugin]:
    """Return which plugin each name stands for in a block.

    A name may be that of plugins of several types, and of a mapping: the first type counts, in
    Meltano's order of them.
    """
    order = list(PluginType)
    found: dict[str, Plugin] = {}
    for plugin in sorted(plugins, key=lambda plugin: order.index(plugin.type)):
        for name in (plugin.name, *plugin.mappings):
            found.setdefault(name, plugin)
    return found


def with_whole_tasks(
    job: Job,
    named: Mapping[str, Plugin],
    jobs: Collection[str],
    unreadable: Mapping[PluginType, Sequence[ProjectError]],
) -> Job:
    """Return the job with its tasks checked, and those joined that make a whole together.

    Args:
        job: The job as it is written.
        named: What each name stands for.
        jobs: Names of the project's jobs.
        unreadable: Why a plugin's name could not be read, by its type: it may be any unknown one.
    """
    tasks: list[Task] = []
    sequence = _Sequence(named, jobs, unreadable, strict=not job.errors)
    for task in job.tasks:
        joined = sequence.extractor is not None
        for block in task.blocks:
            sequence.add(block, task.where)
        if joined:
            before = tasks.pop()
            tasks.append(Task(before.blocks + task.blocks, before.where))
        else:
            tasks.append(task)
    sequence.end(job.where if not tasks else tasks[-1].where)
    return replace(job, tasks=tuple(tasks), errors=(*job.errors, *sequence.errors))


def check_blocks(project: Project, blocks: Iterable[str], where: Location) -> None:
    """Check blocks that stand elsewhere than in a job.

    Raises:
        ProjectError: A block names nothing that runs, or stands where Meltano does not take it.
    """
    sequence = _Sequence(project.named, project.jobs, {})
    for block in blocks:
        sequence.add(block, where)
    sequence.end(where)
    if sequence.errors:
        raise together(sequence.errors)


class _Sequence:
    """The blocks of a job so far.

    Attributes:
        extractor: Block of the extractor whose loader is still to come, if any.
        errors: What is wrong with them.
    """

    def __init__(
        self,
        named: Mapping[str, Plugin],
        jobs: Collection[str],
        unreadable: Mapping[PluginType, Sequence[ProjectError]],
        *,
        strict: bool = True,
    ) -> None:
        self._named = named
        self._jobs = jobs
        self._unreadable = unreadable
        self._strict = strict
        # Whether a block of this set is unknown, and so what is wrong with the others.
        self._unsure = False
        self.extractor: str | None = None
        self.errors: list[ProjectError] = []

    def add(self, block: str, where: Location) -> None:
        plugin = self._plugin(block, where)
        kind = self._likely_type(block) if plugin is None else plugin.type
        if kind is None:
            self._unsure = True
            return
        self._unsure |= plugin is None
        known = len(self.errors)
        if self.extractor is None and kind in (PluginType.MAPPERS, PluginType.LOADERS):
            self._misplaced(
                f"no extractor comes before the block {shown(block)}",
                where,
                "Start with an extractor, as in `tap-a mapping-b target-c`.",
            )
        if self.extractor is not None and (kind is PluginType.EXTRACTORS or kind not in _SINGER):
            self._no_loader(where, f"before the block {shown(block)}")
        if kind is PluginType.EXTRACTORS:
            self.extractor = block
        elif kind is not PluginType.MAPPERS:
            self.extractor = None
            self._unsure = len(self.errors) > known

    def end(self, where: Location) -> None:
        if self.extractor is not None:
            self._no_loader(where, "before the end")

    def _no_loader(self, where: Location, when: str) -> None:
        self._misplaced(
            f"no loader comes after the extractor {shown(str(self.extractor))} {when}",
            where,
            "Name the loader, as in `tap-a target-b`.",
        )

    def _misplaced(self, what: str, where: Location, fix: str) -> None:
        if self._strict and not self._unsure:
            self.errors.append(ProjectError(what, where, fix))
            # One misplaced block of a set is enough: the others only seem to be.
            self._unsure = True

    def _plugin(self, block: str, where: Location) -> Plugin | None:
        """Return the plugin of a block; None for one that does not run, which is an error."""
        # Meltano takes one command; with more colons it looks for the whole.
        name = block.partition(":")[0] if block.count(":") == 1 else block
        plugin = self._named.get(name)
        if block in self._jobs:
            what = f"the task names the job {shown(block)}; Meltano does not run a job inside a job"
            fix = "Name the plugins it runs instead, as in `tap-a target-b`" + (
                ", and rename the job: a plugin has that name." if plugin is not None else "."
            )
        elif plugin is None:
            if errors := self._unreadable_errors(block, name):
                self.errors += errors
                return None
            what, fix = self._unknown(block, name)
        elif plugin.type in _NOT_RUNNABLE:
            what = (
                f"the block {shown(block)} names a plugin of the type {plugin.type}, which does "
                f"not run; there are: {listed(self._wanted())}"
            )
            fix = "Name a plugin that runs, and give no two plugins one name."
        elif plugin.type is PluginType.MAPPERS and name == plugin.name:
            what = (
                f"the block {shown(block)} is a mapper, and Meltano runs its mappings; it has: "
                f"{listed(plugin.mappings)}"
            )
            fix = "Name one of its `mappings`, by a name of its own."
        else:
            return plugin
        self.errors.append(ProjectError(what, where, fix))
        return None

    def _unknown(self, block: str, name: str) -> tuple[str, str]:
        """Return what is wrong with a block that names no plugin, and how to fix it."""
        if (hint := self._no_name(block)) is not None:
            return f"{shown(block)} in a task is not a plugin", hint
        wanted = self._wanted()
        what = (
            f"the block {shown(block)} names no plugin of this project that can stand here; there "
            f"are: {listed(wanted)}"
        )
        near = suggestion(name, wanted)
        return what, f"{near}Name one of these, or add the plugin under `plugins`."

    def _unreadable_errors(self, block: str, name: str) -> list[ProjectError]:
        """Return why a block's plugin may have a name that could not be read."""
        if not self._unreadable or nearest(name, self._wanted()) is not None:
            return []
        kind = self._likely_type(block)
        within = self.extractor is not None
        return [
            error
            for each, errors in self._unreadable.items()
            if (within is (each in _AFTER_EXTRACTOR) if kind is None else each is kind)
            for error in errors
        ]

    def _likely_type(self, block: str) -> PluginType | None:
        """Return what type an unknown block is meant to have, by its name."""
        for beginning, kind in _BEGINNINGS.items():
            if block.casefold().startswith(beginning):
                return kind
        near = nearest(block.partition(":")[0], self._wanted())
        return None if near is None else self._named[near].type

    def _no_name(self, block: str) -> str | None:
        """Return what to do about a block that cannot have been meant as a plugin's name."""
        if block.startswith("--"):
            setting = block.removeprefix("--").partition("=")[0].replace("-", "_")
            return (
                "Remove it: options of a run are settings, as `annotations: {meltano_pods: "
                f"{{{setting}: ...}}}}` of the job."
            )
        for name, plugin in self._named.items():
            if block in plugin.commands:
                return f"Did you mean the command `{name}:{block}`? Write it as one word."
        if block in _BETWEEN or "," in block:
            return "Name plugins alone, with spaces between them, as in `tap-a target-b`."
        return None

    def _wanted(self) -> list[str]:
        """Return the names that Meltano takes at this place."""
        within = self.extractor is not None
        return [
            name
            for name, plugin in self._named.items()
            if _runs(name, plugin) and within is (plugin.type in _AFTER_EXTRACTOR)
        ]


def _runs(name: str, plugin: Plugin) -> bool:
    if plugin.type is PluginType.MAPPERS:
        return name != plugin.name
    return plugin.type not in _NOT_RUNNABLE
