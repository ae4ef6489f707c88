"""Warnings of variables that hide what meltano.yml says, from every place that sets variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.cli.variable_checks import find_shadowed_settings
from meltano_pods.plan.environments import find_missing_environments
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.tasks.deployment import build_deployment
from meltano_pods.tasks.projects import load_project, plan_project

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.errors import ProjectError

    from tests.support.command_line import RunCli
    from tests.support.projects import MakeProject

SHOP = """\
database_uri: postgresql://here
environments:
- name: prod
  config: {plugins: {loaders: [{name: target-jsonl, config: {destination_path: /mnt/prod}}]}}
plugins:
  extractors:
  - name: tap-a
    namespace: tap_acme
    settings: [{name: path, aliases: [file]}, {name: token}, {name: auth.user}]
    config: {path: data, token: $TAP_A_TOKEN, auth: {user: me}}
    select: ['*.*']
  - {name: tap-heir, inherit_from: tap-a, config: {path: other}}
  loaders:
  - name: target-jsonl
    namespace: target_jsonl
    config: {destination_path: /mnt/lake}
schedules:
- {name: daily, interval: '@daily', extractor: TAP, loader: target-jsonl, transform: skip}
ANNOTATIONS
"""
OVERRIDE = (
    "pod_override: {spec: {containers: [{name: meltano, env: "
    "[{name: TARGET_JSONL_DESTINATION_PATH, value: /x}]}]}}"
)
DESTINATION = "meltano/shop/meltano.yml, line 16, key plugins.loaders[0].config.destination_path"


def found(
    make_project: MakeProject,
    annotations: str = "",
    tap: str = "tap-a",
    template: str | None = None,
    **variables: str,
) -> list[ProjectError]:
    folder = make_project(SHOP.replace("TAP,", f"{tap},").replace("ANNOTATIONS", annotations))
    root = folder.parents[1]
    if template is not None:
        (root / "k8s" / "pod_templates").mkdir(parents=True)
        (root / "k8s" / "pod_templates" / "default.yaml").write_text(template)
    deployment = build_deployment(root, parse_deployment(variables))
    return list(find_shadowed_settings(load_project(folder), deployment))


def template_with(name: str) -> str:
    return (
        "kind: Pod\nspec:\n  containers:\n  - name: sidecar\n    env: [{name: TAP_A_PATH}]\n"
        f"  - name: meltano\n    env:\n    - {{name: HOME, value: /scratch}}\n    - name: {name}\n"
    )


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("TARGET_JSONL_DESTINATION_PATH", "destination_path"),
        ("TAP_A_PATH", "path"),
        ("TAP_ACME_PATH", "path"),
        ("TAP_A_FILE", "path"),
        ("TAP_A_AUTH_USER", "auth.user"),
        ("TAP_A__SELECT", "select"),
        ("MELTANO_DATABASE_URI", "database_uri"),
        ("HOME", None),
        ("MELTANO_PODS_OUTPUT", None),
        ("TARGET_JSONL_CUSTOM_NAME", None),  # meltano.yml says nothing of it
        ("TAP_HEIR_PATH", None),  # which no task runs
        ("TAP_A_TOKEN", None),  # what the setting itself names
    ],
)
def test_of_a_pod_template(name: str, setting: str | None, make_project: MakeProject) -> None:
    warnings = found(make_project, template=template_with(name), execution_mode="kubernetes")
    assert [each.what.split("`")[1] for each in warnings] == ([setting] if setting else [])
    for each in warnings:
        assert name in each.what
        assert "default.yaml, line 9, key spec.containers[1].env[1]" in each.what
        assert str(each.where).startswith("meltano/shop/meltano.yml, line ")


def test_both_places_are_named(make_project: MakeProject) -> None:
    template = template_with("TARGET_JSONL_DESTINATION_PATH")
    (warning,) = found(make_project, template=template, execution_mode="kubernetes")
    assert str(warning.where) == DESTINATION
    assert "/mnt/lake" not in str(warning)  # it may be a secret


@pytest.mark.parametrize(
    ("annotations", "place"),
    [
        ("env: {TARGET_JSONL_DESTINATION_PATH: /x}", "env.TARGET_JSONL_DESTINATION_PATH"),
        (OVERRIDE, "pod_override"),
    ],
)
def test_of_a_project(annotations: str, place: str, make_project: MakeProject) -> None:
    annotations = f"annotations: {{meltano_pods: {{{annotations}}}}}"
    template = template_with("HOME")
    (warning,) = found(make_project, annotations, template=template, execution_mode="kubernetes")
    assert (
        f"meltano/shop/meltano.yml, line 19, key annotations.meltano_pods.{place}" in warning.what
    )
    assert str(warning.where) == DESTINATION


def test_of_a_deployment_and_only_where_it_counts(make_project: MakeProject) -> None:
    local_env = '{"TARGET_JSONL_DESTINATION_PATH": "/data/{project}"}'
    (warning,) = found(make_project, local_env=local_env)
    assert "AIRFLOW__MELTANO_PODS__LOCAL_ENV" in warning.what
    template = template_with("HOME")
    assert not found(
        make_project, template=template, local_env=local_env, execution_mode="kubernetes"
    )


def test_of_a_workers_environment(make_project: MakeProject) -> None:
    folder = make_project(SHOP.replace("TAP,", "tap-a,").replace("ANNOTATIONS", ""))
    deployment = build_deployment(folder.parents[1], parse_deployment({}))
    variables = {"TAP_A_PATH": "/data", "TAP_A_TOKEN": "t", "PATH": "/bin"}
    (warning,) = find_shadowed_settings(load_project(folder), deployment, variables)
    assert "TAP_A_PATH, which is set in the environment of this process" in warning.what


def test_what_an_environment_says_is_what_counts(make_project: MakeProject) -> None:
    annotations = "annotations: {meltano_pods: {environment: prod}}"
    local_env = '{"TARGET_JSONL_DESTINATION_PATH": "/data"}'
    (warning,) = found(make_project, annotations, local_env=local_env)
    assert "environments[0].config.plugins.loaders[0].config" in str(warning.where)


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("TAP_HEIR_PATH", True), ("TAP_A_PATH", False), ("TAP_HEIR_AUTH_USER", True),
     ("TAP_A_AUTH_USER", True), ("TAP_ACME_AUTH_USER", True)],
)  # fmt: skip
def test_of_a_plugin_that_extends_another(
    name: str, hidden: bool, make_project: MakeProject
) -> None:
    assert bool(found(make_project, tap="tap-heir", local_env=f'{{"{name}": "x"}}')) == hidden


def test_validate_and_doctor_warn(
    root: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text(
        SHOP.replace("TAP,", "tap-a,").replace("ANNOTATIONS", "")
    )
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__LOCAL_ENV", '{"TAP_A_PATH": "/data"}')
    code, out, err = run_cli("validate")
    assert code == 0
    assert "TAP_A_PATH" in out + err
    _, out, _ = run_cli("doctor")
    assert "TAP_A_PATH" in out


JOBS = "plugins: {utilities: [{name: u, namespace: u}]}\njobs: [{name: load, tasks: [u]}]\n"


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ("", True),
        ("environments: [{name: dev}]\n", True),
        ("environments: [{name: dev}]\ndefault_environment: dev\n", False),
    ],
)
def test_a_job_without_an_environment(more: str, warned: bool, root: Path, run_cli: RunCli) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text(more + JOBS)
    code, out, err = run_cli("validate")
    assert code == 0
    assert ("the runs of shop.job.load will fail" in out + err) == warned


def test_a_schedule_of_a_pair_needs_no_environment(make_project: MakeProject) -> None:
    folder = make_project(SHOP.replace("TAP,", "tap-a,").replace("ANNOTATIONS", ""))
    assert not list(find_missing_environments(plan_project(folder)))


WITHOUT_OUTPUT = [
    ("HOME", "", True),
    ("MELTANO_PODS_OUTPUT", "", False),
    ("HOME", "env: {MELTANO_PODS_OUTPUT: /mnt}", False),
    *(
        ("HOME", f"annotations: {{meltano_pods: {{{each}}}}}", False)
        for each in (
            "env: {MELTANO_PODS_OUTPUT: /mnt}",
            "secret_env: {MELTANO_PODS_OUTPUT: {key: A}}",
            OVERRIDE.replace("TARGET_JSONL_DESTINATION_PATH", "MELTANO_PODS_OUTPUT"),
            "execution_mode: local",
        )
    ),
]


@pytest.mark.parametrize("case", WITHOUT_OUTPUT, ids=lambda case: " ".join(map(str, case)))
def test_an_output_folder_that_no_pod_has(
    case: tuple[str, str, bool], root: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable, more, warned = case
    (root / "meltano" / "shop" / "meltano.yml").write_text(
        SHOP.replace("TAP,", "tap-a,")
        .replace("/mnt/lake", "$MELTANO_PODS_OUTPUT/lake")
        .replace("ANNOTATIONS", more)
    )
    templates = root / "k8s" / "pod_templates"
    templates.unlink()  # a link to those of this project
    templates.mkdir()
    (templates / "default.yaml").write_text(template_with(variable))
    assert "MELTANO_PODS_OUTPUT" not in "".join(run_cli("validate")[1:])
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__EXECUTION_MODE", "kubernetes")
    monkeypatch.setenv("AIRFLOW__MELTANO_PODS__IMAGE", "registry.example.org/x:1")
    code, out, err = run_cli("validate")
    assert code == 0, out + err
    what = "`destination_path` of target-jsonl refers to $MELTANO_PODS_OUTPUT"
    assert (out + err).count(what) == warned
    assert (what in run_cli("doctor")[1]) == warned
