"""Secrets where Airflow or Kubernetes would show them are rejected, with every way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.errors import DeploymentError, SettingsError
from meltano_pods.plan.custom_task import RunCommand, plan_custom_task
from meltano_pods.pods.spec.build import build_pod
from meltano_pods.project import read_project
from meltano_pods.settings import build_settings
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.settings.secret_check import find_secret
from meltano_runner.contract.environment import NOT_SECRET

from tests.support.layers import layer
from tests.support.pods import RUN, SMALL, SPEC, env, options
from tests.support.projects import sound_plan

if TYPE_CHECKING:
    from tests.support.projects import MakeProject

PROJECT = """\
plugins:
  extractors:
  - {{name: tap-a, annotations: {{meltano_pods: {{{plugin}}}}}}}
  loaders: [{{name: target-b}}]
annotations:
  meltano_pods: {{{project}}}
jobs:
- {{name: other, tasks: tap-a target-b, annotations: {{meltano_pods: {{{job}}}}}}}
schedules:
- {{name: daily, interval: '@daily', extractor: tap-a, loader: target-b, transform: skip{schedule}}}
"""


def planned(make_project: MakeProject, **content: str) -> Any:
    parts = {"plugin": "", "project": "", "job": "", "schedule": "", **content}
    return sound_plan(make_project(PROJECT.format(**parts)))


@pytest.mark.parametrize(
    "env",
    [
        {"TAP_PASSWORD": "hunter2"}, {"PGPASSWORD": "hunter2"}, {"DB_PASS": "hunter2"},
        {"X_CONNECTION_STRING": "hunter2"}, {"SHOP_AUTHORIZATION": "hunter2"}, {"API_KEY": 1234567},
        {"DATABASE_URI": "postgresql://me:hunter2@db/x"}, {"GREETING": "xoxb-1234567890-hunter2"},
        {"TAP_X_CONFIG": '{"client": {"secret": "hunter2"}}'},
    ],
)  # fmt: skip
def test_a_secret_in_env(env: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("project", env=env)])
    name, text = next(iter(env)), str(caught.value)
    for part in (f"secret_env: {{{name}: {{}}}}", f"airflow_env: {{{name}:", f"[{name}]", ".env"):
        assert part in text
    assert "hunter2" not in text + str(caught.value.__cause__)
    # Else a log would show pydantic's error, which has the value.
    assert caught.value.__context__ is None


CONN, VAR = "{{ conn.shop_db.get_uri() }}", "{{ var.value.region }}"


@pytest.mark.parametrize(
    ("template", "source"),
    [
        (CONN, "{connection: shop_db}"),
        ("{{ conn['shop-db'].password }}", "{connection: shop-db, field: password}"),
        ("{{ conn.get('a').host }}", "{connection: a, field: host}"),
        ("pg://{{ conn.a.login }}:x@h", "{connection: a, field: login}"),
        ("{{ conn.a.extra_dejson.token }}", "{connection: a, field: extra.token}"),
        (
            "{{ conn.gcp.extra_dejson['keyfile_dict'] | tojson }}",
            "{connection: gcp, field: extra.keyfile_dict}",
        ),
        (
            "{{ conn.gcp.extra_dejson.get('project', '') }}",
            "{connection: gcp, field: extra.project}",
        ),
        ("{{ conn.a.extra_dejson['token'] | upper }}", "{connection: a, field: extra.token}"),
        ("{{ [conn.a.host, 1] | join }}", "{connection: a, field: host}"),
        ("{% set c = conn %}{{ c.x }}", "{connection: ID"),
        ("{{ conn | attr('shop') }}", "{connection: shop}"),
        ("{% if conn.a.host == 'b' %}x{% endif %}", "{connection: a, field: host}"),
        ("{{ ti.get_template_context()['conn'] }}", "whole context"),
        ("{{ (ti | attr('get_template_context'))()['conn'].x }}", "whole context"),
        ("{{ ti.task.render_template('{' ~ '{ conn.x }}', {}) }}", "whole context"),
    ],
)
def test_a_connection_is_never_a_template(template: str, source: str) -> None:
    for not_secret in ((), ("REGION",)):
        problem = find_secret("REGION", template, not_secret)
        assert problem is not None
        assert source in problem.what + problem.fix
        assert "not_secret" not in problem.fix


@pytest.mark.parametrize(
    ("template", "source"),
    [
        (VAR, "{variable: region}"),
        ("{{ var.value.get('region', 'eu') }}", "{variable: region}"),
        ("{{ var['value']['region'] }}", "{variable: region}"),
        ("{{ var.json.shop.region.name }}", "{variable: shop, key: region.name}"),
        ("{{ var.value[params.which] }}", "an Airflow variable"),
        ("{% for c in var.json.all %}{{ c }}{% endfor %}", "{variable: all}"),
        ("{{ macros.vault.get_secret('a') }}", "`get_secret`"),
        ("{{ params['api_token'] }}", "`api_token`"),
        ("{{ ti.xcom_pull(task_ids='a')['client_secret'] }}", "`client_secret`"),
    ],
)
def test_a_variable_is_one_only_where_it_is_no_secret(template: str, source: str) -> None:
    problem = find_secret("REGION", template)
    assert problem is not None
    assert source in problem.what + problem.fix
    assert "not_secret: [REGION]" in problem.fix
    assert find_secret("REGION", template, ["REGION"]) is None


@pytest.mark.parametrize(
    "template",
    [
        "{{ ds }}", "{{ data_interval_start | ds }}", "{{ params.region }}", "{# conn.x #}",
        "{{ macros.ds_add(ds, 1) }}", "{{ dag_run.conf.get('next_page_token') }}",
        "{{ '{{ conn.x }}' }}", "{{ ti.xcom_pull(task_ids='tokens') }}", "no template of conn.x",
    ],
)  # fmt: skip
def test_a_harmless_template(template: str) -> None:
    assert find_secret("REGION", template) is None


def test_what_is_no_template() -> None:
    problem = find_secret("REGION", "{{ hunter2")
    assert problem is not None
    assert "REGION is not a valid template" in problem.what
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    "content",
    [
        {"project": f"env: {{DB: '{CONN}'}}"},
        {"plugin": f"env: {{DB: '{CONN}'}}"},
        {"job": f"tasks: {{tap-a-to-target-b: {{env: {{DB: '{CONN}'}}}}}}"},
        {"schedule": f", env: {{DB: '{CONN}'}}"},
        {"project": f"pod_override: {{metadata: {{annotations: {{a: '{CONN}'}}}}}}"},
        {"project": "pod_override: {metadata: {labels: {a: glpat-aB3aB3aB3aB3aB3aB3aB}}}"},
        {"project": f"pod_override: {{spec: {{containers: [{{name: s, args: ['{CONN}']}}]}}}}"},
        {
            "project": "worker_override: {spec: {containers: [{name: base, env: "
            f"[{{name: DB, value: '{CONN}'}}]}}]}}}}"
        },
    ],
)
def test_wherever_it_stands(make_project: MakeProject, content: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(make_project, **content)
    assert "line " in str(caught.value)
    assert "airflow_env" in str(caught.value)


def test_all_of_them_are_named_at_once(make_project: MakeProject) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(make_project, project="env: {A_KEY: xxxx, DB_PASS: xxxx}", plugin="env: {T_PWD: x}")
    for name in ("A_KEY", "DB_PASS", "T_PWD"):
        assert f"{name} has the name of a secret" in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        {"project": "env: {TAP_A_KEY: id}, not_secret: [TAP_A_KEY]"},
        {"plugin": "env: {TAP_A_KEY: id}, not_secret: [TAP_A_KEY]"},
        {"project": "not_secret: [TAP_A_KEY]", "schedule": ", env: {TAP_A_KEY: id}"},
        {
            "project": "not_secret: [OTHER_KEY]",
            "plugin": "not_secret: [TAP_A_KEY]",
            "schedule": ", env: {TAP_A_KEY: id, OTHER_KEY: id}",
        },
        {
            "project": "not_secret: [TAP_A_KEY], pod_override: {spec: {containers: [{name: "
            "meltano, env: [{name: TAP_A_KEY, value: id}]}]}}"
        },
    ],
)
def test_what_is_no_secret_can_be_said(make_project: MakeProject, content: dict[str, str]) -> None:
    task = planned(make_project, **content).dags[0].tasks[0]
    assert "TAP_A_KEY" in task.settings.not_secret


def test_what_one_job_says_is_not_said_for_another(make_project: MakeProject) -> None:
    with pytest.raises(SettingsError, match="OTHER_KEY has the name of a secret"):
        planned(make_project, job="not_secret: [OTHER_KEY]", schedule=", env: {OTHER_KEY: id}")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("not_secret: TAP_A_KEY", "takes a list of names"),
        ("not_secret: ['a b']", "entry 1 is not a name"),
        ("airflow_env: [A]", "takes a map: {TAP_DB_PASSWORD:"),
        ("airflow_env: {A: hunter2}", "A takes a map with `connection` or `variable`, found str"),
        ("airflow_env: {A: {}}", "either `connection` or `variable`"),
        ("airflow_env: {A: {connection: a, variable: b}}", "either `connection` or `variable`"),
        ("airflow_env: {A: {conection: a}}", "unknown key `conection`; expected one of"),
        ("airflow_env: {A: {connection: a, field: pasword}}", "Did you mean `password`?"),
        ("airflow_env: {A: {connection: a, field: extra.}}", "has no field `extra.`"),
        ("airflow_env: {A: {connection: a, key: b}}", "`key` requires `variable`"),
        ("airflow_env: {A: {variable: a, field: host}}", "`field` requires `connection`"),
        ("airflow_env: {A B: {variable: a}}", "name of an environment variable"),
        ("airflow_env: {MELTANO_RUN_FORCE: {variable: a}}", "let two runs write the same state"),
        ("airflow_env: {A: {variable: a}}, env: {A: b}", "`A` is in `airflow_env` and in `env`"),
        ("airflow_env: {A: {variable: a}}, secret_env: {A: }", "in `airflow_env` and in `secret_"),
    ],
)
def test_what_the_new_settings_do_not_take(
    make_project: MakeProject, content: str, part: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(make_project, project=content)
    assert part in str(caught.value)
    assert "line 6" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_airflow_may_hold_the_address_of_the_state(make_project: MakeProject) -> None:
    content = "state: backend, airflow_env: {MELTANO_STATE_BACKEND_URI: {connection: state}}"
    assert planned(make_project, project=content).dags[0].tasks[0].settings.state == "backend"


@pytest.mark.parametrize(
    "option", [f"--state-id={CONN}", "--state-id=https://me:hunter2@x", "{{ conn.x }}"]
)
def test_options_of_a_command(make_project: MakeProject, option: str) -> None:
    project = read_project(make_project(PROJECT.format(plugin="", project="", job="", schedule="")))
    command = RunCommand(["tap-a", "target-b", "--merge-state", option])
    with pytest.raises(SettingsError, match="an option of `run`") as caught:
        plan_custom_task(project, command, "load", "dags/shop.py")
    assert "hunter2" not in str(caught.value)


def test_a_task_of_a_dag_of_ones_own_can_say_it(make_project: MakeProject) -> None:
    project = read_project(make_project(PROJECT.format(plugin="", project="", job="", schedule="")))
    command = RunCommand("tap-a target-b", env={"A_KEY": "id"}, settings={"not_secret": ["A_KEY"]})
    assert plan_custom_task(project, command, "load", "dags/shop.py").env == {"A_KEY": "id"}


def test_the_deployments_own_variables() -> None:
    content = {"local_env": '{"MELTANO_DATABASE_URI": "postgresql://me:hunter2@db/x"}'}
    with pytest.raises(DeploymentError) as caught:
        parse_deployment(content)
    assert "MELTANO_DATABASE_URI holds a URL with a password" in str(caught.value)
    assert "AIRFLOW__MELTANO_PODS__NOT_SECRET" in caught.value.fix
    assert "hunter2" not in str(caught.value)
    assert parse_deployment({**content, "not_secret": "MELTANO_DATABASE_URI"}).local_env


def test_a_pod_template() -> None:
    container = {**SMALL["spec"]["containers"][0], "env": [{"name": "A_KEY", "value": "hunter2"}]}
    template = {**SMALL, "spec": {"containers": [container]}}
    with pytest.raises(DeploymentError) as caught:
        build_pod(template, options(), SPEC, RUN)
    assert "default.yaml, key spec.containers.0.env.0" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert build_pod(template, options(not_secret=("A_KEY",)), SPEC, RUN)


def test_the_runner_is_told() -> None:
    pod = build_pod(SMALL, options(not_secret=("TAP_A_KEY",)), SPEC, RUN)
    assert env(pod)[NOT_SECRET] == "TAP_A_KEY"
