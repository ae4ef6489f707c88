"""Spares each task of a LocalExecutor the seconds that importing the Kubernetes provider takes.

Its tasks are forks of the scheduler's process, so what that has imported they need not. Only what
is installed belongs here: of the project's own code a fork would run what the scheduler started
with, whatever has been written since.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk.configuration import conf

_POD_OPERATOR = "airflow.providers.cncf.kubernetes.operators.pod"


class PreloadPlugin(AirflowPlugin):
    """Imports the provider in the scheduler, if tasks are forked from it."""

    name = "meltano_pods_preload"

    @classmethod
    def on_load(cls, *_: Any, **__: Any) -> None:  # noqa: ANN401 - as Airflow has it
        """Import it; Airflow calls this where it loads its plugins, in each of its processes."""
        if sys.argv[1:2] == ["scheduler"] and "LocalExecutor" in conf.get("core", "executor"):
            with suppress(ModuleNotFoundError):  # without the provider there are no pods
                importlib.import_module(_POD_OPERATOR)
