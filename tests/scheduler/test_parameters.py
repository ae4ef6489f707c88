"""Runs are shaped by parameters through the REST API: what Meltano does, and what is rejected."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.scheduler.shaped import NAME, PAIR, ROWS, Shaped
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from tests.scheduler.running_airflow import RunningAirflow

pytestmark = [pytest.mark.scheduler, pytest.mark.meltano, pytest.mark.timeout(600)]

JOB, DAILY = f"dev:{PAIR}", "daily"
LAST = "2026-01-08T08:03:12Z"


@pytest.fixture(scope="module")
def shaped(airflow: RunningAirflow) -> Shaped:
    return Shaped(airflow)


def test_full_refresh_and_apart_from_the_state(shaped: Shaped) -> None:
    assert shaped.start("job.load").rows == ROWS
    fresh = shaped.start("job.load", full_refresh=True, token="hunter2-of-a-person")
    assert fresh.rows == ROWS
    assert fresh.command.endswith("run tap-csv target-jsonl --full-refresh")
    assert "hunter2" not in fresh.rendered
    assert "hunter2" not in fresh.log
    before = shaped.bookmarks()
    run = shaped.start("job.load", no_state_update=True)
    assert (run.rows, shaped.bookmarks()) == (ROWS, before)


def test_a_state_of_its_own_and_how_it_is_run(shaped: Shaped) -> None:
    before = shaped.bookmarks()
    run = shaped.start(
        "job.load",
        state_id_suffix="trial.1",
        state_strategy="overwrite",
        refresh_catalog=True,
        log_level="debug",
    )
    assert run.rows == ROWS
    options = "--refresh-catalog --state-strategy=overwrite --state-id-suffix=trial.1"
    assert run.command.endswith(f"run tap-csv target-jsonl {options}")
    assert "DEBUG meltano: " in run.log
    assert shaped.bookmarks() == {**before, f"{JOB}:trial.1": LAST}


def test_only_some_streams_and_another_environment(shaped: Shaped) -> None:
    run = shaped.start("job.load", select_filter=["tap-csv:ord*"], environment="prod")
    assert run.rows == ROWS
    assert shaped.bookmarks()[f"prod:{PAIR}"] == LAST


def test_a_schedule_of_extractor_and_loader(shaped: Shaped) -> None:
    run = shaped.start("daily", environment="prod", state_id_suffix="x", full_refresh=True)
    assert run.rows == ROWS
    assert run.command.endswith("--state-id daily:prod:x --full-refresh")
    assert shaped.bookmarks()["daily:prod:x"] == LAST


def test_only_some_tasks(shaped: Shaped) -> None:
    run = shaped.start("job.steps", only_tasks=["says-three"])
    assert run.run["state"] == "success"
    assert run.states == {"says-one": "skipped", "says-two": "skipped", "says-three": "success"}


@pytest.mark.parametrize(
    "conf",
    [
        {"full_refresh": "yes"},
        {"state_id_suffix": "a:b"},
        {"state_id_suffix": "x; rm -rf /"},
        {"select_filter": ["--catalog=/etc/passwd"]},
        {"select_filter": ["{{ conn.notifications.password }}"]},
        {"state_strategy": "append"},
        {"environment": "staging"},
        {"log_level": "loud"},
    ],
)
def test_refused_values_start_nothing(shaped: Shaped, conf: dict[str, Any]) -> None:
    wait_for("the DAG", lambda: shaped.airflow.api.dag(f"{NAME}.job.load"))
    with pytest.raises(httpx.HTTPStatusError) as caught:
        shaped.airflow.api.trigger(f"{NAME}.job.load", **conf)
    (name,) = conf
    answer = caught.value.response
    assert answer.status_code in (400, 422)
    assert f"Invalid input for param {name}" in answer.json()["detail"]


def test_a_misspelt_parameter_is_refused_where_the_run_starts(shaped: Shaped) -> None:
    run = shaped.start("job.load", fullrefresh=True)
    assert (run.rows, run.states) == (0, {PAIR: "failed"})
    assert "Rename it to `full_refresh`." in run.log


DAYS = ("2026-01-02", "2026-01-03")


def test_a_backfill_moves_its_intervals_and_no_bookmark_of_others(shaped: Shaped) -> None:
    dag_id = f"{NAME}.daily"
    shaped.airflow.unpause(dag_id)
    wait_for("the scheduled run", lambda: shaped.bookmarks().get(DAILY))
    before, known = shaped.bookmarks(), len(shaped.rows())
    body = {
        "dag_id": dag_id,
        "from_date": f"{DAYS[0]}T00:00:00Z",
        "to_date": f"{DAYS[-1]}T00:00:00Z",
        "max_active_runs": 1,
    }
    shaped.airflow.api.call("POST", "/api/v2/backfills", body)

    def over() -> list[dict[str, Any]] | None:
        found = [each for each in shaped.airflow.api.runs(dag_id) if each["run_type"] == "backfill"]
        assert "failed" not in {each["state"] for each in found}, found
        done = len(found) == len(DAYS) and {each["state"] for each in found} == {"success"}
        return found if done else None

    wait_for("the backfill", over, 400)
    moved = [(row["since"], row["updated_at"][:10]) for row in shaped.rows()[known:]]
    assert set(moved) == {(f"{day}T00:00:00Z", day) for day in DAYS}
    assert all(count > 100 for count in Counter(day for _, day in moved).values())
    own = {f"{DAILY}:backfill-{day.replace('-', '')}T000000Z": LAST for day in DAYS}
    assert shaped.bookmarks() == {**before, **own}
