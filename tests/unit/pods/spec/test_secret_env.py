"""Single keys of Secrets, and where the state is kept: from meltano.yml to the pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.pods.spec.build import NO_DATABASE, build_pod
from meltano_pods.pods.spec.options import SecretKey
from meltano_pods.pods.spec.template import read_template
from meltano_pods.settings import Settings, build_settings

from tests.support.layers import layer
from tests.support.pods import RUN, SPEC, TEMPLATES, env, main, options
from tests.support.projects import sound_plan

if TYPE_CHECKING:
    from tests.support.projects import MakeProject

PROJECT = """\
plugins:
  extractors:
  - {{name: tap-a, annotations: {{meltano_pods: {{secret_env: {{TAP_A_TOKEN: }}}}}}}}
  loaders: [{{name: target-b}}]
annotations:
  meltano_pods: {{{0}}}
schedules:
- {{name: daily, interval: '@daily', extractor: tap-a, loader: target-b, transform: skip{1}}}
"""


def build(**changes: Any) -> dict[str, Any]:
    template = read_template(TEMPLATES / "astro.yaml")
    return build_pod(template, options(**changes), SPEC, RUN)


def planned(make_project: MakeProject, settings: str, env: str = "") -> Any:
    more = f", env: {{{env}}}" if env else ""
    folder = make_project(PROJECT.format(settings, more))
    return sound_plan(folder).dags[0].tasks[0].settings


def test_a_key_becomes_a_variable_that_must_be_there_and_is_masked() -> None:
    pod = build(secret_env={"TAP_A_TOKEN": SecretKey("env-secrets", "SHOP_TOKEN")})
    assert env(pod)["TAP_A_TOKEN"] == {
        "secretKeyRef": {"name": "env-secrets", "key": "SHOP_TOKEN", "optional": False}
    }
    assert env(pod)["MELTANO_RUNNER_SECRET_NAMES"] == "TAP_A_TOKEN"
    assert env(pod)["MELTANO_DATABASE_URI"]["secretKeyRef"]["name"] == "meltano-shop-env"


def test_a_project_may_have_a_key_of_its_own_for_the_database() -> None:
    uri = "MELTANO_DATABASE_URI"
    pod = build(secret_env={uri: SecretKey("env-secrets", "ORDERS_DATABASE_URI")})
    assert env(pod)[uri]["secretKeyRef"]["key"] == "ORDERS_DATABASE_URI"
    assert [each["name"] for each in main(pod)["env"]].count(uri) == 1


def test_airflow_may_hold_the_address_of_the_database() -> None:
    uri = "MELTANO_DATABASE_URI"
    sources = Settings.model_validate({"airflow_env": {uri: {"connection": "meltano"}}}).airflow_env
    pod = build(airflow_env=sources)
    assert env(pod)[uri]["secretKeyRef"] == {
        "name": pod["metadata"]["annotations"]["meltano-pods/secret"],
        "key": uri,
        "optional": False,
    }
    assert [each["name"] for each in main(pod)["env"]].count(uri) == 1


def test_with_a_state_backend_the_system_database_ends_with_the_pod() -> None:
    pod = build(database_secret=None)
    assert env(pod)["MELTANO_DATABASE_URI"] == NO_DATABASE
    mounted = {each["mountPath"] for each in main(pod)["volumeMounts"]}
    assert NO_DATABASE.removeprefix("sqlite:///").rpartition("/")[0] in mounted


def test_levels_merge_name_by_name(make_project: MakeProject) -> None:
    found = planned(make_project, "secret_env: {AWS_KEY_ID: {secret: aws, key: id}}").secret_env
    assert {name: (key.secret, key.key) for name, key in found.items()} == {
        "AWS_KEY_ID": ("aws", "id"),
        "TAP_A_TOKEN": (None, None),
    }


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (["A"], ("takes a map",)),
        ({"A": "hunter22"}, ("A takes a map with `secret` and `key`, found str",)),
        ({"A B": {}}, ("'A B' is not a valid name of an environment variable",)),
        ({"A": {"keys": "x"}}, ("unknown key `keys`", "Did you mean `key`?")),
        ({"A": {"secret": "My_Secret"}}, ("`secret` takes the name of a Kubernetes Secret",)),
        ({"A": {"key": "a b"}}, ("`key` takes a key of a Secret: letters",)),
        ({"A": 1}, ("found int",)),
    ],
)
def test_what_is_not_allowed(value: Any, parts: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("project", secret_env=value)])
    assert "hunter22" not in str(caught.value)
    for part in ("secret_env", *parts):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "env", "part"),
    [
        (
            "env: {TAP_A_TOKEN_FILE: x}, secret_env: {TAP_A_TOKEN_FILE: }",
            "",
            "can have only one source",
        ),
        ("secret_env: {REGION: }", "REGION: eu", "can have only one source"),
        ("state: backend", "", "the state would be lost with the pod"),
        ("state: backends", "", "takes one of backend, database"),
    ],
)
def test_what_does_not_go_together(
    make_project: MakeProject, settings: str, env: str, part: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(make_project, settings, env)
    assert part in str(caught.value)
    assert "line 6" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "env"),
    [
        ("state: backend, env: {MELTANO_STATE_BACKEND_URI: 's3://bucket/shop'}", ""),
        ("state: backend, secret_env: {MELTANO_STATE_BACKEND_URI: }", ""),
        ("state: backend", "MELTANO_STATE_BACKEND_URI: 's3://bucket/shop'"),
    ],
)
def test_a_state_backend_may_be_plain_or_secret(
    make_project: MakeProject, settings: str, env: str
) -> None:
    assert planned(make_project, settings, env).state == "backend"


@pytest.mark.parametrize(
    ("resources", "memory"),
    [
        ({}, "1Gi"),
        ({"requests": {"memory": "256Mi"}}, "256Mi"),
        ({"limits": {"memory": "2Gi"}}, "2Gi"),
        ({"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi"}}, "2Gi"),
    ],
)
def test_equal_resources(resources: dict[str, Any], memory: str) -> None:
    found = main(build(equal_resources=True, resources=resources))["resources"]
    assert found["requests"] == found["limits"]
    assert found["limits"] == {"cpu": "500m", "memory": memory, "ephemeral-storage": "1Gi"}


def test_image_pull_secrets() -> None:
    pod = build(image_pull_secrets=("registry", "mirror"))
    assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}, {"name": "mirror"}]
