"""Everything that is wrong with a project is reported in one pass, once, at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import Location
from meltano_pods.plan import plan
from meltano_pods.project import read_project

from tests.support.projects import errors_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meltano_pods.errors import MeltanoPodsError

    from tests.support.projects import MakeProject

PLUGINS = """\
default_environment: dev
environments: [{name: dev}]
plugins:
  extractors: [{name: tap-a, namespace: tap_a}]
  loaders: [{name: target-b, namespace: target_b}]
  utilities: [{name: tool, namespace: tool, commands: {run: run, test: test}}]
"""

DAILY = "schedules: [{name: a, interval: '@daily', job: load}]\n"

# A warehouse and back again: several pipelines and models in one job.
ROUND_TRIP = """\
project_id: round-trip
default_environment: dev
environments:
- name: dev
  config:
    plugins:
      extractors:
      - {name: tap-hours, annotations: {meltano_pods: {retrys: 1}}}
- name: staging
  state_id_sufix: blue
- {name: prod, annotations: {meltano_pods: {environment: dev}}}
plugins:
  extractors:
  - name: tap-hours
    namespace: tap_hours
    annotations:
      meltano_pods: {env: {API_TOKEN: hunter2, fine: x, 1st: y}, resources: {limits: {memory: 1GB}}}
  - {name: tap-house, namespace: tap_house, commands: [run]}
  loaders:
  - {name: target-house, variant: [acme]}
  - {name: target-chat, namespace: target_chat}
  - {name: target-chat, namespace: target_chat}
  transformers:
  - {name: dbt, namespace: dbt, commands: {run: run, test: test}}
jobs:
- name: hours
  tasks: [tap-hours target-house, dbt:rum, tap-house target-chatt]
- name: backfill
  tasks: [tap-hours dbt:run target-house]
  annotations: {meltano_pods: {retries: -1, tasks: []}}
- {name: nothing, tasks: []}
schedules:
- name: business-hours
  interval: '*/23 13-27 * * 1-5'
  job: hours
  env: {RETRIES: [3], WHO: null, FINE: 'yes'}
- {interval: '@daily', job: hours}
- {name: nightly, interval: '@daily', job: hour}
- {name: nightly, interval: '@hourly', job: backfill}
"""
ROUND_TRIP_PLACES = """\
8 environments[0].config.plugins.extractors[0].annotations.meltano_pods.retrys
10 environments[1].state_id_sufix
11 environments[2].annotations.meltano_pods.environment
17 plugins.extractors[0].annotations.meltano_pods.env.API_TOKEN
17 plugins.extractors[0].annotations.meltano_pods.resources.limits.memory
17 plugins.extractors[0].annotations.meltano_pods.env.1st
18 plugins.extractors[1].commands
20 plugins.loaders[0].variant
22 plugins.loaders[2]
27 jobs[0].tasks[2]
27 jobs[0].tasks[1]
29 jobs[1].tasks[0]
30 jobs[1].annotations.meltano_pods.tasks
30 jobs[1].annotations.meltano_pods.retries
31 jobs[2].tasks
34 schedules[0].interval
36 schedules[0].env.RETRIES
36 schedules[0].env.WHO
37 schedules[1]
38 schedules[2].job
39 schedules[3]
"""

# Sources that inherit from one connector, and a utility with commands of its own.
INHERITED = """\
default_environment: dev
environments: [{name: dev}, {name: test}]
annotations: {meltano_pods: {execution_mode: k8s, tags: finance, retries: 2}}
plugins:
  extractors:
  - {name: tap-rest, variant: acme}
  - {name: tap-gas, inherit_from: tap-quakes}
  - {name: tap-quakes, inherit_from: tap-gas}
  - {name: tap-storage, inherit_from: tap-rest, annotations: [meltano_pods]}
  - name: 7
  loaders:
  - {name: target-duck, namespace: target_duck}
  orchestrators:
  - {name: airflow, variant: apache}
  utilities:
  - {name: dbt-duck, namespace: dbt, commands: {quakes: run, gas: run}, retries: 1}
jobs:
- name: quakes
  tasks:
  - tap-quakes target-duck dbt-duck:quake
- name: gas
  tasks: tap-storage target-duck dbt-duck gas
schedules:
- {name: Quakes, interval: 35 */1 * * *, job: quakes, start_date: tomorrow}
- {name: Gas, intervall: '@daily', job: gas}
"""
INHERITED_PLACES = """\
3 annotations.meltano_pods.execution_mode
3 annotations.meltano_pods.tags
7 plugins.extractors[1].inherit_from
9 plugins.extractors[3].annotations
10 plugins.extractors[4].name
20 jobs[0].tasks[0]
22 jobs[1].tasks
24 schedules[0].start_date
25 schedules[1].intervall
"""


def places(errors: Iterable[MeltanoPodsError]) -> str:
    """Return line and key of each error, a line each."""
    found = [each.where for each in errors]
    assert all(isinstance(each, Location) for each in found)
    return "".join(f"{each.line} {each.key}\n" for each in found if isinstance(each, Location))


@pytest.mark.parametrize(
    ("text", "expected"),
    [(ROUND_TRIP, ROUND_TRIP_PLACES), (INHERITED, INHERITED_PLACES)],
    ids=["round trip", "inherited"],
)
def test_every_error_of_a_file(make_project: MakeProject, text: str, expected: str) -> None:
    errors = errors_in(make_project(text))
    assert places(errors) == expected
    assert all(each.fix for each in errors)
    assert "hunter2" not in "".join(map(str, errors))


def test_every_error_of_several_files(make_project: MakeProject) -> None:
    folder = make_project(
        "default_environment: dev\nenvironments: [{name: dev}]\ninclude_paths: ['*.yml']\n",
        apps="jobs:\n- {name: clock, tasks: tap-clock target-webb}\n- {name: clock, tasks: tool}\n",
        plugins=PLUGINS[PLUGINS.index("plugins:") :].replace("tap-a,", "tap-clock,"),
        times="schedules:\n- {name: minute, interval: '* * * *', job: clock}\n",
    )
    found = [(each.file, each.line) for error in errors_in(folder) if (each := error.where)]  # type: ignore[union-attr]
    assert found == [
        ("meltano/shop/apps.yml", 2),
        ("meltano/shop/apps.yml", 3),
        ("meltano/shop/times.yml", 2),
    ]


def test_what_keeps_the_whole_file_from_being_read_comes_with_the_rest(
    make_project: MakeProject,
) -> None:
    text = PLUGINS + (
        "schedule: [{name: a, interval: '@daly', job: load}]\n"
        "jobs: [{name: load, tasks: [tap-x target-b]}]\n"
    )
    assert places(errors_in(make_project(text))) == (
        "7 schedule\n8 jobs[0].tasks[0]\n7 schedule[0].interval\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A schedule of a broken job has no error of its own.
        (f"jobs: [{{name: load, tasks: [tap-a target-x]}}]\n{DAILY}", "7 jobs[0].tasks[0]\n"),
        # Nor has what is beside an unknown block.
        ("jobs: [{name: load, tasks: [tap-x target-b]}]\n", "7 jobs[0].tasks[0]\n"),
        (
            "jobs: [{name: load, tasks: [tap-a mapper-x target-b tool:run]}]\n",
            "7 jobs[0].tasks[0]\n",
        ),
        ("jobs: [{name: load, tasks: [tap-a target-b tool:run x]}]\n", "7 jobs[0].tasks[0]\n"),
        # Two unknown blocks of one task are two errors.
        ("jobs: [{name: load, tasks: [tap-x target-y]}]\n", "7 jobs[0].tasks[0]\n" * 2),
        # A schedule of a job whose name cannot be read.
        (f"jobs: [{{name: 7, tasks: [tool:run]}}]\n{DAILY}", "7 jobs[0].name\n"),
    ],
)
def test_what_only_follows_from_an_error_is_none(
    make_project: MakeProject, text: str, expected: str
) -> None:
    assert places(errors_in(make_project(PLUGINS + text))) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("extractors: [{name: tap-a, namespace: tap_a}]", "extractors:"),
        ("extractors:", "extractor:"),
        ("{name: tap-a, namespace: tap_a}", "{namespace: tap_a}"),
        ("{name: tap-a, namespace: tap_a}", "{name: 7}"),
        ("{name: tap-a, namespace: tap_a}", "tap-a"),
    ],
)
def test_a_plugin_that_cannot_be_read_is_one_error_and_breaks_what_uses_it(
    make_project: MakeProject, old: str, new: str
) -> None:
    text = PLUGINS.replace(old, new) + (
        "jobs: [{name: load, tasks: [tap-a target-b]}, {name: other, tasks: 'tool:run'}]\n"
        "schedules: [{name: el, interval: , extractor: tap-a, loader: target-b, transform: skip}]\n"
    )
    found = plan(read_project(make_project(text)))
    (error,) = found.errors
    assert str(error.where).partition(", ")[2].startswith("line 4, key plugins.extractor")
    broken = {dag.dag_id: dag.errors for dag in found.broken}
    assert {"shop.el", "shop.job.load"} <= broken.keys()
    assert all(errors == (error,) for errors in broken.values())


def test_entries_that_no_dag_uses_break_none(make_project: MakeProject) -> None:
    text = (
        PLUGINS.replace("[{name: dev}]", "[{name: dev}, {name: dev}]").replace(
            "[{name: tap-a, namespace: tap_a}]",
            "[{name: tap-a, namespace: tap_a}, {name: tap-c, variant: [x]}, {name: tap-a}]",
        )
        + "jobs: [{name: load, tasks: [tap-a target-b]}]\n"
    )
    found = plan(read_project(make_project(text)))
    assert [dag.dag_id for dag in found.dags] == ["shop.job.load"]
    assert places(found.errors) == (
        "2 environments[1]\n4 plugins.extractors[2]\n4 plugins.extractors[1].variant\n"
    )
