from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from meltano_pods.errors import DeploymentError
from meltano_pods.notify import incidents, notifiers
from meltano_pods.notify.incidents import get_variable_key, read_incident, record_failure
from meltano_pods.notify.notification import Incident
from meltano_pods.notify.recipients import Recipient
from meltano_pods.tasks.operator import MeltanoOperator
from meltano_runner.contract.result import Outcome, RunResult
from structlog.testing import capture_logs

from tests.support.notifications import DAG, RUN, TASK, FakeTi, context, failed
from tests.support.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_pods.notify.notification import Notification

MAIL, SLACK = Recipient("email", ("a@x.io",)), Recipient("slack", ("one",))
KEY = f"meltano_pods.failing.{DAG}"


class Outbox:
    """What was sent; `down` are the ways that do not work."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Notification]] = []
        self.down: set[str] = set()

    def import_module(self, name: str) -> Any:
        def send(recipient: Recipient, notification: Notification, _: object) -> None:
            assert name == f"meltano_pods.notify.channels.{recipient.channel}"
            if recipient.channel in self.down:
                raise OSError("no route")
            self.sent.append((recipient.channel, notification))

        return SimpleNamespace(send=send)

    @property
    def events(self) -> list[tuple[str, str]]:
        return [(channel, notification.event) for channel, notification in self.sent]


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    found = Outbox()
    monkeypatch.setattr(notifiers, "import_module", found.import_module)
    return found


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Airflow's variables, as a dictionary."""
    found = Variables()
    monkeypatch.setattr(incidents, "Variable", found)
    return found.kept


def fail(ti: FakeTi, error: BaseException | None = None, **more: Any) -> None:
    """Do as Airflow does when a task has failed for good, and then its run."""
    task_failed = notifiers.TaskFailed((MAIL, SLACK), record=True)
    task_failed(context(ti, exception=error, **more))
    run_failed = notifiers.RunFailed((MAIL, SLACK), record=True)
    run_failed(context(ti, **more))


def succeed(ti: FakeTi, **params: Any) -> None:
    notifiers.RunRecovered((MAIL, SLACK))(context(ti, params=params))


def test_a_failure_and_its_end_are_told_once_each(
    outbox: Outbox, variables: dict[str, str]
) -> None:
    fail(FakeTi(), failed())
    assert outbox.events == [("email", "failure"), ("slack", "failure")]
    assert outbox.sent[0][1].category == "target_failed"
    assert outbox.sent[0][1].tries == 3
    assert list(variables) == [KEY]
    ti = FakeTi()
    ti.xcoms["return_value"] = RunResult(Outcome.SUCCEEDED, 0, extracted=7).as_dict()
    for _ in range(2):
        succeed(ti)
    assert outbox.events[2:] == [("email", "recovery"), ("slack", "recovery")]
    assert (outbox.sent[2][1].extracted, outbox.sent[2][1].failed_runs) == (7, 1)
    assert variables == {}


def test_a_success_after_successes_is_no_news(outbox: Outbox) -> None:
    succeed(FakeTi())
    assert outbox.sent == []


def test_a_run_of_some_tasks_tells_of_the_recovery_if_what_failed_is_among_them(
    outbox: Outbox, variables: dict[str, str]
) -> None:
    fail(FakeTi(), failed())
    del outbox.sent[:]
    succeed(FakeTi(), only_tasks=["another"])
    assert (outbox.sent, list(variables)) == ([], [KEY])
    succeed(FakeTi(), only_tasks=["another", TASK])
    assert outbox.events == [("email", "recovery"), ("slack", "recovery")]


def test_a_recovery_without_a_result(outbox: Outbox) -> None:
    record_failure(DAG, RUN, TASK, "2026-01-01")
    succeed(FakeTi())
    assert outbox.sent[0][1].extracted is None


def test_a_recovery_that_the_dag_tells(outbox: Outbox, variables: dict[str, str]) -> None:
    record_failure(DAG, RUN, TASK, "2026-01-01")
    without_ti = context(FakeTi())
    del without_ti["ti"]
    notifiers.RunRecovered((MAIL, SLACK))(without_ti)
    assert outbox.events == [("email", "recovery"), ("slack", "recovery")]
    assert variables == {}


def operator(list_pod_commands: Callable[[Any], list[str]]) -> Mock:
    return Mock(spec=MeltanoOperator, list_pod_commands=list_pod_commands)


def test_a_killed_task_is_told_of_by_the_dag(outbox: Outbox, variables: dict[str, str]) -> None:
    task = operator(lambda ti: [f"kubectl get pods {ti.task_id}"])
    fail(FakeTi(), None, task=task)
    assert outbox.events == [("email", "failure"), ("slack", "failure")]
    notification = outbox.sent[0][1]
    assert notification.task_id == TASK
    assert notification.look == (f"kubectl get pods {TASK}",)
    assert list(variables) == [KEY]


def test_a_run_whose_task_airflow_does_not_name(outbox: Outbox) -> None:
    notifiers.RunFailed((MAIL,), record=True)(context())
    assert outbox.sent[0][1].task_id is None


def test_who_was_not_reached_is_tried_again_by_the_dag(outbox: Outbox) -> None:
    ti, error = FakeTi(), failed()
    outbox.down = {"email"}
    with capture_logs() as logs:
        notifiers.TaskFailed((MAIL, SLACK), record=True)(context(ti, exception=error))
    assert outbox.events == [("slack", "failure")]
    assert [each["log_level"] for each in logs] == ["error", "info"]
    outbox.down = set()
    notifiers.RunFailed((MAIL, SLACK), record=True)(context(ti))
    assert outbox.events == [("slack", "failure"), ("email", "failure")]
    assert outbox.sent[1][1].as_dict() == outbox.sent[0][1].as_dict()


def test_a_memory_that_fails_keeps_nobody_from_being_told(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ti = FakeTi()
    for name in ("xcom_push", "xcom_pull"):
        monkeypatch.setattr(ti, name, None)
    fail(ti, failed())
    assert [notification.category for _, notification in outbox.sent[:2]] == ["target_failed"] * 2


def test_an_operator_that_cannot_find_its_pods(outbox: Outbox) -> None:
    def broken(_: object) -> list[str]:
        raise DeploymentError("no template", "here", "Fix it.")

    task = operator(broken)
    notifiers.TaskRetried((MAIL,))(context(FakeTi(), exception=failed(), task=task))
    assert outbox.events == [("email", "retry")]


def test_nobody_reached_means_nothing_to_recover_from(
    outbox: Outbox, variables: dict[str, str]
) -> None:
    outbox.down = {"email", "slack"}
    fail(FakeTi(), failed())
    assert variables == {}


def test_a_recovery_that_reached_nobody_is_told_by_the_next_run(
    outbox: Outbox, variables: dict[str, str]
) -> None:
    fail(FakeTi(), failed())
    outbox.down = {"email", "slack"}
    succeed(FakeTi())
    assert list(variables) == [KEY]
    outbox.down = set()
    succeed(FakeTi())
    assert outbox.events[2:] == [("email", "recovery"), ("slack", "recovery")]


def test_retries_are_told_without_being_remembered(
    outbox: Outbox, variables: dict[str, str]
) -> None:
    ti = FakeTi(try_number=1)
    notifiers.TaskRetried((MAIL,))(context(ti, exception=failed()))
    notifiers.TaskRetried((MAIL,))(context(ti))
    assert outbox.events == [("email", "retry")] * 2
    assert (variables, ti.xcoms) == ({}, {})


def test_without_recovery_nothing_is_remembered(outbox: Outbox, variables: dict[str, str]) -> None:
    notifiers.TaskFailed((MAIL,), record=False)(context(FakeTi(), exception=failed()))
    assert outbox.events == [("email", "failure")]
    assert variables == {}


def test_failed_runs_are_counted_and_a_cleared_one_once() -> None:
    record_failure(DAG, "one", "a", "2026-01-01")
    record_failure(DAG, "one", None, "2026-01-02")
    record_failure(DAG, "two", "b", "2026-01-03")
    assert read_incident(DAG) == Incident("2026-01-01", 2, "two", ["a", "b"])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"since": "x"}', json.dumps("x")])
def test_an_edited_variable_still_says_that_there_was_trouble(
    text: str, variables: dict[str, str]
) -> None:
    variables[KEY] = text
    assert read_incident(DAG) is not None


def test_long_names_stay_apart_and_fit() -> None:
    names = {get_variable_key("d" * 249 + end) for end in "ab"}
    assert len(names) == 2
    assert max(map(len, names)) <= 250


def test_failures_are_sent_if_airflow_cannot_store_them(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("the API server is away")

    for name in ("get", "set", "delete"):
        monkeypatch.setattr(f"{incidents.__name__}.Variable.{name}", refuse)
    with capture_logs() as logs:
        fail(FakeTi(), failed())
        succeed(FakeTi())
    assert outbox.events == [("email", "failure"), ("slack", "failure")]
    texts = [each["event"] for each in logs if each["log_level"] == "error"]
    assert "Could not record the failure: its recovery will not be sent" in texts
    assert "Could not read whether a failure was reported" in texts
