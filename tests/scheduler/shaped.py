"""The example's pipeline in a project whose manual runs are shaped, and what they left."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scheduler.running_airflow import RunningAirflow

NAME = "shaped"
PAIR = "tap-csv-to-target-jsonl"
ROWS = 1200

# Moves only what falls into the data interval; all where there is none.
_BY_DAY = """\
  - name: tap-by-day
    inherit_from: tap-csv
    config:
      stream_maps:
        orders:
          since: "'$MELTANO_PODS_DATA_INTERVAL_START'"
          __filter__: >-
            '$MELTANO_PODS_DATA_INTERVAL_START' <= str(updated_at).replace(' ', 'T')
            < ('$MELTANO_PODS_DATA_INTERVAL_END' or '9')
"""
_SCHEDULES = """\
  utilities:
  - name: says
    namespace: says
    commands:
      one: {args: one, executable: echo}
      two: {args: two, executable: echo}
      three: {args: three, executable: echo}
schedules:
- {name: daily, interval: '@daily', extractor: tap-by-day, loader: target-jsonl, transform: skip}
jobs:
- {name: load, tasks: [tap-csv target-jsonl]}
- {name: steps, tasks: ['says:one', 'says:two', 'says:three']}
annotations:
  meltano_pods:
    retries: 0
    start_date: 2026-01-01
    allowed_environments: [prod]
"""


def shape(file: Path) -> None:
    """Rewrite a copy of the example's meltano.yml."""
    text, _, _ = file.read_text().partition("\nschedules:\n")
    # The file has the same columns in all runs, and to find them each time takes as long as a run.
    catalog = "use_cached_catalog: "
    assert text.count(f"{catalog}false") == 1
    text = text.replace(f"{catalog}false", f"{catalog}true")
    anchor = "  loaders:\n"
    assert text.count(anchor) == 1
    file.write_text(f"{text.replace(anchor, _BY_DAY + anchor)}\n{_SCHEDULES}")


@dataclass(frozen=True)
class Ended:
    """A DAG run that has ended.

    Attributes:
        run: As Airflow has it.
        states: Of its tasks, by their ids.
        log: What they logged.
        rows: How many rows were written.
        rendered: What Airflow shows of them.
    """

    run: dict[str, Any]
    states: dict[str, str]
    log: str
    rows: int
    rendered: str

    @property
    def command(self) -> str:
        """The runner's command line."""
        found = re.search(r"(meltano-runner run [^\"\n\\]*)", self.log)
        assert found is not None, self.log
        return found[1]


@dataclass(frozen=True)
class Shaped:
    """The project under a running Airflow."""

    airflow: RunningAirflow

    @property
    def folder(self) -> Path:
        return self.airflow.home / "meltano" / NAME

    def start(self, name: str, **conf: object) -> Ended:
        """Start a DAG by the REST API and wait for its end."""
        dag_id = f"{NAME}.{name}"
        self.airflow.unpause(dag_id)
        before = len(self.rows())
        run_id = self.airflow.api.trigger(dag_id, **conf)
        self.airflow.ended(dag_id, run_id)
        tasks = self.airflow.api.tasks(dag_id, run_id)
        return Ended(
            self.airflow.api.run(dag_id, run_id),
            {each["task_id"]: each["state"] for each in tasks},
            "".join(self.airflow.log(dag_id, run_id, each["task_id"]) for each in tasks),
            len(self.rows()) - before,
            json.dumps([each["rendered_fields"] for each in tasks]),
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return all rows that were written."""
        file = self.folder / "output" / "orders.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    def bookmarks(self) -> dict[str, str]:
        """Return the bookmark of each state id in Meltano's system database."""
        file = self.folder / ".meltano" / "meltano.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            query = "select state_id, partial_state, completed_state from state"
            found = database.execute(query).fetchall()
        return {
            state_id: stamp[1]
            for state_id, *texts in found
            if (stamp := re.search(r'"replication_key_value": "([^"]+)"', "".join(map(str, texts))))
        }
