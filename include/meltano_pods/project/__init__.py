"""Reads a Meltano project's YAML files into values, without Meltano and without its secrets.

Semantics are Meltano 4.4's. `document` turns text into nodes that know their place, `files` finds
and joins the project's files, one module for each section reads it, `reader` puts them together.
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
