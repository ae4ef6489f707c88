"""What dbt reports in `run_results.json` and `sources.json`, and where it may write.

dbt writes into its project by default, but the project is read-only in pods.
https://docs.getdbt.com/reference/artifacts/run-results-json
https://docs.getdbt.com/reference/artifacts/sources-json
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.dbt import SOURCE, DbtNode, DbtResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TARGET = "DBT_TARGET_PATH"
_MAX_MESSAGE = 1000
_RUN, _SOURCES = "run_results.json", "sources.json"
# This one does not say which command wrote it.
_COMMANDS = {_SOURCES: "source freshness"}
_COUNTING = ("test", "unit_test", SOURCE)
# A generic test's unique id ends with a hash, which the name for `--select` does not contain.
_HASH = re.compile(r"\.[0-9a-f]{10}$")
# Lines of a database's error that add nothing: the path of the statement, and the mark under it.
_NO_NEWS = re.compile(r"^(compiled code at .*|\^)$")


def build_environment(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of dbt that a run needs and its environment does not set.

    Values in meltano.yml override them: as Meltano 4.4.1 starts a plugin, its `env` and the
    variables of its settings replace those of the environment (`core/plugin_invoker.py`).

    Args:
        folder: A folder that only this run uses.
        environment: The run's environment.
    """
    defaults = {
        _TARGET: str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_USE_COLORS": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return {name: value for name, value in defaults.items() if not environment.get(name)}


class ArtifactReader:
    """Reads the artifacts of each command of dbt."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the files that dbt writes from now on in this environment."""
        self._files = [Path(environment[_TARGET], name) for name in (_RUN, _SOURCES)]
        self._seen = {file: _read_version(file) for file in self._files}

    def read(self, plugin: str, redact: Callable[[str], str]) -> DbtResult | None:
        """Return the result of the command that has just ended; None if it was not one of dbt.

        Args:
            plugin: Meltano's name of the plugin whose command it was.
            redact: Masks secrets.
        """
        for file in self._files:
            version = _read_version(file)
            if version is None or version == self._seen[file]:
                continue
            self._seen[file] = version
            try:
                data = json.loads(redact(file.read_text(encoding="utf-8")))
                nodes = [_parse_node(each) for each in data["results"]]
                which = str(
                    data.get("args", {}).get("which") or _COMMANDS.get(file.name, "unknown")
                )
                return DbtResult.from_nodes(
                    plugin, which, float(data.get("elapsed_time") or 0), nodes
                )
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue  # of a later schema: the exit code still shows whether it succeeded
        return None


def _read_version(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _parse_node(data: dict[str, Any]) -> DbtNode:
    kind, _package, name = str(data["unique_id"]).split(".", 2)
    status = str(data["status"])
    rows = (data.get("adapter_response") or {}).get("rows_affected")
    node = DbtNode(
        name=_HASH.sub("", name) if kind == "test" else name,
        type=kind,
        status=status,
        seconds=float(data.get("execution_time") or 0),
        # Tests return one row with their finding; -1: no rows affected, as for a view.
        rows=rows if isinstance(rows, int) and rows >= 0 and kind not in _COUNTING else None,
        failures=data.get("failures"),
    )
    has_message = node.failed or status == "warn"
    message = _describe_age(data) if kind == SOURCE else data.get("message")
    return replace(node, message=_join_lines(message)) if has_message else node


def _describe_age(data: dict[str, Any]) -> str | None:
    """Return how stale a source is, from dbt's figures, or why dbt could not determine it."""
    if "max_loaded_at" not in data:
        return data.get("error")
    bound = f"{data['status']}_after"
    allowed = (data.get("criteria") or {}).get(bound) or {}
    age = timedelta(seconds=int(data["max_loaded_at_time_ago_in_s"]))
    return (
        f"its newest row, of {data['max_loaded_at']}, is {age} old; {bound}: "
        f"{allowed.get('count')} {allowed.get('period')}"
    )


def _join_lines(message: str | None) -> str | None:
    lines = [line.strip() for line in (message or "").splitlines()]
    text = " ".join(line for line in lines if line and not _NO_NEWS.match(line))
    return (text if len(text) <= _MAX_MESSAGE else text[: _MAX_MESSAGE - 1] + "…") or None
