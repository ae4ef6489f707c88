"""What Meltano runs is not rejected, but a key that it does not read may be a mistake."""

from __future__ import annotations

import pytest
from meltano_pods.errors import ProjectError
from meltano_pods.project import read_project

from tests.support.projects import GOOD, MakeProject, sound_plan

# What is replaced, by what; the key that is warned of, and a telling part.
WARNINGS = {
    "a setting of ours": (
        "jobs:", "environment: dev\njobs:", ("environment", "outside of `annotations"),
    ),
    "another tool's annotations": (
        "job: load", "job: load\n  annotations: {tags: [a], airflow: {retries: 1}}",
        ("schedules[0].annotations.tags", "of the tool that it is for"),
    ),
    "almost the default": (
        "default_environment:", "default_enviroment:",
        ("default_enviroment", "Did you mean `default_environment`?"),
    ),
    "almost annotations": (
        "job: load", "job: load\n  annotation: {other: 1}", ("schedules[0].annotation", "Rename"),
    ),
    "almost a start date": (
        "job: load", "job: load\n  start_dat: 2026-01-01", ("schedules[0].start_dat", "start_date"),
    ),
    "a section's name in a schedule": (
        "job: load", "job: load\n  environments: [dev]",
        ("schedules[0].environments", "is inside a schedule"),
    ),
    "a key of schedules at the top": ("jobs:", "interval: 5\njobs:", ("interval", "at the top")),
    "a type of plugins at the top": ("jobs:", "loaders: []\njobs:", ("loaders", "`plugins`")),
    "a pair beside a job": (
        "job: load", "job: load\n  extractor: tap-csv",
        ("schedules[0].extractor", "ignores its `extractor`"),
    ),
    "a state backend of one word": (
        "jobs:", "state_backend: s3://bucket\njobs:", ("state_backend", "is a string"),
    ),
    "a state backend of an environment": (
        "- name: prod", "- name: prod\n  config: {state_backend: {uri: s3://bucket}}",
        ("environments[1].config.state_backend", "in an environment"),
    ),
    "its variable in an environment": (
        "- name: prod", "- name: prod\n  env: {MELTANO_STATE_BACKEND_URI: s3://bucket}",
        ("environments[1].env.MELTANO_STATE_BACKEND_URI", "MELTANO_STATE_BACKEND_URI"),
    ),
    "anchors of plugins": ("jobs:", "x-plugins: {extractors: []}\njobs:", None),
    "anchors of jobs": ("jobs:", ".jobs: [{name: a}]\n_schedules: []\njobs:", None),
    "keys of others": ("jobs:", "description: x\nversions: [1]\njobs:", None),
}  # fmt: skip


@pytest.mark.parametrize("case", WARNINGS)
def test_a_warning(make_project: MakeProject, case: str) -> None:
    old, new, expected = WARNINGS[case]
    assert old in GOOD
    planned = sound_plan(make_project(GOOD.replace(old, new, 1)))
    assert [dag.dag_id for dag in planned.dags] == ["shop.daily"]
    found = [str(each) for each in planned.warnings]
    if expected is None:
        assert found == []
        return
    (text,) = found
    key, part = expected
    assert f"key {key}" in text
    assert part in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schedules:", "schedule:"),
        ("jobs:", "job:"),
        ("plugins:", "plugin:"),
        ("environments:", "enviroments:"),
        ("job: load", "job: load\n  annotation: {meltano_pods: {retries: 1}}"),
    ],
)
def test_what_is_clearly_meant_is_an_error(make_project: MakeProject, old: str, new: str) -> None:
    """Without it a DAG or its settings would silently not be there."""
    folder = make_project(GOOD.replace(old, new, 1))
    try:
        errors = list(read_project(folder).iter_errors())
    except ProjectError as error:
        errors = [error]
    assert "Did you mean" in str(errors[0])


def test_a_stray_type_of_plugins_whose_plugins_are_missing(make_project: MakeProject) -> None:
    text = GOOD.replace("  loaders:\n  - name: target-jsonl\n", "").replace(
        "jobs:", "loaders: [{name: target-jsonl}]\njobs:"
    )
    with pytest.raises(ProjectError, match="`loaders` at the top of a file"):
        read_project(make_project(text))
