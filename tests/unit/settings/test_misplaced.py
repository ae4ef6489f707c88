"""A setting that stands where nobody reads it is a warning; what is others' is left alone."""

from __future__ import annotations

import pytest

from tests.support.projects import GOOD, MakeProject, sound_plan

# What is replaced in the good project, by what; line and key of the setting.
MISPLACED = {
    "of the project": ("jobs:", "retries: 1\njobs:", 20, "retries"),
    "beside our annotations": (
        "  job: load", "  job: load\n  annotations: {retries: 1, meltano_pods: {}}", 29,
        "schedules[0].annotations.retries",
    ),
    "of a schedule": ("  job: load", "  job: load\n  retries: 1", 29, "schedules[0].retries"),
    "of a plugin": (
        "- name: dbt", "- name: dbt\n    retries: 1", 20, "plugins.utilities[0].retries"
    ),
    "of a plugin in an environment": (
        "- name: prod", "- name: prod\n  config: {plugins: {utilities: [{name: x, retries: 1}]}}",
        5, "environments[1].config.plugins.utilities[0].retries",
    ),
    "annotations of an environment": (
        "- name: prod", "- name: prod\n  annotations: {retries: 1}", 5,
        "environments[1].annotations.retries",
    ),
    "annotations of a job": (
        "  tasks:", "  annotations:\n    retries: 1\n  tasks:", 23, "jobs[0].annotations.retries"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISPLACED)
def test_a_setting_outside_of_our_annotations(make_project: MakeProject, case: str) -> None:
    old, new, line, key = MISPLACED[case]
    (warning,) = sound_plan(make_project(GOOD.replace(old, new, 1))).warnings
    assert "the setting `retries` is outside of" in warning.what
    assert f"line {line}, key {key}\n" in str(warning)
    assert "annotations: {meltano_pods: {retries: ...}}" in warning.fix


def test_settings_of_tasks_outside_of_our_annotations(make_project: MakeProject) -> None:
    text = GOOD.replace("  tasks:", "  annotations: {tasks: {dbt-run: {retries: 1}}}\n  tasks:")
    (warning,) = sound_plan(make_project(text)).warnings
    assert "the setting `tasks` is outside of" in warning.what


def test_in_an_included_file(make_project: MakeProject) -> None:
    folder = make_project(GOOD + "include_paths: [more.yml]\n", more="x: 1\nretries: 1\n")
    (warning,) = sound_plan(folder).warnings
    assert "more.yml, line 2, key retries" in str(warning)


OTHERS = """\
env: {A: b}
owners: [us]
annotations: {a-tool: {retries: 1, owner: us}}
environments:
- {name: dev, env: {A: b}, state_id_suffix: blue}
plugins:
  extractors:
  - name: tap-a
    env: {A: b}
    description: One
    select_filter: [orders]
    state: state.json
    settings: [{name: retries}]
    config: {retries: 1, owner: us}
  loaders: [{name: target-b}]
schedules:
- name: daily
  interval: '@daily'
  extractor: tap-a
  loader: target-b
  transform: skip
  env: {A: b}
  start_date: 2020-01-01
  comment: x
"""


def test_keys_of_meltano_and_of_others_are_left_alone(make_project: MakeProject) -> None:
    """`start_date` is one of a schedule in Meltano's own schema of a meltano.yml."""
    planned = sound_plan(make_project(OTHERS))
    assert len(planned.dags) == 1
    assert not planned.warnings
