"""What the blocks of a task stand for, and which of them make a whole, as `meltano run` has it.

Meltano runs a job as one sequence of blocks: an extractor, mappings and a loader, or a command.
Where an entry of `tasks` ends within such a set, it and the next are one task here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError
from meltano_pods.names import listed, suggestion
from meltano_pods.project.document import shown
from meltano_pods.project.model import PluginType, Task

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from meltano_pods.project.model import Job, Plugin, Project

_NOT_RUNNABLE = (PluginType.FILES, PluginType.TRANSFORMS, PluginType.MAPPINGS)
_BETWEEN = ("meltano", "run", "invoke", "|", ">", "->", "=>", ">>", "to")
"""What people write in a task that is no plugin, as they would in a shell or another tool."""
_SINGER = (PluginType.EXTRACTORS, PluginType.MAPPERS, PluginType.LOADERS)


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


def with_whole_tasks(job: Job, named: Mapping[str, Plugin], jobs: Collection[str]) -> Job:
    """Return the job with its tasks checked, and those joined that make a whole together.

    Args:
        job: The job as it is written.
        named: What each name stands for.
        jobs: Names of the project's jobs.

    Raises:
        ProjectError: A block names nothing that runs, or stands where Meltano does not take it.
    """
    tasks: list[Task] = []
    sequence = _Sequence(named, jobs)
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
    return replace(job, tasks=tuple(tasks))


def check_blocks(project: Project, blocks: Iterable[str], where: Location) -> None:
    """Check blocks that stand elsewhere than in a job.

    Raises:
        ProjectError: A block names nothing that runs, or stands where Meltano does not take it.
    """
    sequence = _Sequence(project.named, project.jobs)
    for block in blocks:
        sequence.add(block, where)
    sequence.end(where)


class _Sequence:
    """The blocks of a job so far.

    Attributes:
        extractor: Block of the extractor whose loader is still to come, if any.
    """

    def __init__(self, named: Mapping[str, Plugin], jobs: Collection[str]) -> None:
        self._named = named
        self._jobs = jobs
        self.extractor: str | None = None

    def add(self, block: str, where: Location) -> None:
        plugin = self._plugin(block, where)
        if self.extractor is None and plugin.type in (PluginType.MAPPERS, PluginType.LOADERS):
            raise ProjectError(
                f"no extractor comes before the block {shown(block)}",
                where,
                "Start with an extractor, as in `tap-a mapping-b target-c`.",
            )
        if self.extractor is not None and (
            plugin.type is PluginType.EXTRACTORS or plugin.type not in _SINGER
        ):
            self._no_loader(where, f"before the block {shown(block)}")
        if plugin.type is PluginType.EXTRACTORS:
            self.extractor = block
        elif plugin.type is PluginType.LOADERS:
            self.extractor = None

    def end(self, where: Location) -> None:
        if self.extractor is not None:
            self._no_loader(where, "before the end")

    def _no_loader(self, where: Location, when: str) -> None:
        raise ProjectError(
            f"no loader comes after the extractor {shown(str(self.extractor))} {when}",
            where,
            "Name the loader, as in `tap-a target-b`.",
        )

    def _plugin(self, block: str, where: Location) -> Plugin:
        # Meltano takes one command; with more colons it looks for the whole.
        name = block.partition(":")[0] if block.count(":") == 1 else block
        plugin = self._named.get(name)
        if block in self._jobs:
            raise ProjectError(
                f"the task names the job {shown(block)}; Meltano does not run a job inside a job",
                where,
                "Name the plugins it runs instead"
                + (", and rename the job: a plugin has that name." if plugin is not None else "."),
            )
        if plugin is None:
            if (hint := self._no_name(block)) is not None:
                raise ProjectError(f"{shown(block)} in a task is no plugin", where, hint)
            raise ProjectError(
                f"the block {shown(block)} names no plugin of this project; it has: "
                f"{listed(self._runnable())}",
                where,
                f"{suggestion(name, self._runnable())}Name one of these, or add the plugin under "
                "`plugins`.",
            )
        if plugin.type in _NOT_RUNNABLE:
            raise ProjectError(
                f"the block {shown(block)} names a plugin of the type {plugin.type}, which does "
                f"not run; there are: {listed(self._runnable())}",
                where,
                "Name a plugin that runs, and give no two plugins one name.",
            )
        if plugin.type is PluginType.MAPPERS and name == plugin.name:
            raise ProjectError(
                f"the block {shown(block)} is a mapper, and Meltano runs its mappings; it has: "
                f"{listed(plugin.mappings)}",
                where,
                "Name one of its `mappings`, by a name of its own.",
            )
        return plugin

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

    def _runnable(self) -> list[str]:
        return [name for name, plugin in self._named.items() if _runs(name, plugin)]


def _runs(name: str, plugin: Plugin) -> bool:
    if plugin.type is PluginType.MAPPERS:
        return name != plugin.name
    return plugin.type not in _NOT_RUNNABLE
