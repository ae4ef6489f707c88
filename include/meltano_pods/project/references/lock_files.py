"""Where Meltano finds what a plugin is: in the project, or nowhere but on Meltano Hub.

As Meltano 4.4.1 looks it up for each run (`core/project_plugins_service.py`, `find_parent`, and
`core/plugin_lock_service.py`): a definition in meltano.yml (`namespace`), the plugin of the project
that it extends, a lock file, else the Hub. A lock file is called after the variant, and without
`variant` Meltano looks for one of the variant `default`, which `meltano lock` never writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError
from meltano_pods.names import listed, suggestion
from meltano_pods.project.meltano_command import has_make_target, meltano_command
from meltano_pods.project.model import PluginType
from meltano_pods.project.yaml.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from meltano_pods.project.model import Plugin, Project

_DEFAULT_VARIANT = "default"
_CONSEQUENCE = (
    "every run queries Meltano Hub, which needs network access and a writable project folder"
)


def lock_file(folder: Path, plugin: Plugin) -> Path:
    """Return the lock file that Meltano reads for a plugin, whether it is there or not.

    Args:
        folder: The project's.
        plugin: One that is neither defined in meltano.yml nor extends one of the project.
    """
    name = f"{plugin.inherit_from or plugin.name}--{plugin.variant or _DEFAULT_VARIANT}.lock"
    return folder / "plugins" / plugin.type / name


def undefined(project: Project) -> Iterator[ProjectError]:
    """Yield an error for each plugin that runs use and only Meltano Hub knows.

    With the Hub in reach Meltano runs it all the same, so these are warnings. Plugins that lack the
    same share one.
    """
    simple: list[Plugin] = []
    others: list[ProjectError] = []
    for plugin in _used(project):
        if plugin.custom or plugin.parent is not None or plugin.type is PluginType.MAPPINGS:
            continue
        path = lock_file(project.path, plugin)
        if path.is_file():
            continue
        if plugin.inherit_from is None and not _locked_variants(plugin, path):
            simple.append(plugin)
        else:
            others.append(_unlocked(project, plugin, path))
    if len(simple) == 1:
        yield _unlocked(project, simple[0], lock_file(project.path, simple[0]))
    elif simple:
        yield _all_unlocked(project, simple)
    yield from others


def _used(project: Project) -> list[Plugin]:
    """Return the plugins that jobs and schedules run, with those that they extend."""
    blocks = {block for job in project.jobs.values() for task in job.tasks for block in task.blocks}
    for schedule in project.schedules.values():
        blocks |= {name for name in (schedule.extractor, schedule.loader) if name is not None}
    named = [plugin for block in blocks if (plugin := project.plugin_of(block)) is not None]
    used = {(each.type, each.name) for plugin in named for each in project.lineage_of(plugin)}
    return [plugin for plugin in project.plugins if (plugin.type, plugin.name) in used]


def _unlocked(project: Project, plugin: Plugin, path: Path) -> ProjectError:
    file = path.relative_to(project.path).as_posix()
    what = (
        f"the plugin {shown(plugin.name)} has neither a `namespace` nor the lock file `{file}`"
        if plugin.inherit_from is None
        else f"the plugin {shown(plugin.name)} extends {shown(plugin.inherit_from)}, for which "
        f"there is neither a plugin among its {plugin.type} nor the lock file `{file}`"
    )
    return ProjectError(f"{what}: {_CONSEQUENCE}", plugin.where, _fix(project, plugin, path))


def _all_unlocked(project: Project, plugins: Sequence[Plugin]) -> ProjectError:
    """Return one error for plugins that all lack the same."""
    names = ", ".join(dict.fromkeys(shown(each.name) for each in plugins))
    return ProjectError(
        f"{len(plugins)} plugins have neither a `namespace` nor a lock file ({names}): "
        f"{_CONSEQUENCE}",
        plugins[0].where,
        _fix_by_lock(project, plugins),
    )


def _locked_variants(plugin: Plugin, path: Path) -> list[str]:
    """Return the variants for which there are lock files."""
    begin = f"{plugin.inherit_from or plugin.name}--"
    return [each.stem.removeprefix(begin) for each in path.parent.glob(f"{begin}*.lock")]


def _fix(project: Project, plugin: Plugin, path: Path) -> str:
    name = plugin.inherit_from or plugin.name
    variants = _locked_variants(plugin, path)
    if variants and plugin.variant is None:
        return f"Add the `variant` of its lock file: {listed(variants)}."
    if variants:
        near = suggestion(str(plugin.variant), variants)
        return f"{near}There are lock files of the variants: {listed(variants)}."
    if plugin.inherit_from is not None:
        others = [each.name for each in project.plugins if each.type is plugin.type]
        near = suggestion(name, [each for each in others if each != plugin.name])
        return (
            f"{near}Name a plugin of the project, or add it where the Hub can be reached: "
            f"`{meltano_command(project.path, f'add --plugin-type {plugin.type} {name}')}`."
        )
    return _fix_by_lock(project, [plugin])


def _fix_by_lock(project: Project, plugins: Sequence[Plugin]) -> str:
    place = "" if has_make_target(project.path) else " in the project's folder"
    files = "that file" if len(plugins) == 1 else "those files"
    named = all(each.variant for each in plugins)
    variant = "" if named else ", add the `variant` in the name of each lock file"
    names = " ".join(dict.fromkeys(each.name for each in plugins))
    return (
        f"Where the Hub can be reached, run `{meltano_command(project.path, f'lock {names}')}`"
        f"{place}{variant} and keep {files} with the project. A plugin of your own needs a "
        "`namespace`."
    )
