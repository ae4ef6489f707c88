"""The logging configuration a run hands to Meltano.

It replaces a project's own logging.yaml for the run: the runner needs every line as JSON on
standard error to know what happened. Two loggers are more talkative than asked for: the bookmark
writer's (`meltano.core.plugin.singer.target`), because its debug line is the only place that shows
what state was saved, and the invoker's (`meltano.core.plugin_invoker`), whose debug line comes
right before a plugin starts. Both files are data, not made at run time: a killed runner leaves
nothing behind and works on a read-only file system.
"""

from __future__ import annotations

from pathlib import Path


def path(level: str) -> str:
    """Return the file for this log level.

    Metrics and outcomes come at INFO and are needed whatever a person wants to read, so there are
    two: `debug`, and `info` for every other level.
    """
    name = "debug" if level.lower() == "debug" else "info"
    return str(Path(__file__).with_name(f"logging_{name}.json"))
