"""The lock files of plugins, and plugins whose definitions are only on Meltano Hub.

Meltano 4.4.1 looks up a plugin's definition for each run (`core/project_plugins_service.py`,
`find_parent`, and `core/plugin_lock_service.py`): in meltano.yml (`namespace`), in the plugin of
the project that it extends, in a lock file, then on the Hub. The name of a lock file contains the
variant. Without `variant`, Meltano looks for the variant `default`, which `meltano lock` never
writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError
from meltano_pods.names import list_names, suggest
from meltano_pods.project.meltano_command import build_meltano_command, has_make_target
from meltano_pods.project.model import PluginType
from meltano_pods.project.yaml.nodes import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from meltano_pods.project.model import Plugin, Project

_DEFAULT_VARIANT = "default"
_CONSEQUENCE = (
    "every run queries Meltano Hub, which needs network access and a writable project folder"
)


def get_lock_file(folder: Path, plugin: Plugin) -> Path:
    """Return the lock file that Meltano reads for a plugin, whether it exists or not.

    Args:
        folder: The project's.
        plugin: A plugin that is neither defined in meltano.yml nor extends one of the project.
    """
    name = f"{plugin.inherit_from or plugin.name}--{plugin.variant or _DEFAULT_VARIANT}.lock"
    return folder / "plugins" / plugin.type / name


def find_undefined_plugins(project: Project) -> Iterator[ProjectError]:
    """Yield a warning for each plugin in use whose definition is only on Meltano Hub.

    Meltano can run it as long as it reaches the Hub. Plugins that lack the same share one warning.
    """
    simple: list[Plugin] = []
    others: list[ProjectError] = []
    for plugin in _find_used_plugins(project):
        if plugin.custom or plugin.parent is not None or plugin.type is PluginType.MAPPINGS:
            continue
        path = get_lock_file(project.path, plugin)
        if path.is_file():
            continue
        if plugin.inherit_from is None and not _find_locked_variants(plugin, path):
            simple.append(plugin)
        else:
            others.append(_build_error(project, plugin, path))
    if len(simple) == 1:
        yield _build_error(project, simple[0], get_lock_file(project.path, simple[0]))
    elif simple:
        yield _build_common_error(project, simple)
    yield from others


def _find_used_plugins(project: Project) -> list[Plugin]:
    """Return the plugins that jobs and schedules run, and those that they extend."""
    blocks = {block for job in project.jobs.values() for task in job.tasks for block in task.blocks}
    for schedule in project.schedules.values():
        blocks |= {name for name in (schedule.extractor, schedule.loader) if name is not None}
    named = [plugin for block in blocks if (plugin := project.find_plugin(block)) is not None]
    used = {(each.type, each.name) for plugin in named for each in project.get_lineage(plugin)}
    return [plugin for plugin in project.plugins if (plugin.type, plugin.name) in used]


def _build_error(project: Project, plugin: Plugin, path: Path) -> ProjectError:
    file = path.relative_to(project.path).as_posix()
    what = (
        f"the plugin {quote(plugin.name)} has neither a `namespace` nor the lock file `{file}`"
        if plugin.inherit_from is None
        else f"the plugin {quote(plugin.name)} extends {quote(plugin.inherit_from)}, for which "
        f"there is neither a plugin under `{plugin.type}` nor the lock file `{file}`"
    )
    return ProjectError(f"{what}: {_CONSEQUENCE}", plugin.where, _build_fix(project, plugin, path))


def _build_common_error(project: Project, plugins: Sequence[Plugin]) -> ProjectError:
    """Return one warning for plugins that all lack the same."""
    names = ", ".join(dict.fromkeys(quote(each.name) for each in plugins))
    return ProjectError(
        f"{len(plugins)} plugins have neither a `namespace` nor a lock file ({names}): "
        f"{_CONSEQUENCE}",
        plugins[0].where,
        _build_lock_fix(project, plugins),
    )


def _find_locked_variants(plugin: Plugin, path: Path) -> list[str]:
    """Return the variants for which there are lock files."""
    prefix = f"{plugin.inherit_from or plugin.name}--"
    return [each.stem.removeprefix(prefix) for each in path.parent.glob(f"{prefix}*.lock")]


def _build_fix(project: Project, plugin: Plugin, path: Path) -> str:
    name = plugin.inherit_from or plugin.name
    variants = _find_locked_variants(plugin, path)
    if variants and plugin.variant is None:
        return f"Add the `variant` of its lock file: {list_names(variants)}."
    if variants:
        near = suggest(str(plugin.variant), variants)
        return f"{near}There are lock files of the variants: {list_names(variants)}."
    if plugin.inherit_from is not None:
        others = [each.name for each in project.plugins if each.type is plugin.type]
        near = suggest(name, [each for each in others if each != plugin.name])
        return (
            f"{near}Name a plugin of the project, or add it with access to the Hub: "
            f"`{build_meltano_command(project.path, f'add --plugin-type {plugin.type} {name}')}`."
        )
    return _build_lock_fix(project, [plugin])


def _build_lock_fix(project: Project, plugins: Sequence[Plugin]) -> str:
    place = "" if has_make_target(project.path) else " in the project's folder"
    files = "that file" if len(plugins) == 1 else "those files"
    named = all(each.variant for each in plugins)
    variant = "" if named else ", add the `variant` in the name of each lock file"
    names = " ".join(dict.fromkeys(each.name for each in plugins))
    return (
        f"With access to the Hub, run `{build_meltano_command(project.path, f'lock {names}')}`"
        f"{place}{variant} and commit {files}. A plugin of your own needs a "
        "`namespace`."
    )
