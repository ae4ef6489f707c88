"""Airflow's configuration, read without Airflow, whose import takes seconds."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.settings.deployment.read import SECTION, parse_deployment, read_variables
from meltano_pods.tasks.folders import PLACES

if TYPE_CHECKING:
    from meltano_pods.settings.deployment.model import DeploymentSettings


def section_here() -> dict[str, str]:
    """Return the section `[meltano_pods]`: that of Airflow's file, then of variables."""
    file = _file()
    found = dict(file.items(SECTION)) if file.has_section(SECTION) else {}
    return found | read_variables(os.environ)


def places_here() -> DeploymentSettings:
    """Return the settings that say where files are on this machine, and nothing else.

    Raises:
        DeploymentError: A path is not absolute.
    """
    return parse_deployment(places_in(section_here()))


def places_in(section: dict[str, str]) -> dict[str, str]:
    """Return what a section says of where files are on this machine."""
    return {key: value for key, value in section.items() if key in PLACES}


def airflow_setting(section: str, key: str) -> str | None:
    """Return one of Airflow's own settings: by its variable, else by its file."""
    variable = f"AIRFLOW__{section.upper()}__{key.upper()}"
    return os.environ.get(variable) or _file().get(section, key, fallback=None) or None


def _file() -> configparser.ConfigParser:
    home = Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
    file = Path(os.environ.get("AIRFLOW_CONFIG") or home / "airflow.cfg")
    found = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        found.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        found.clear()  # Airflow says what is wrong with it
    return found
