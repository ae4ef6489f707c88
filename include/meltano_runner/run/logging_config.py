"""The logging configuration that a run passes to Meltano.

It replaces a project's own logging.yaml for the run: the runner needs every line as JSON on
standard error to know what happened. Two loggers log more than the chosen level: the bookmark
writer's (`meltano.core.plugin.singer.target`), because its debug line is the only place that shows
what state was saved, and the invoker's (`meltano.core.plugin_invoker`), whose debug line comes
right before a plugin starts. Both files are part of the package, so a killed runner leaves nothing
behind, and the runner works on a read-only file system.
"""

from __future__ import annotations

from pathlib import Path


def get_path(level: str) -> str:
    """Return the path of the file for this log level.

    The runner always needs metrics and outcomes, which have the level INFO. So there are two
    files: `debug`, and `info` for every other level.
    """
    name = "debug" if level.lower() == "debug" else "info"
    return str(Path(__file__).with_name(f"logging_{name}.json"))
