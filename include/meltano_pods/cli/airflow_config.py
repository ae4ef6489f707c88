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


def read_section() -> dict[str, str]:
    """Return the section `[meltano_pods]`; environment variables override Airflow's file."""
    file = _read_file()
    values = dict(file.items(SECTION)) if file.has_section(SECTION) else {}
    return values | read_variables(os.environ)


def read_folder_settings() -> DeploymentSettings:
    """Return only the settings that say where files are on this machine.

    Raises:
        DeploymentError: A path is not absolute.
    """
    return parse_deployment({key: value for key, value in read_section().items() if key in PLACES})


def read_airflow_setting(section: str, key: str) -> str | None:
    """Return one of Airflow's own settings, from its variable or else its file."""
    variable = f"AIRFLOW__{section.upper()}__{key.upper()}"
    return os.environ.get(variable) or _read_file().get(section, key, fallback=None) or None


def _read_file() -> configparser.ConfigParser:
    home = Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
    file = Path(os.environ.get("AIRFLOW_CONFIG") or home / "airflow.cfg")
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        parser.clear()  # Airflow reports what is wrong with it
    return parser
