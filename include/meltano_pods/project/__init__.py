"""Reads a Meltano project's YAML files into values, without Meltano and without its secrets.

Semantics are Meltano 4.4's. `yaml` turns text into nodes that know their place, `files` finds the
project's files, `sections` has a module for each section, `references` checks what entries refer
to, and `reader` puts them together.
"""

from meltano_pods.project.model import (
    Environment,
    Job,
    Plugin,
    PluginType,
    Project,
    Schedule,
    Task,
)
from meltano_pods.project.reader import read_project

__all__ = [
    "Environment",
    "Job",
    "Plugin",
    "PluginType",
    "Project",
    "Schedule",
    "Task",
    "read_project",
]
