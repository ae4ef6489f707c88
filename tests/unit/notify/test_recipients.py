from __future__ import annotations

import pytest
from meltano_pods.errors import DeploymentError
from meltano_pods.notify import build_callbacks
from meltano_pods.notify.notifiers import RunFailed, RunRecovered, TaskFailed, TaskRetried
from meltano_pods.notify.recipients import Recipient, Routing, resolve_routing
from meltano_pods.settings.types.notify import CHANNELS

DAG = "shop.daily"


def replace_notifier(
    monkeypatch: pytest.MonkeyPatch, channel: str, provider: str, notifier: str
) -> None:
    changed = CHANNELS[channel]._replace(provider=provider, notifier=notifier)
    monkeypatch.setitem(CHANNELS, channel, changed)


def test_nobody() -> None:
    assert resolve_routing(DAG, {}, {}) == Routing((), ("failure", "recovery"))
    callbacks = build_callbacks(DAG, {}, {}, ["a"])
    assert (callbacks.dag, callbacks.select_task("a")) == ({}, {})


def test_a_deployment_can_be_silent_and_needs_no_provider_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace_notifier(monkeypatch, "slack", "nosuch", "notifications/a.py")
    assert resolve_routing(DAG, {"slack": ("one",)}, None).recipients == ()


def test_the_deployment_speaks_for_all() -> None:
    deployment = {"email": ("a@x.io", "b@x.io"), "slack": ("one", "two"), "webhook": ("hook",)}
    assert resolve_routing(DAG, {}, deployment).recipients == (
        Recipient("email", ("a@x.io", "b@x.io")),
        Recipient("slack", ("one",)),
        Recipient("slack", ("two",)),
        Recipient("webhook", ("hook",)),
    )


def test_a_dag_replaces_adds_and_takes_away() -> None:
    deployment = {"email": ("a@x.io",), "slack": ("one",), "events": ("failure",)}
    own = {"email": ("b@x.io",), "slack": None, "webhook": ("hook",)}
    found = resolve_routing(DAG, own, deployment)
    assert [each.label for each in found.recipients] == ["email:b@x.io", "webhook:hook"]
    assert found.events == ("failure",)
    assert resolve_routing(DAG, {"events": None}, deployment).events == ("failure", "recovery")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_missing_provider(channel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_notifier(monkeypatch, channel, "nosuch", "notifications/a.py")
    to = ("a@x.io",) if channel == "email" else ("one",)
    with pytest.raises(DeploymentError, match="providers-nosuch`, which is not in") as caught:
        resolve_routing(DAG, {channel: to}, {})
    assert f"where: DAG {DAG}, `notify` in meltano.yml" in str(caught.value)
    assert "fix: Add `apache-airflow-providers-nosuch` to requirements.txt" in str(caught.value)
    with pytest.raises(
        DeploymentError, match=r"where: Airflow's setting `\[meltano_pods\] notify`"
    ):
        resolve_routing(DAG, {}, {channel: to})


def test_a_provider_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_notifier(monkeypatch, "webhook", "http", "notifications/none.py")
    with pytest.raises(DeploymentError, match=r"is too old: it has no notifications/none\.py"):
        resolve_routing(DAG, {"webhook": ("hook",)}, {})


def test_what_hangs_where() -> None:
    callbacks = build_callbacks(DAG, {"slack": ("one",)}, {}, ["last"])
    assert {key: type(value) for key, value in callbacks.dag.items()} == {
        "on_failure_callback": RunFailed
    }
    first, last = callbacks.select_task("first"), callbacks.select_task("last")
    assert {key: type(value) for key, value in first.items()} == {"on_failure_callback": TaskFailed}
    assert {key: type(value) for key, value in last.items()} == {
        "on_failure_callback": TaskFailed,
        "on_success_callback": RunRecovered,
        "on_skipped_callback": RunRecovered,
    }


def test_where_branches_end_in_several_tasks_the_dag_tells_of_the_recovery() -> None:
    callbacks = build_callbacks(DAG, {"slack": ("one",)}, {}, ["a", "b"])
    assert type(callbacks.dag["on_success_callback"]) is RunRecovered
    assert "on_success_callback" not in {**callbacks.select_task("a"), **callbacks.select_task("b")}


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
    callbacks = build_callbacks(DAG, {"slack": ("one",)}, {"events": events}, ["last"])
    found = callbacks.select_task("last")
    assert set(found) == names
    assert set(callbacks.dag) == names & {"on_failure_callback"}
    if events == ("retry",):
        assert type(found["on_retry_callback"]) is TaskRetried
    if events == ("failure",):
        assert found["on_failure_callback"].record is False
