"""The settings of runs, as part of the plan of a task."""

from __future__ import annotations

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.plan import DagPlan, plan
from meltano_pods.project import read_project

from tests.support.projects import GOOD, MakeProject, sound_plan

EL = """\
- name: hourly
  interval: '@hourly'
  extractor: tap-shop
  loader: target-jsonl
  transform: skip
"""
SAYS = "annotations:\n  meltano_pods: {{{}}}\n"


def hourly(make_project: MakeProject, content: str, text: str = GOOD) -> DagPlan:
    return sound_plan(make_project(text + EL + SAYS.format(content))).dags[1]


def test_run_options_are_settings_and_shown_where_the_command_is(make_project: MakeProject) -> None:
    content = "full_refresh: true, state_id_suffix: x, select_filter: [a, '!b']"
    dag = hourly(make_project, content)
    (task,) = dag.tasks
    assert task.taps == ("tap-shop",)
    assert task.state_ids == ("hourly:x",)
    assert task.arguments == ("run", "tap-shop", "target-jsonl", "--state-id", "hourly")
    told = task.build_invocation()
    assert told.arguments[3:] == ("--state-id", "hourly:x", "--full-refresh")
    assert told.env == {"TAP_SHOP__SELECT_FILTER": '["a", "!b"]'}
    assert f"meltano-runner {' '.join(told.arguments)}`" in dag.doc


def test_a_suffix_is_part_of_the_state_ids_of_a_job(make_project: MakeProject) -> None:
    project = read_project(make_project(GOOD + SAYS.format("state_id_suffix: x")))
    (dag,) = plan(project).dags
    assert dag.tasks[0].state_ids == ("dev:tap-csv-to-target-jsonl:x",)


def test_apart_from_the_state_there_are_no_state_ids(make_project: MakeProject) -> None:
    dag = hourly(make_project, "no_state_update: true")
    assert dag.tasks[0].state_ids == ()
    assert dag.tasks[0].build_invocation().arguments[3:] == ("--no-state-update",)


def test_apart_from_the_state_and_without_an_environment(make_project: MakeProject) -> None:
    text = GOOD.replace("default_environment: dev\n", "")
    with pytest.raises(SettingsError, match="needs an environment for the schedule `hourly`") as e:
        hourly(make_project, "no_state_update: true", text)
    assert "annotations.meltano_pods.no_state_update" in str(e.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("state_id_suffix: 'a:b'", "`state_id_suffix` takes 1 to 63 letters"),
        ("state_id_suffix: '{{ ds }}'", "`state_id_suffix` takes 1 to 63 letters"),
        ("state_strategy: append", "takes one of auto, merge, overwrite, found"),
        ("full_refresh: 'yes'", "takes true or false"),
        ("select_filter: orders", "takes a list"),
        ("select_filter: [orders, $TABLE]", "pattern 2 is not the name of a stream"),
        ("log_level: loud", "takes one of debug, error, info, warning"),
        ("backfill_state: none", "takes one of own, shared"),
    ],
)
def test_values_that_are_not_allowed(make_project: MakeProject, content: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        hourly(make_project, content)
    assert f"annotations.meltano_pods.{content.partition(':')[0]}" in str(caught.value)


def test_a_plugin_cannot_say_how_meltano_runs(make_project: MakeProject) -> None:
    own = "- name: tap-shop\n    annotations: {meltano_pods: {full_refresh: true}}"
    with pytest.raises(SettingsError, match="`full_refresh` may not be set at plugin level"):
        hourly(make_project, "retries: 1", GOOD.replace("- name: tap-shop", own))
