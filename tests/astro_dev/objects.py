"""What the CLI does with airflow_settings.yaml once Airflow is up.

The commands are those of astro-cli's settings/settings.go; it runs each in the API server's
container, pools first, and connections in place of those that are there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PARTS = ("type", "host", "login", "password", "schema", "port")


def commands(settings: str, run: Callable[..., str]) -> Iterator[list[str]]:
    """Yield the commands that make the objects of an airflow_settings.yaml.

    Args:
        settings: The file's content.
        run: Runs a command and returns what it says.
    """
    airflow: dict[str, Any] = yaml.safe_load(settings)["airflow"]
    for pool in airflow.get("pools") or ():
        words = [pool["pool_name"], str(pool["pool_slot"]), pool.get("pool_description", "")]
        yield ["airflow", "pools", "set", *words]
    for variable in airflow.get("variables") or ():
        yield ["airflow", "variables", "set", variable["variable_name"], variable["variable_value"]]
    connections = airflow.get("connections") or ()
    there = run("airflow", "connections", "list", "-o", "plain") if connections else ""
    for connection in connections:
        if connection["conn_id"] in there:
            yield ["airflow", "connections", "delete", connection["conn_id"]]
        command = ["airflow", "connections", "add", connection["conn_id"]]
        for part in _PARTS:
            if value := connection.get(f"conn_{part}"):
                command += [f"--conn-{part}", str(value)]
        if extra := connection.get("conn_extra"):
            command += ["--conn-extra", extra if isinstance(extra, str) else json.dumps(extra)]
        yield command
