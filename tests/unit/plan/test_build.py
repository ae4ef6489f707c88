from __future__ import annotations

import json

import pytest
from meltano_pods.errors import ProjectError, SettingsError
from meltano_pods.plan import plan
from meltano_pods.project import read_project
from meltano_pods.settings import Settings

from tests.support.projects import GOOD, MakeProject, sound_plan

EL = """\
- name: hourly
  interval: '@hourly'
  extractor: tap-shop
  loader: target-jsonl
  transform: skip
  env: {TAP_SHOP_START: 5}
  annotations:
    meltano_pods: {run_timeout: 90m, env: {A: b}, tags: [finance]}
"""


def test_golden(make_project: MakeProject) -> None:
    dags = sound_plan(make_project(GOOD + EL)).as_dict()["dags"]
    defaults = Settings().model_dump(mode="json")
    own = {**defaults, "run_timeout": "1h30m", "env": {"A": "b"}, "tags": ["finance"]}
    assert dags == [
        {
            "dag_id": "shop.daily",
            "schedule": "0 0 * * *",
            "description": "shop.daily: tap-csv target-jsonl, then dbt:run",
            "doc": (
                "Meltano project **shop**, schedule `0 0 * * *`, environment `dev`.\n\n"
                "1. `tap-csv-to-target-jsonl`: `meltano-runner run tap-csv target-jsonl`\n"
                "2. `dbt-run`: `meltano-runner run dbt:run`\n\n"
                "Defined in `meltano/shop/meltano.yml`, line 26, key `schedules[0]`; change it "
                "there.\n"
            ),
            "where": "meltano/shop/meltano.yml, line 26, key schedules[0]",
            "tags": ["shop", "tap-csv", "target-jsonl"],
            "settings": defaults,
            "tasks": [
                {
                    "task_id": "tap-csv-to-target-jsonl",
                    "arguments": ["run", "tap-csv", "target-jsonl"],
                    "upstream": [],
                    "environment": "dev",
                    "state_ids": ["dev:tap-csv-to-target-jsonl"],
                    "pool": None,
                    "pipelines": [["tap-csv", "target-jsonl"]],
                    "utilities": [],
                    "reads": [],
                    "env": {},
                    "settings": {**defaults, "state": "database"},
                },
                {
                    "task_id": "dbt-run",
                    "arguments": ["run", "dbt:run"],
                    "upstream": ["tap-csv-to-target-jsonl"],
                    "environment": "dev",
                    "state_ids": [],
                    "pool": None,
                    "pipelines": [],
                    "utilities": ["dbt"],
                    "reads": [["tap-csv", "target-jsonl"]],
                    "env": {},
                    "settings": {**defaults, "state": "database"},
                },
            ],
        },
        {
            "dag_id": "shop.hourly",
            "schedule": "0 * * * *",
            "description": "shop.hourly: tap-shop target-jsonl",
            "doc": (
                "Meltano project **shop**, schedule `0 * * * *`, environment `dev`.\n\n"
                "1. `tap-shop-to-target-jsonl`: `meltano-runner run tap-shop target-jsonl "
                "--state-id hourly --timeout 5400`\n\n"
                "Defined in `meltano/shop/meltano.yml`, line 29, key `schedules[1]`; change it "
                "there.\n"
            ),
            "where": "meltano/shop/meltano.yml, line 29, key schedules[1]",
            "tags": ["shop", "tap-shop", "target-jsonl", "finance"],
            "settings": own,
            "tasks": [
                {
                    "task_id": "tap-shop-to-target-jsonl",
                    "arguments": [
                        "run", "tap-shop", "target-jsonl", "--state-id", "hourly",
                        "--timeout", "5400",
                    ],
                    "upstream": [],
                    "environment": "dev",
                    "state_ids": ["hourly"],
                    "pool": None,
                    "pipelines": [["tap-shop", "target-jsonl"]],
                    "utilities": [],
                    "reads": [],
                    "env": {"A": "b", "TAP_SHOP_START": "5"},
                    "settings": {**own, "state": "database"},
                }
            ],
        },
    ]  # fmt: skip


def test_can_be_printed_as_json(make_project: MakeProject) -> None:
    planned = sound_plan(make_project(GOOD)).as_dict()
    assert json.loads(json.dumps(planned)) == planned


@pytest.mark.parametrize(
    ("interval", "expected"),
    [("'@manual'", None), ("'@none'", None), ("", None), ("'@once'", "@once")],
)
def test_schedules_that_are_no_cron(
    make_project: MakeProject, interval: str, expected: str | None
) -> None:
    folder = make_project(GOOD.replace("'@daily'", interval))
    assert sound_plan(folder).dags[0].schedule == expected


def test_a_job_without_schedule_is_run_by_hand(make_project: MakeProject) -> None:
    text = GOOD[: GOOD.index("schedules:")]
    dag = sound_plan(make_project(text)).dags[0]
    assert (dag.dag_id, dag.schedule) == ("shop.job.load", None)


def test_two_dags_of_one_id_are_refused(make_project: MakeProject) -> None:
    text = GOOD + "- {name: a b, interval: , job: load}\n- {name: a-b, interval: , job: load}\n"
    with pytest.raises(ProjectError, match=r"duplicate DAG id `shop\.a-b`"):
        sound_plan(make_project(text))


ENVIRONMENT = "annotations: {meltano_pods: {retries: 4, env: {WHERE: prod}}}"


@pytest.mark.parametrize(
    ("setting", "fallback", "expected"),
    [(None, None, "dev"), (None, "prod", "prod"), ("prod", None, "prod"), ("prod", "dev", "prod")],
)
def test_the_environment_and_its_annotations(
    make_project: MakeProject, setting: str | None, fallback: str | None, expected: str
) -> None:
    text = GOOD.replace("- name: prod", f"- name: prod\n  {ENVIRONMENT}")
    if setting:
        text += f"  annotations: {{meltano_pods: {{environment: {setting}}}}}\n"
    task = sound_plan(make_project(text), fallback).dags[0].tasks[0]
    assert task.environment == expected
    assert task.settings.retries == (4 if expected == "prod" else 2)
    assert task.env == ({"WHERE": "prod"} if expected == "prod" else {})


def test_plugin_annotations_reach_only_their_tasks(make_project: MakeProject) -> None:
    text = GOOD.replace(
        "- name: dbt\n", "- name: dbt\n    annotations: {meltano_pods: {retries: 0}}\n"
    )
    first, second = sound_plan(make_project(text)).dags[0].tasks
    assert (first.settings.retries, second.settings.retries) == (2, 0)


def annotated(settings: str) -> tuple[str, str]:
    return "  job: load", f"  job: load\n  annotations: {{meltano_pods: {settings}}}"


@pytest.mark.parametrize(
    ("change", "fallback", "parts"),
    [
        (
            annotated("{environment: prd}"), None,
            (
                "line 29, key schedules[0].annotations.meltano_pods.environment",
                "unknown environment `prd`", "Did you mean `prod`?",
            ),
        ),
        (
            annotated("{environment: production}"), None,
            (
                "unknown environment `production`; expected one of: dev, prod",
                "Did you mean `prod`?",
            ),
        ),
        (("jobs:", "jobs:"), "production", ("unknown environment `production`", "`prod`?")),
        (("jobs:", "jobs:"), "stage", ("meltano.yml", "MELTANO_ENVIRONMENT", "`stage`")),
        (annotated("{catchup: true}"), None, ("line 29", "no `start_date`")),
        (
            ("  job: load", "  job: load\n  env: {API_TOKEN: hunter2}"), None,
            ("line 29, key schedules[0].env.API_TOKEN", "has the name of a secret"),
        ),
        (
            ("  job: load", "  job: load\n  env: {MELTANO_RUN_STATE_ID_SUFFIX: blue}"), None,
            (
                "line 29, key schedules[0].env.MELTANO_RUN_STATE_ID_SUFFIX",
                "use the setting `state_id_suffix` instead",
            ),
        ),
        (
            ("- name: tap-shop", "- name: tap-shop\n    annotations: {meltano_pods: {polo: x}}"),
            None,
            (
                "line 10, key plugins.extractors[1].annotations.meltano_pods.polo",
                "Did you mean `pool`?",
            ),
        ),
        (
            (
                "jobs:",
                "annotations:\n  meltano_pods:\n    env:\n      A: x\n      MY_KEY: hunter2\njobs:",
            ),
            None, ("line 24, key annotations.meltano_pods.env.MY_KEY", "MY_KEY"),
        ),
    ],
)  # fmt: skip
def test_refused(
    make_project: MakeProject,
    change: tuple[str, str],
    fallback: str | None,
    parts: tuple[str, ...],
) -> None:
    with pytest.raises(ProjectError) as caught:
        sound_plan(make_project(GOOD.replace(*change, 1)), fallback)
    text = str(caught.value)
    for part in parts:
        assert part in text
    assert "hunter2" not in text


INHERITED = """\
environments:
- name: dev
- name: prod
  config:
    plugins:
      extractors:
      - name: base
        annotations: {meltano_pods: {resources: {requests: {cpu: "2"}}, env: {WHO: prod}}}
      - name: child
        annotations: {meltano_pods: {retries: 7}}
plugins:
  extractors:
  - name: child
    inherit_from: base
    annotations: {meltano_pods: {resources: {requests: {memory: 2Gi}}, env: {OWN: child}}}
  - name: base
    annotations:
      meltano_pods: {resources: {requests: {cpu: "1", memory: 1Gi}}, env: {WHO: base, OWN: base}}
  - {name: other, inherit_from: base, variant: elsewhere}
  loaders:
  - name: target
    annotations: {meltano_pods: {resources: {requests: {cpu: "1"}}}}
jobs:
- {name: load-child, tasks: [child target]}
- {name: load-other, tasks: [other target]}
"""


def test_a_plugin_has_the_settings_of_what_it_extends(make_project: MakeProject) -> None:
    project = read_project(make_project(INHERITED))
    child, other = (dag.tasks[0].settings for dag in plan(project, "dev").dags)
    # Its own over those it extends, and only then added to the loader's.
    assert child.resources["requests"] == {"cpu": "2", "memory": "2Gi"}
    assert child.env == {"WHO": "base", "OWN": "child"}
    # With a variant of its own it extends what Meltano Hub says.
    assert (other.resources["requests"], other.env) == ({"cpu": "1"}, {})


def test_an_environment_speaks_of_plugins(make_project: MakeProject) -> None:
    child = sound_plan(make_project(INHERITED), "prod").dags[0].tasks[0].settings
    assert child.resources["requests"] == {"cpu": "3", "memory": "2Gi"}
    assert child.env == {"WHO": "prod", "OWN": "child"}
    assert child.retries == 7


def test_a_bad_setting_of_a_plugin_in_an_unused_environment(make_project: MakeProject) -> None:
    text = INHERITED.replace("{WHO: prod}", "[]")
    with pytest.raises(SettingsError, match=r"line 8, key environments\[1\]\.config\.plugins"):
        sound_plan(make_project(text), "dev")
