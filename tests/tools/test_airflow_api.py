from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tools.airflow_api import AirflowApi, text_of

if TYPE_CHECKING:
    from collections.abc import Callable


def api_of(answer: Callable[[httpx.Request], httpx.Response]) -> AirflowApi:
    return AirflowApi("http://test", "admin", lambda: "word", httpx.MockTransport(answer))


def test_it_logs_in_when_asked_to_and_again_when_the_token_is_too_old() -> None:
    tokens = iter(["first", "second"])
    accepted = ["first"]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            assert json.loads(request.content) == {"username": "admin", "password": "word"}
            return httpx.Response(201, json={"access_token": next(tokens)})
        if request.headers.get("Authorization") != f"Bearer {accepted[-1]}":
            return httpx.Response(401)
        return httpx.Response(200, json={"dag_id": "a"})

    api = api_of(answer)
    assert api.dag("a") == {"dag_id": "a"}
    accepted.append("second")
    assert api.dag("a") == {"dag_id": "a"}


def test_what_is_not_there_is_none_and_what_is_wrong_is_raised() -> None:
    status = [404]
    api = api_of(lambda _: httpx.Response(status[0]))
    assert api.dag("a") is None
    assert api.result("a", "run", "task") is None
    status[0] = 500
    with pytest.raises(httpx.HTTPStatusError):
        api.dag("a")


def test_run_ids_are_quoted() -> None:
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path)
        return httpx.Response(200, json={"state": "success"})

    api = api_of(answer)
    assert api.wait("a", "manual__2026-01-01T00:00:00+00:00", seconds=1) == "success"
    assert seen == [b"/api/v2/dags/a/dagRuns/manual__2026-01-01T00%3A00%3A00%2B00%3A00"]


def test_waiting_ends() -> None:
    api = api_of(lambda _: httpx.Response(200, json={"state": "running"}))
    with pytest.raises(TimeoutError, match="a run is running after 0 s"):
        api.wait("a", "run", seconds=0)


def test_a_part_of_airflow_that_says_nothing_is_not_healthy() -> None:
    parts = {
        "metadatabase": {"status": "healthy"},
        "scheduler": {"status": "unhealthy"},
        "triggerer": {"status": None},
    }
    assert api_of(lambda _: httpx.Response(200, json=parts)).unwell() == ["scheduler", "triggerer"]
    assert api_of(lambda _: httpx.Response(503)).unwell()


def test_a_log_entry_says_its_errors() -> None:
    entry = {"event": "Task failed", "error_detail": [{"exc_value": "why"}]}
    assert text_of(entry) == "Task failed\nwhy"
    assert text_of({"event": "moving"}) == "moving"
