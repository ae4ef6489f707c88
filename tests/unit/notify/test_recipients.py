from __future__ import annotations

import pytest
from meltano_pods.errors import DeploymentError
from meltano_pods.notify import callbacks_of, recipients
from meltano_pods.notify.notifiers import RunFailed, RunRecovered, TaskFailed, TaskRetried
from meltano_pods.notify.recipients import Recipient, Wanted, wanted

DAG = "shop.daily"


def test_nobody() -> None:
    assert wanted(DAG, {}, {}) == Wanted((), ("failure", "recovery"))
    callbacks = callbacks_of(DAG, {}, {}, ["a"])
    assert (callbacks.dag, callbacks.of_task("a")) == ({}, {})


def test_a_deployment_can_be_silent_and_needs_no_provider_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(recipients.PROVIDERS, "slack", ("nosuch", "notifications/a.py"))
    assert wanted(DAG, {"slack": ("one",)}, None).recipients == ()


def test_the_deployment_speaks_for_all() -> None:
    deployment = {"email": ("a@x.io", "b@x.io"), "slack": ("one", "two"), "webhook": ("hook",)}
    assert wanted(DAG, {}, deployment).recipients == (
        Recipient("email", ("a@x.io", "b@x.io")),
        Recipient("slack", ("one",)),
        Recipient("slack", ("two",)),
        Recipient("webhook", ("hook",)),
    )


def test_a_dag_replaces_adds_and_takes_away() -> None:
    deployment = {"email": ("a@x.io",), "slack": ("one",), "events": ("failure",)}
    own = {"email": ("b@x.io",), "slack": None, "webhook": ("hook",)}
    found = wanted(DAG, own, deployment)
    assert [each.label for each in found.recipients] == ["email:b@x.io", "webhook:hook"]
    assert found.events == ("failure",)
    assert wanted(DAG, {"events": None}, deployment).events == ("failure", "recovery")


@pytest.mark.parametrize("channel", recipients.PROVIDERS)
def test_a_missing_provider(channel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(recipients.PROVIDERS, channel, ("nosuch", "notifications/a.py"))
    to = ("a@x.io",) if channel == "email" else ("one",)
    with pytest.raises(DeploymentError, match="providers-nosuch`, which is not in") as caught:
        wanted(DAG, {channel: to}, {})
    assert f"where: DAG {DAG}, `notify` in meltano.yml" in str(caught.value)
    assert "fix: Add `apache-airflow-providers-nosuch` to requirements.txt" in str(caught.value)
    with pytest.raises(
        DeploymentError, match=r"where: Airflow's setting `\[meltano_pods\] notify`"
    ):
        wanted(DAG, {}, {channel: to})


def test_a_provider_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(recipients.PROVIDERS, "webhook", ("http", "notifications/none.py"))
    with pytest.raises(DeploymentError, match=r"is too old: it has no notifications/none\.py"):
        wanted(DAG, {"webhook": ("hook",)}, {})


def test_what_hangs_where() -> None:
    callbacks = callbacks_of(DAG, {"slack": ("one",)}, {}, ["last"])
    assert {key: type(value) for key, value in callbacks.dag.items()} == {
        "on_failure_callback": RunFailed
    }
    first, last = callbacks.of_task("first"), callbacks.of_task("last")
    assert {key: type(value) for key, value in first.items()} == {"on_failure_callback": TaskFailed}
    assert {key: type(value) for key, value in last.items()} == {
        "on_failure_callback": TaskFailed,
        "on_success_callback": RunRecovered,
        "on_skipped_callback": RunRecovered,
    }


def test_where_branches_end_in_several_tasks_the_dag_tells_of_the_recovery() -> None:
    callbacks = callbacks_of(DAG, {"slack": ("one",)}, {}, ["a", "b"])
    assert type(callbacks.dag["on_success_callback"]) is RunRecovered
    assert "on_success_callback" not in {**callbacks.of_task("a"), **callbacks.of_task("b")}


@pytest.mark.parametrize(
    ("events", "names"),
    [
        ((), set()),
        (("failure",), {"on_failure_callback"}),
        (("recovery",), {"on_success_callback", "on_skipped_callback"}),
        (("retry",), {"on_retry_callback"}),
    ],
)
def test_events(events: tuple[str, ...], names: set[str]) -> None:
    callbacks = callbacks_of(DAG, {"slack": ("one",)}, {"events": events}, ["last"])
    found = callbacks.of_task("last")
    assert set(found) == names
    assert set(callbacks.dag) == names & {"on_failure_callback"}
    if events == ("retry",):
        assert type(found["on_retry_callback"]) is TaskRetried
    if events == ("failure",):
        assert found["on_failure_callback"].remember is False
