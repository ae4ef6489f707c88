"""Which environments a DAG runs in and which a run may choose; tests/meltano compares the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import ProjectError, SettingsError

from tests.support.projects import GOOD, MakeProject, sound_plan

if TYPE_CHECKING:
    from meltano_pods.plan import DagPlan


def chosen(make_project: MakeProject, default: str, dotenv: str = "", more: str = "") -> str | None:
    folder = make_project(GOOD.replace("default_environment: dev", default) + more)
    (folder / ".env").write_text(dotenv)
    return sound_plan(folder).dags[0].tasks[0].environment


@pytest.mark.parametrize(
    ("default", "files", "expected"),
    [
        ("default_environment: $STAGE", ("", ""), "prod"),
        ("default_environment: ${STAGE}", ("", ""), "prod"),
        ("default_environment: ${lower}", ("", ""), "dev"),
        ("default_environment: pr${part}", ("", ""), "prod"),
        ("default_environment: $FROM_FILE", ("FROM_FILE=dev", ""), "dev"),
        ("default_environment: $STAGE", ("STAGE=dev", ""), "prod"),
        ("default_environment: $STAGE", ("", "env: {STAGE: dev}\n"), "dev"),
        ("default_environment: $EMPTY", ("", ""), None),
        ("default_environment:", ("", ""), None),
        ("default_environment: ''", ("", ""), None),
        ("default_environment: dev", ("MELTANO_ENVIRONMENT=prod", ""), "prod"),
        ("default_environment: dev", ("MELTANO_DEFAULT_ENVIRONMENT=prod", ""), "prod"),
        ("default_environment: dev", ("", "env: {MELTANO_DEFAULT_ENVIRONMENT: prod}\n"), "prod"),
    ],
)
def test_what_is_chosen(
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    default: str,
    files: tuple[str, str],
    expected: str | None,
) -> None:
    for name, value in {"STAGE": "prod", "lower": "dev", "part": "od", "EMPTY": ""}.items():
        monkeypatch.setenv(name, value)
    assert chosen(make_project, default, *files) == expected


@pytest.mark.parametrize(
    ("default", "parts"),
    [
        ("$NOT_SET", ("`$NOT_SET` cannot be resolved", "Set NOT_SET", "{environment: dev}")),
        ("dev$NOT_SET", ("`dev$NOT_SET`",)),
        (
            "dve",
            (
                "unknown default environment 'dve'; expected one of: dev, prod",
                "Did you mean `dev`?",
            ),
        ),
        ("$STAGE", ("unknown default environment 'prd' (`$STAGE`)", "Did you mean `prod`?")),
        # Neither is a reference to Meltano.
        ("$stage", ("unknown default environment '$stage'",)),
        ("'\\$STAGE'", ("unknown default environment '$STAGE'",)),
    ],
)
def test_what_cannot_be_chosen(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, default: str, parts: tuple[str, ...]
) -> None:
    monkeypatch.setenv("STAGE", "prd")
    with pytest.raises(ProjectError, match="line 1, key default_environment") as caught:
        chosen(make_project, f"default_environment: {default}")
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("default", ["$NOT_SET", "dve"])
def test_it_does_not_matter_where_a_setting_or_airflow_names_one(
    make_project: MakeProject, default: str
) -> None:
    more = "annotations: {meltano_pods: {environment: prod}}\n"
    assert chosen(make_project, f"default_environment: {default}", more=more) == "prod"
    folder = make_project(GOOD.replace("environment: dev", f"environment: {default}"))
    assert sound_plan(folder, "prod").dags[0].tasks[0].environment == "prod"


ALLOWED = "annotations: {{meltano_pods: {{allowed_environments: [{}]}}}}\n"


def plan_allowed(make_project: MakeProject, name: str, text: str = GOOD) -> DagPlan:
    return sound_plan(make_project(text + ALLOWED.format(name))).dags[0]


def test_allowed_environments(make_project: MakeProject) -> None:
    dag = plan_allowed(make_project, "prod")
    assert dag.settings.allowed_environments == ("prod",)


def test_an_allowed_environment_that_is_not_defined(make_project: MakeProject) -> None:
    with pytest.raises(
        SettingsError, match="unknown environment `pord`; expected one of: dev, prod"
    ) as e:
        plan_allowed(make_project, "pord")
    assert "Did you mean `prod`?" in e.value.fix
    assert "annotations.meltano_pods.allowed_environments" in str(e.value)


def test_an_allowed_environment_that_wants_other_settings(make_project: MakeProject) -> None:
    own = "- name: prod\n  annotations: {meltano_pods: {image: 'shop:1', secrets: [prod-env]}}"
    text = GOOD.replace("- name: prod", own)
    with pytest.raises(SettingsError, match="would keep these settings of `dev`: image, secrets"):
        plan_allowed(make_project, "prod", text)


def test_an_allowed_environment_that_wants_others_of_a_plugin(make_project: MakeProject) -> None:
    own = """- name: prod
  config:
    plugins:
      extractors:
      - name: tap-shop
        annotations: {meltano_pods: {resources: {requests: {memory: 1Gi}}}}"""
    text = GOOD.replace("- name: prod", own)
    with pytest.raises(SettingsError, match="settings of `dev`: resources of tap-shop"):
        plan_allowed(make_project, "prod", text)
