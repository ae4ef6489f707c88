"""The blocks of tasks: which plugins they name, and which belong together, as in `meltano run`.

Meltano runs a job as one sequence of blocks: an extractor, mappings and a loader, or a command.
If an entry of `tasks` ends within such a group, it becomes one task together with the next entry.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Location, ProjectError, combine_errors
from meltano_pods.names import find_nearest, list_names, suggest
from meltano_pods.project.model import PluginType, Task
from meltano_pods.project.yaml.nodes import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from meltano_pods.project.model import Job, Plugin, Project

_NOT_RUNNABLE = (PluginType.FILES, PluginType.TRANSFORMS, PluginType.MAPPINGS)
_SEPARATORS = ("meltano", "run", "invoke", "|", ">", "->", "=>", ">>", "to")
"""Words that people write between plugins, as in a shell or another tool."""
_AFTER_EXTRACTOR = (PluginType.MAPPERS, PluginType.LOADERS)
_SINGER = (PluginType.EXTRACTORS, *_AFTER_EXTRACTOR)
_PREFIXES = {"tap-": PluginType.EXTRACTORS, "target-": PluginType.LOADERS}
"""Conventional prefixes of the names of plugins."""


def map_block_names(plugins: Iterable[Plugin]) -> dict[str, Plugin]:
    """Return the plugin that each name in a block refers to.

    If plugins of several types, or a mapping, have the same name, the first type in Meltano's order
    counts.
    """
    order = list(PluginType)
    found: dict[str, Plugin] = {}
    for plugin in sorted(plugins, key=lambda plugin: order.index(plugin.type)):
        for name in (plugin.name, *plugin.mappings):
            found.setdefault(name, plugin)
    return found


def join_tasks(
    job: Job,
    named: Mapping[str, Plugin],
    jobs: Collection[str],
    unreadable: Mapping[PluginType, Sequence[ProjectError]],
) -> Job:
    """Return the job with its tasks checked, and those that belong together joined.

    Args:
        job: The job as written.
        named: The plugin that each name refers to.
        jobs: Names of the project's jobs.
        unreadable: Errors of plugins whose names could not be read, by type; an unknown name may be
            that of one of them.
    """
    tasks: list[Task] = []
    sequence = _BlockSequence(named, jobs, unreadable, strict=not job.errors)
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
    """Check blocks that are not in a job.

    Raises:
        ProjectError: A block does not name anything that runs, or is in the wrong place.
    """
    sequence = _BlockSequence(project.named, project.jobs, {})
    for block in blocks:
        sequence.add(block, where)
    sequence.end(where)
    if sequence.errors:
        raise combine_errors(sequence.errors)


class _BlockSequence:
    """The blocks of a job so far.

    Attributes:
        extractor: Block of the extractor whose loader is still missing, if any.
        errors: Errors of the blocks.
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
        # Whether a block of this group is unknown; then the others cannot be checked.
        self._unsure = False
        self.extractor: str | None = None
        self.errors: list[ProjectError] = []

    def add(self, block: str, where: Location) -> None:
        plugin = self._find_plugin(block, where)
        kind = self._guess_type(block) if plugin is None else plugin.type
        if kind is None:
            self._unsure = True
            return
        self._unsure |= plugin is None
        known = len(self.errors)
        if self.extractor is None and kind in (PluginType.MAPPERS, PluginType.LOADERS):
            self._report_misplaced(
                f"no extractor comes before the block {quote(block)}",
                where,
                "Start with an extractor, as in `tap-a mapping-b target-c`.",
            )
        if self.extractor is not None and (kind is PluginType.EXTRACTORS or kind not in _SINGER):
            self._report_missing_loader(where, f"before the block {quote(block)}")
        if kind is PluginType.EXTRACTORS:
            self.extractor = block
        elif kind is not PluginType.MAPPERS:
            self.extractor = None
            self._unsure = len(self.errors) > known

    def end(self, where: Location) -> None:
        if self.extractor is not None:
            self._report_missing_loader(where, "before the end")

    def _report_missing_loader(self, where: Location, when: str) -> None:
        self._report_misplaced(
            f"no loader comes after the extractor {quote(str(self.extractor))} {when}",
            where,
            "Name the loader, as in `tap-a target-b`.",
        )

    def _report_misplaced(self, what: str, where: Location, fix: str) -> None:
        if self._strict and not self._unsure:
            self.errors.append(ProjectError(what, where, fix))
            # Further errors in this group would only follow from this one.
            self._unsure = True

    def _find_plugin(self, block: str, where: Location) -> Plugin | None:
        """Return the plugin of a block; None, with an error, for one that does not run."""
        # Meltano accepts one command; with more colons, it looks for the whole name.
        name = block.partition(":")[0] if block.count(":") == 1 else block
        plugin = self._named.get(name)
        if block in self._jobs:
            what = (
                f"the task contains the job {quote(block)}; Meltano cannot run a job inside a job"
            )
            fix = "Name the plugins it runs instead, as in `tap-a target-b`" + (
                ", and rename the job: a plugin has that name." if plugin is not None else "."
            )
        elif plugin is None:
            if errors := self._find_unreadable_errors(block, name):
                self.errors += errors
                return None
            what, fix = self._explain_unknown(block, name)
        elif plugin.type in _NOT_RUNNABLE:
            what = (
                f"the block {quote(block)} names a plugin of the type {plugin.type}, which does "
                f"not run; expected one of: {list_names(self._list_valid_names())}"
            )
            fix = "Name a plugin that runs; different plugins need different names."
        elif plugin.type is PluginType.MAPPERS and name == plugin.name:
            what = (
                f"the block {quote(block)} is a mapper; expected one of its mappings: "
                f"{list_names(plugin.mappings)}"
            )
            fix = "Name one of its `mappings`, whose name must differ from the mapper's."
        else:
            return plugin
        self.errors.append(ProjectError(what, where, fix))
        return None

    def _explain_unknown(self, block: str, name: str) -> tuple[str, str]:
        """Return what is wrong with a block that does not name a plugin, and how to fix it."""
        if (hint := self._suggest_fix(block)) is not None:
            return f"{quote(block)} in a task is not a plugin", hint
        valid = self._list_valid_names()
        what = (
            f"the block {quote(block)} does not name a plugin that can run here; expected one of: "
            f"{list_names(valid)}"
        )
        near = suggest(name, valid)
        return what, f"{near}Name one of these, or add the plugin under `plugins`."

    def _find_unreadable_errors(self, block: str, name: str) -> list[ProjectError]:
        """Return the errors of the plugins with unreadable names that a block may refer to."""
        if not self._unreadable or find_nearest(name, self._list_valid_names()) is not None:
            return []
        kind = self._guess_type(block)
        within = self.extractor is not None
        return [
            error
            for each, errors in self._unreadable.items()
            if (within is (each in _AFTER_EXTRACTOR) if kind is None else each is kind)
            for error in errors
        ]

    def _guess_type(self, block: str) -> PluginType | None:
        """Return the type that an unknown block probably has, by its name."""
        for prefix, kind in _PREFIXES.items():
            if block.casefold().startswith(prefix):
                return kind
        near = find_nearest(block.partition(":")[0], self._list_valid_names())
        return None if near is None else self._named[near].type

    def _suggest_fix(self, block: str) -> str | None:
        """Return how to fix a block that cannot be the name of a plugin."""
        if block.startswith("--"):
            setting = block.removeprefix("--").partition("=")[0].replace("-", "_")
            return (
                "Remove it: options of a run are settings, as `annotations: {meltano_pods: "
                f"{{{setting}: ...}}}}` of the job."
            )
        for name, plugin in self._named.items():
            if block in plugin.commands:
                return f"Did you mean the command `{name}:{block}`? Write it as one word."
        if block in _SEPARATORS or "," in block:
            return "Write only plugins, separated by spaces, as in `tap-a target-b`."
        return None

    def _list_valid_names(self) -> list[str]:
        """Return the names that Meltano accepts at this point of the sequence."""
        within = self.extractor is not None
        return [
            name
            for name, plugin in self._named.items()
            if _is_runnable(name, plugin) and within is (plugin.type in _AFTER_EXTRACTOR)
        ]


def _is_runnable(name: str, plugin: Plugin) -> bool:
    if plugin.type is PluginType.MAPPERS:
        return name != plugin.name
    return plugin.type not in _NOT_RUNNABLE
