"""What dbt did in a run, as values: from its `run_results.json` and `sources.json`.

https://docs.getdbt.com/reference/artifacts/run-results-json
https://docs.getdbt.com/reference/artifacts/sources-json
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TEST_FAILED = "fail"
NOT_DONE = frozenset({"error", "runtime error", "partial success"})
"""Statuses of a node that dbt could not build, or of a test that it could not complete."""
SOURCE = "source"
_WARNED, _STALE = "warn", "error"


@dataclass(frozen=True, slots=True)
class DbtNode:
    """One node: a model, a test, a seed, or a source whose freshness was checked.

    Attributes:
        name: Its name, as `dbt --select` takes it.
        type: dbt's type: `model`, `test`, `unit_test`, `seed`, `snapshot`, `operation`, `source`.
        status: dbt's status: `success`, `pass`, `warn`, `fail`, `error`, `skipped`, others.
        seconds: How long it took.
        rows: Rows the statement affected, if the adapter reports them.
        failures: Rows a test found, if it ran.
        message: dbt's message for a failure or warning, in one line, with secrets masked.
    """

    name: str
    type: str
    status: str
    seconds: float = 0.0
    rows: int | None = None
    failures: int | None = None
    message: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the run failed because of it. A skipped node failed because of another one."""
        return self.status == TEST_FAILED or self.status in NOT_DONE

    @property
    def data_failed(self) -> bool:
        """Whether the data is the cause: a test found rows, or a source is stale."""
        stale = self.type == SOURCE and self.status == _STALE
        return self.status == TEST_FAILED or stale

    def describe(self) -> str:
        """Return its status in one line."""
        return f"{self.type} {self.name}: {self.status}: {self.message or 'no message from dbt'}"

    def as_dict(self) -> dict[str, Any]:
        """Return the documented JSON form."""
        return {
            "name": self.name,
            "type": self.type,
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "rows": self.rows,
            "failures": self.failures,
            "message": self.message,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DbtNode:
        """Read the JSON form.

        Raises:
            KeyError, TypeError, ValueError: It is not that form.
        """
        return cls(
            name=data["name"],
            type=data["type"],
            status=data["status"],
            seconds=float(data.get("seconds", 0.0)),
            rows=data.get("rows"),
            failures=data.get("failures"),
            message=data.get("message"),
        )


@dataclass(frozen=True, slots=True)
class DbtResult:
    """One command of dbt.

    Attributes:
        plugin: Meltano's name of the plugin.
        command: dbt's command: `build`, `run`, `test`, `source freshness`.
        seconds: How long dbt worked on the nodes.
        counts: Nodes by status, all of them.
        nodes: The nodes: those that failed first, then those that warned, then the slowest.
        nodes_omitted: Nodes left out to keep the message within its size.
    """

    plugin: str
    command: str
    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    nodes: tuple[DbtNode, ...] = ()
    nodes_omitted: int = 0

    @classmethod
    def from_nodes(
        cls, plugin: str, command: str, seconds: float, nodes: list[DbtNode]
    ) -> DbtResult:
        """Return the result of these nodes, counted and sorted."""
        ordered = sorted(
            nodes,
            key=lambda node: (not node.failed, node.status != _WARNED, -node.seconds, node.name),
        )
        counts = Counter(node.status for node in nodes)
        return cls(plugin, command, seconds, dict(sorted(counts.items())), tuple(ordered))

    @property
    def failed(self) -> tuple[DbtNode, ...]:
        """The nodes the command failed for."""
        return tuple(node for node in self.nodes if node.failed)

    def describe(self) -> str:
        """Return the counts in one line: `dbt-postgres build: 13 nodes, 10 pass, 3 success`."""
        counts = "".join(f", {count} {status}" for status, count in self.counts.items())
        total = sum(self.counts.values())
        nodes = f"{total} node{'' if total == 1 else 's'}"
        return f"{self.plugin} {self.command}: {nodes}{counts}"

    def as_dict(self) -> dict[str, Any]:
        """Return the documented JSON form."""
        return {
            "plugin": self.plugin,
            "command": self.command,
            "seconds": round(self.seconds, 3),
            "counts": dict(self.counts),
            "nodes": [node.as_dict() for node in self.nodes],
            "nodes_omitted": self.nodes_omitted,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DbtResult:
        """Read the JSON form.

        Raises:
            KeyError, TypeError, ValueError: It is not that form.
        """
        return cls(
            plugin=data["plugin"],
            command=data["command"],
            seconds=float(data.get("seconds", 0.0)),
            counts={str(status): int(count) for status, count in data.get("counts", {}).items()},
            nodes=tuple(DbtNode.from_dict(node) for node in data.get("nodes", ())),
            nodes_omitted=int(data.get("nodes_omitted", 0)),
        )
