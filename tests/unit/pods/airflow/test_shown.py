"""What Airflow shows of such a task, and what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from airflow.sdk.exceptions import AirflowFailException
from meltano_pods.errors import DeploymentError
from meltano_pods.failures import RunFailedError
from meltano_pods.pods import MeltanoPodOperator
from meltano_pods.tasks.mapping import InvalidTaskError

from tests.support.pods import FAILED, ended, over
from tests.support.tasks import planned
from tests.unit.pods.airflow.runs import NAME, context

if TYPE_CHECKING:
    from tests.support.fake_cluster import FakeCluster
    from tests.unit.pods.airflow.runs import MakeTask


def test_rendered_fields_hold_arguments_and_plain_values_only(task: MakeTask) -> None:
    made = task(env={"A": "{{ ds }}"})
    assert tuple(made.template_fields) == ("arguments", "env", "state_id_suffix")
    made.render_template_fields({"ds": "2026-01-02"})
    assert made.env == {"A": "2026-01-02"}


def test_the_suffix_is_checked_after_it_was_rendered(task: MakeTask, cluster: FakeCluster) -> None:
    made = task()
    made.state_id_suffix = "{{ params.tenant }}"
    made.render_template_fields({"params": {"tenant": "north"}})
    made.execute(context())
    args = cluster.created[0]["spec"]["containers"][0]["args"]
    assert args == ["run", "tap-a", "target-b", "--state-id-suffix=north"]
    cluster.created.clear()
    for wrong in ("", "--force", "a b", "{{ params.tenant }}"):
        made = task()
        made.state_id_suffix = wrong
        with pytest.raises(InvalidTaskError, match="1 to 63 letters"):
            made.execute(context())
    assert cluster.created == []


def test_a_mapped_task_has_a_suffix(task: MakeTask, cluster: FakeCluster) -> None:
    found = context()
    found["ti"].map_index = 0
    with pytest.raises(AirflowFailException, match="item 0 of the mapped task has no"):
        task().execute(found)
    assert cluster.created == []


def test_arguments_about_pods_are_refused() -> None:
    with pytest.raises(DeploymentError, match="does not take `affinity`, `image`"):
        MeltanoPodOperator(
            task_id="t", project="shop", run=planned("tap-a"), image="x", affinity={}
        )


def test_the_tasks_page_shows_what_the_run_did(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.steps = [over(ended())]
    found = context()
    task().execute(found)
    assert found["pushed"]["summary"].startswith(
        "succeeded: 12 records extracted, loaded: unknown in 3.0 s"
    )
    assert found["pushed"]["pod_name"] == NAME


def test_it_also_shows_what_a_failed_run_did(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.steps = [over(ended(1, message=FAILED))]
    found = context()
    with pytest.raises(RunFailedError):
        task().execute(found)
    assert found["pushed"]["summary"].startswith("failed: ")


def test_what_may_not_be_pushed_hides_no_failure(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.steps = [over(ended(1, message=FAILED))]
    found = context()

    def push(key: str, **_: object) -> None:
        assert key != "summary"

    found["ti"].xcom_push = push
    with pytest.raises(RunFailedError, match="target_failed"):
        task().execute(found)


def test_links(task: MakeTask, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = task()
    (result,) = plain.operator_extra_links
    found = context()
    page = "/dags/shop.daily/runs/run1/tasks/tap-a-to-target-b/xcom"
    assert result.get_link(plain, ti_key=found["ti"]) == page
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/data/")
    found["ti"].map_index = 3
    plain.state_id_suffix = "c"
    assert result.get_link(plain, ti_key=found["ti"]) == (
        f"https://airflow.example.com/data{page.removesuffix('/xcom')}/mapped/3/xcom"
    )
    made = task(log_url="https://logs.example.com/{namespace}/{pod}")
    made.state_id_suffix = "c"
    log, _ = made.operator_extra_links
    assert log.get_link(made, ti_key=found["ti"]) == ""
    cluster.steps = [over(ended())]
    made.execute(found)
    name = cluster.created[0]["metadata"]["name"]
    assert log.get_link(made, ti_key=found["ti"]) == f"https://logs.example.com/meltano/{name}"
    # While the run goes on, too.
    assert found["pushed"][log.xcom_key] == f"https://logs.example.com/meltano/{name}"
