from __future__ import annotations

import pytest
from meltano_pods.errors import DeploymentError
from meltano_pods.settings.deployment.read import parse_deployment


@pytest.mark.parametrize(
    "text",
    [
        "{email: [a@x.io, b@x.io], slack: one}",
        '{"email": ["a@x.io", "b@x.io"], "slack": "one"}',
        "email: [a@x.io, b@x.io]\nslack: one",
    ],
)
def test_one_line_of_yaml_or_json(text: str) -> None:
    found = parse_deployment({"notify": text}).notify
    assert found == {"email": ("a@x.io", "b@x.io"), "slack": ("one",)}


def test_nobody() -> None:
    assert parse_deployment({}).notify == parse_deployment({"notify": ""}).notify == {}


@pytest.mark.parametrize("text", ["off", "false"])
def test_off_is_not_the_same_as_unset(text: str) -> None:
    assert parse_deployment({"notify": text}).notify is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("slack", "`notify` takes a map"),
        ("{slak: a}", "Did you mean `slack`?"),
        ("{slack: https://hooks.example.org/hunter2}", "`slack` takes the id of an Airflow"),
        ("{slack: hunter2", "takes a map in YAML or JSON"),
    ],
)
def test_what_is_wrong_is_said_but_not_shown(text: str, part: str) -> None:
    with pytest.raises(DeploymentError) as caught:
        parse_deployment({"notify": text})
    content = str(caught.value)
    assert part in content
    assert "where: Airflow's setting `[meltano_pods] notify`" in content
    assert "AIRFLOW__MELTANO_PODS__NOTIFY" in content
    assert "hunter2" not in content + str(caught.value.__cause__)
    assert caught.value.__suppress_context__
