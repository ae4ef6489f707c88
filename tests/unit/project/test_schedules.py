"""What Meltano's own keys of a schedule mean for its DAG."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import ProjectError, SettingsError
from meltano_pods.project import read_project
from meltano_pods.project.references.schedules import find_transform_warnings

from tests.support.projects import GOOD, MakeProject, sound_plan

if TYPE_CHECKING:
    from pathlib import Path

EL = "extractor: tap-csv\n  loader: target-jsonl\n  transform: skip"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("job: load\n  extractor: null\n  loader: ~\n  transform:", ("load", None, None)),
        ("job: load\n  extractor: ''\n  loader: []\n  env: null", ("load", None, None)),
        (f"job: null\n  {EL}", (None, "tap-csv", "target-jsonl")),
        (f"job: ''\n  {EL}\n  env:\n  annotations:", (None, "tap-csv", "target-jsonl")),
        (f"job: []\n  {EL}\n  start_date: ''", (None, "tap-csv", "target-jsonl")),
        (f"job: {{}}\n  {EL}\n  start_date: null", (None, "tap-csv", "target-jsonl")),
        # Meltano takes the job where there is one.
        (f"job: load\n  {EL}", ("load", None, None)),
    ],
)
def test_what_is_empty_is_not_there(
    make_project: MakeProject, keys: str, expected: tuple[str | None, ...]
) -> None:
    text = GOOD.replace("job: load", keys)
    schedule = read_project(make_project(text)).schedules["daily"]
    assert (schedule.job, schedule.extractor, schedule.loader) == expected
    assert (schedule.env, schedule.start_date) == ({}, None)


@pytest.mark.parametrize("interval", ["", "''", "null", '""'])
def test_an_empty_interval_is_none(make_project: MakeProject, interval: str) -> None:
    text = GOOD.replace("interval: '@daily'", f"interval: {interval}")
    assert sound_plan(make_project(text)).dags[0].schedule is None


START = datetime(2024, 1, 2)  # noqa: DTZ001 - without an offset it is in the setting `timezone`
DATES = {
    "2024-01-02": START,
    "'2024-01-02'": START,
    "2024-1-2 0:00:00": START,
    "2024-01-02 03:04:05": START + timedelta(hours=3, minutes=4, seconds=5),
    "'2024-01-02T03:04'": START + timedelta(hours=3, minutes=4),
    "2024-01-02T03:04:05Z": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
    "'2024-01-02 03:04:05.678 Z'": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2024-01-02 03:04:05 -05:30": datetime(
        2024, 1, 2, 3, 4, 5, tzinfo=timezone(-timedelta(hours=5, minutes=30))
    ),
    "2024-01-02t03:04:05+1": datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1))),
}


@pytest.mark.parametrize("written", DATES)
def test_start_date_of_a_schedule(make_project: MakeProject, written: str) -> None:
    text = GOOD.replace("job: load", f"job: load\n  start_date: {written}")
    (dag,) = sound_plan(make_project(text)).dags
    assert dag.settings.start_date == DATES[written]


@pytest.mark.parametrize("level", ["project", "job", "schedule"])
def test_a_setting_wins_over_it(make_project: MakeProject, level: str) -> None:
    ours = "annotations: {meltano_pods: {start_date: 2025-05-05}}"
    text = GOOD.replace("job: load", "job: load\n  start_date: 2024-01-02")
    if level == "project":
        text += f"{ours}\n"
    else:
        start = "- name: load" if level == "job" else "- name: daily"
        text = text.replace(start, f"{start}\n  {ours}")
    (dag,) = sound_plan(make_project(text)).dags
    assert dag.settings.start_date == datetime(2025, 5, 5)  # noqa: DTZ001


def test_catchup_starts_at_it(make_project: MakeProject) -> None:
    text = GOOD.replace(
        "job: load",
        "job: load\n  start_date: 2024-01-02\n  annotations: {meltano_pods: {catchup: true}}",
    )
    (dag,) = sound_plan(make_project(text)).dags
    assert (dag.settings.catchup, dag.settings.start_date) == (True, START)


ELT = "extractor: tap-csv\n  loader: target-jsonl\n  transform: "
TRANSFORMER = (
    "  transformers:\n  - {name: dbt, namespace: dbt, commands: {clean: c, deps: d, run: r}}\njobs:"
)


def elt(make_project: MakeProject, transform: str, more: str = "") -> Path:
    text = GOOD.replace("  utilities:\n  - name: dbt\n", "").replace("\n  - dbt:run", "")
    text = text.replace("jobs:", TRANSFORMER).replace("job: load", f"{ELT}{transform}{more}")
    return make_project(text)


def test_transform_run_is_what_meltanos_schedule_runs(make_project: MakeProject) -> None:
    task = sound_plan(elt(make_project, "run")).dags[0].tasks[0]
    assert task.task_id == "tap-csv-to-target-jsonl"
    assert task.arguments[3:] == ("--state-id", "daily", "--transform", "run")
    assert task.state_ids == ("daily",)
    assert task.utilities == ("dbt",)
    assert task.pipelines == (("tap-csv", "target-jsonl"),)


def test_transform_only_moves_nothing(make_project: MakeProject) -> None:
    task = sound_plan(elt(make_project, "only")).dags[0].tasks[0]
    assert task.task_id == "dbt-run"
    assert task.arguments[1:] == (
        "tap-csv", "target-jsonl", "--state-id", "daily", "--transform", "only",
    )  # fmt: skip
    assert (task.state_ids, task.pipelines) == ((), ())
    assert task.utilities == ("dbt",)


def test_a_transformer_without_the_commands_that_meltano_runs(make_project: MakeProject) -> None:
    folder = elt(make_project, "only")
    file = folder / "meltano.yml"
    file.write_text(file.read_text().replace("{clean: c, deps: d, run: r}", "{run: r}"))
    with pytest.raises(ProjectError, match="missing: clean, deps") as caught:
        sound_plan(folder)
    assert "schedules[0].transform" in str(caught.value)


@pytest.mark.parametrize("transform", ["skip", "null", "''"])
def test_without_transform(make_project: MakeProject, transform: str) -> None:
    task = sound_plan(elt(make_project, transform)).dags[0].tasks[0]
    assert task.arguments[3:] == ("--state-id", "daily")


def test_meltano_looks_for_a_lock_file_before_it_transforms(make_project: MakeProject) -> None:
    folder = elt(make_project, "run")
    (warning,) = find_transform_warnings(read_project(folder))
    assert "plugins/extractors/tap-csv.lock" in str(warning)
    assert "meltano state copy daily dev:tap-csv-to-target-jsonl" in str(warning)
    (folder / "plugins" / "extractors").mkdir(parents=True)
    (folder / "plugins" / "extractors" / "tap-csv.lock").write_text("{}")
    assert not list(find_transform_warnings(read_project(folder)))


def test_no_state_update_and_transform(make_project: MakeProject) -> None:
    more = "\n  annotations: {meltano_pods: {no_state_update: true}}"
    with pytest.raises(SettingsError, match="cannot be combined with `transform: run`"):
        sound_plan(elt(make_project, "run", more))
