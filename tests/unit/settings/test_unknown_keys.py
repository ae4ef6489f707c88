"""Keys that Airflow, Meltano or Kubernetes use for a setting lead to that setting."""

from __future__ import annotations

import re
from typing import Any

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.settings import Settings, build_settings
from meltano_pods.settings.podspec.fields import load_fields
from meltano_pods.settings.podspec.reserved import check_override
from meltano_pods.settings.unknown_keys import explain_unknown_key
from pydantic_core import PydanticCustomError

from tests.support.layers import layer

SPEC_FIELDS = sorted(load_fields()["V1PodSpec"])


@pytest.mark.parametrize(
    ("values", "fix"),
    [
        ({"memory": "1Gi"}, "resources: {requests: {cpu: 250m, memory: 1Gi}"),
        ({"resources": {"memory": "1Gi"}}, "Write it as `requests: {memory: 512Mi}`"),
        ({"node_selector": {"a": "b"}}, "`pod_override: {spec: {nodeSelector: ...}}`"),
        ({"tolerations": []}, "`pod_override: {spec: {tolerations: ...}}`"),
        ({"max_active_runs": 2}, "one run at a time"),
        ({"schedule": "@daily"}, "at the `interval` of its schedule"),
        # Arguments of Airflow's operators.
        ({"execution_timeout": 3600}, "`run_timeout`"),
        ({"startup_timeout_seconds": 600}, "`start_timeout`"),
        ({"termination_grace_period_seconds": 30}, "`termination_grace_period`"),
        ({"container_resources": {}}, "resources: {requests: "),
        ({"env_vars": {"A": "b"}}, "`env`"),
        ({"service_account_name": "loader"}, "`service_account`"),
        ({"email_on_failure": True}, "notify: {email: "),
        ({"labels": {"team": "data"}}, "`pod_override: {metadata: {labels: ...}}`"),
        ({"depends_on_past": True}, "one run at a time"),
        ({"retry": 2}, "`retries`"),
        # Fields of Kubernetes' pods.
        ({"terminationGracePeriodSeconds": 30}, "`termination_grace_period`"),
        ({"activeDeadlineSeconds": 30}, "`run_timeout`"),
        ({"restartPolicy": "Never"}, "`retries`"),
        ({"imagePullSecrets": []}, "`image_pull_secrets`"),
        ({"serviceAccountName": "loader"}, "`service_account`"),
    ],
)
def test_a_key_of_another_tool(values: dict[str, Any], fix: str) -> None:
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("job", **values)])
    assert fix in caught.value.fix


@pytest.mark.parametrize("field", SPEC_FIELDS)
def test_the_fix_for_a_field_of_a_pod_is_allowed(field: str) -> None:
    fix = explain_unknown_key(field)
    assert fix is not None
    if (setting := re.search(r"setting `(\w+)`", fix)) is not None:
        assert setting[1] in Settings.model_fields
    elif fix.startswith("Write it as `pod_override"):
        try:
            check_override({"spec": {field: None}})
        except PydanticCustomError as error:
            pytest.fail(f"{field}: {error.message()}")
    else:
        assert fix.startswith("Remove it")


def test_an_unknown_key_that_no_tool_uses() -> None:
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("job", retrys=1)])
    assert "Did you mean `retries`?" in caught.value.fix
    assert explain_unknown_key("frobnicate") is None
