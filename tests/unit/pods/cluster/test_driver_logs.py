"""The relay of a pod's log: each line once, however often the connection ends."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("kubernetes")

from kubernetes.client.exceptions import ApiException
from meltano_pods.pods.cluster.driver import ClusterDriver
from meltano_pods.pods.lifecycle.deferral import WaitResult
from meltano_pods.pods.lifecycle.follow import follow_log
from meltano_pods.pods.lifecycle.log_position import LogPosition
from meltano_pods.pods.lifecycle.observation import Observation
from meltano_pods.pods.lifecycle.pod_run import PodRun
from meltano_runner.contract.message import encode_log_line
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, ProtocolError, ReadTimeoutError

from tests.support.clock import Clock
from tests.support.fake_cluster import refusal
from tests.support.pods import OK, RUNNING, ended, over

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def raw(number: int, text: str | None = None) -> bytes:
    """Return a line as Kubernetes gives it: ten in a second."""
    time = START + timedelta(seconds=number / 10)
    stamp = f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond * 1000:09}Z"
    return f"{stamp} {text or f'line {number}'}\n".encode()


class Node:
    """A container's log as the API serves it: connections end as the test says.

    Attributes:
        lines: All that the container writes.
        reads: For each connection, how many lines there are by then, and how it ends.
        asked: From when each connection asked for lines.
    """

    def __init__(
        self, lines: list[bytes], reads: list[tuple[int, Exception | bytes | None]]
    ) -> None:
        self.lines = lines
        self.reads = reads
        self.asked: list[str | None] = []
        self.states = [RUNNING] * (len(reads) - 1) + [over(ended())]
        self.api_client: Any = self

    def sanitize_for_serialization(self, pod: Any) -> Any:
        return {"metadata": {}, "status": pod}

    def read_namespaced_pod(self, *_: object, **__: object) -> Any:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def call_api(
        self, _path: str, _method: str, _names: Any, query: Any, *_: Any, **__: Any
    ) -> Any:
        return self._read(dict(query).get("sinceTime"))

    def _read(self, since: str | None) -> Iterator[bytes]:
        self.asked.append(since)
        count, end = self.reads.pop(0) if self.reads else (len(self.lines), None)
        if isinstance(end, ApiException):
            raise end
        return self._stream(since, count, end)

    def _stream(
        self, since: str | None, count: int, end: Exception | bytes | None
    ) -> Iterator[bytes]:
        for each in self.lines[:count]:
            # The node compares whole seconds, by its own clock.
            if since is None or each[:19] >= since[:19].encode():
                yield each
        if isinstance(end, bytes):
            yield end
        elif end is not None:
            raise end


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("meltano_pods.pods.cluster.driver.time", clock)
    return clock


def followed(
    node: Node, caplog: pytest.LogCaptureFixture, *, seen: Observation | None = None
) -> list[str]:
    caplog.set_level(logging.INFO, logger="task")
    api: Any = node
    log = logging.getLogger("task")
    driver = ClusterDriver(lambda: api, "meltano", log)
    driver.drive(follow_log(seen or Observation("shop-a"), log))
    return [each.getMessage() for each in caplog.records]


LINES = [raw(number) for number in range(40)]
TEXTS = [f"line {number}" for number in range(40)]


@pytest.mark.parametrize(
    "reads",
    [
        [(40, None)],
        # The end of the log comes before Kubernetes says that the container has ended.
        [(40, None), (40, None)],
        [(40, None), (40, None), (40, None)],
        # The connection ends while lines are being written, even in the middle of one.
        [(7, None), (23, None), (40, None)],
        [(7, raw(7)[:-4]), (40, None)],
        [(7, ReadTimeoutError(None, "", "idle")), (40, None)],  # type: ignore[arg-type]
        [(0, None), (40, None)],
    ],
)
def test_no_line_is_lost_or_comes_twice(
    reads: list[tuple[int, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    assert followed(Node(LINES, reads), caplog) == TEXTS


def test_a_connection_that_breaks_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    reads: list[tuple[int, Any]] = [(9, ProtocolError("reset")), (40, None)]
    lines = followed(Node(LINES, reads), caplog)
    assert [each for each in lines if each.startswith("line ")] == TEXTS
    assert [each for each in lines if not each.startswith("line ")] == [
        "The connection to the log of pod shop-a broke (reset); resuming where it ended"
    ]


def test_a_log_that_breaks_off_at_the_containers_end_is_read_to_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    node = Node(LINES, [(9, refusal(503)), (40, None)])
    node.states = [over(ended())]
    assert [each for each in followed(node, caplog) if each.startswith("line ")] == TEXTS


def test_a_last_line_without_an_end_is_relayed_too(caplog: pytest.LogCaptureFixture) -> None:
    lines = [*LINES[:-1], LINES[-1].rstrip(b"\n")]
    assert followed(Node(lines, [(40, None)]), caplog) == TEXTS


def test_lines_alike_and_out_of_order_are_lines_of_their_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Two streams of one container; equal lines at one moment.
    lines = [raw(11, "out"), raw(9, "err"), raw(11, "same"), raw(11, "same"), raw(12, "end")]
    node = Node(lines, [(2, None), (4, None), (5, None), (5, None)])
    assert followed(node, caplog) == ["out", "err", "same", "same", "end"]


def test_only_the_last_seconds_are_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    node = Node(LINES, [(38, None), (40, None)])
    followed(node, caplog)
    assert node.asked[:2] == [None, "2026-01-02T03:04:07Z"]


def test_expired_credentials_are_read_again_and_no_line_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = Node(LINES, [(30, None), (0, refusal(401))])
    old.states = [RUNNING]
    new = Node(LINES, [(40, None)])
    nodes: list[Any] = [old, new]
    caplog.set_level(logging.INFO, logger="task")
    log, seen = logging.getLogger("task"), Observation("shop-a")
    ClusterDriver(lambda: nodes.pop(0), "meltano", log).drive(follow_log(seen, log))
    lines = [each.getMessage() for each in caplog.records]
    assert [each for each in lines if each.startswith("line ")] == TEXTS
    assert "The cluster rejects the credentials; reading them again" in lines
    assert seen.last_line == "line 39"


def test_an_api_server_that_is_away_for_minutes_is_waited_for(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    node = Node(LINES, [(9, ProtocolError("reset")), (40, None)])

    def away(*_: object, **__: object) -> Any:
        if clock.now < 300:
            raise MaxRetryError(HTTPConnectionPool("c"), "/", None)
        return over(ended())

    node.read_namespaced_pod = away  # type: ignore[method-assign]
    lines = followed(node, caplog)
    assert [each for each in lines if each.startswith("line ")] == TEXTS
    assert sum("waiting up to 10 minutes" in each for each in lines) == 1
    assert 300 <= clock.now < 320


def test_what_the_node_rotated_away_meanwhile_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    node = Node(LINES, [(5, ProtocolError("reset")), (40, None)])
    real = node.call_api

    def rotate(*arguments: Any, **options: Any) -> Any:
        if node.asked:
            node.lines = LINES[25:]
        return real(*arguments, **options)

    node.call_api = rotate  # type: ignore[method-assign]
    lines = followed(node, caplog)
    assert [each for each in lines if each.startswith("line ")] == [*TEXTS[:5], *TEXTS[25:]]
    assert sum("Lines of the log are missing" in each for each in lines) == 1


@pytest.mark.parametrize("deferred", [False, True])
def test_lines_that_the_node_no_longer_has_are_counted(
    caplog: pytest.LogCaptureFixture, *, deferred: bool
) -> None:
    node = Node([*LINES[30:], raw(40, encode_log_line(OK, 40))], [])
    node.states = [over(ended())]
    caplog.set_level(logging.INFO, logger="task")
    log = logging.getLogger("task")
    api: Any = node
    run = PodRun(Observation("shop-a"), "meltano", "", 60.0, log)
    steps: Any = run.resume(WaitResult("ended"), 0) if deferred else run.follow()
    ClusterDriver(lambda: api, "meltano", log).drive(steps)
    shown = [each.getMessage() for each in caplog.records]
    assert shown[:10] == TEXTS[30:]
    assert shown[10].startswith("30 of the 41 lines of the log are missing")


def test_a_complete_log_has_no_missing_lines() -> None:
    seen = Observation("shop-a")
    for line in [*LINES, b"a line of a library\n", raw(40, encode_log_line(OK, 40))]:
        seen.take_line(line)
    assert (seen.result, seen.missing_lines) == (OK, 0)


@pytest.mark.parametrize("end", ["}", ',"log_lines":"x"}', ',"log_lines":null}'])
def test_a_result_without_a_count_of_lines_is_one(end: str) -> None:
    seen = Observation("shop-a")
    seen.take_line(raw(1, encode_log_line(OK, 7).partition(',"log_lines"')[0] + end))
    assert (seen.result, seen.missing_lines) == (OK, 0)


def test_a_position_keeps_the_last_seconds_alone() -> None:
    position = LogPosition()
    for number in range(10_000):
        assert position.take(raw(number)) == f"line {number}"
    assert len(position._recent) <= 20
    position.resume()
    assert position.take(raw(9_999)) is None
    assert position.take(raw(10_000)) == "line 10000"


def test_the_rest_of_a_line_that_was_kept_in_parts_has_no_time() -> None:
    assert LogPosition().take(b"and the rest of it\n") == "and the rest of it"
    assert LogPosition().take(raw(1, "")[:31] + b"\n") == ""
