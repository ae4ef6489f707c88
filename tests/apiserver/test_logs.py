"""A log stays whole while the API server is killed and the token of its reader is revoked.

The API server is real, and so is the client. What a node does is played: it serves the log of its
container, as `kubectl logs` has it, over HTTPS.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("kubernetes")

from meltano_pods.pods.cluster.driver import ClusterDriver
from meltano_pods.pods.lifecycle.actions import CreatePod
from meltano_pods.pods.lifecycle.observation import Observation
from meltano_pods.pods.lifecycle.pod_run import PodRun

from tests.apiserver.launching import LAUNCHER, LOG, NAME, build, finish, touch
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernetes.client import CoreV1Api

    from tests.support.control_plane import ControlPlane


class Container:
    """Writes a line every few milliseconds until it is told to end."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.over = threading.Event()
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.005):
            self.write()
        for _ in range(20):
            self.write()
        self.ended.set()

    def write(self) -> None:
        now = datetime.now(UTC)
        stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond * 1000:09}Z"
        self.lines.append(f"{stamp} line {len(self.lines) + 1}\n")


@contextmanager
def play_node(plane: ControlPlane, container: Container) -> Iterator[int]:
    """Serve the container's log as a kubelet does, and yield the port."""

    class Kubelet(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            since = query.get("sinceTime", [""])[0][:19]
            self.send_response(200)
            self.end_headers()
            sent = 0
            while True:
                ended = container.ended.is_set()
                for line in container.lines[sent:]:
                    sent += 1
                    if line[:19] >= since:
                        self.wfile.write(line.encode())
                self.wfile.flush()
                if ended or query.get("follow") != ["true"]:
                    return
                time.sleep(0.01)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Kubelet)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(plane.ca, plane.ca.with_suffix(".key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


class Lines(logging.Handler):
    """Remembers what is relayed."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def count(self) -> int:
        return sum(each.startswith("line ") for each in self.texts)


def test_no_line_is_lost_or_repeated(plane: ControlPlane, admin: CoreV1Api, namespace: str) -> None:
    container, lines = Container(), Lines()
    log = logging.getLogger(f"{LOG.name}.{namespace}")
    log.setLevel(logging.INFO)
    log.addHandler(lines)
    tokens = [LAUNCHER, "issued-later"]
    driver = ClusterDriver(
        lambda: plane.core(tokens.pop(0) if len(tokens) > 1 else tokens[0]), namespace, log
    )
    run = PodRun(Observation(NAME), namespace, "", 60.0, log)

    def follow() -> None:
        with driver.watching(run.observation):
            driver.drive(run.follow())

    try:
        with play_node(plane, container) as port:
            add_node(admin, port)
            pod = build(namespace)
            pod["spec"]["nodeName"] = "played"
            driver.perform(CreatePod(pod))
            touch(admin, namespace)
            start_container(admin, namespace)
            for target in (container.run, follow):
                threading.Thread(target=target, daemon=True).start()
            wait_for("lines", lambda: lines.count() > 100, seconds=30)
            plane.restart({tokens[-1]: "launcher"})  # the old token is invalid
            after = lines.count()
            wait_for("lines again", lambda: lines.count() > after + 100, seconds=60)
            container.over.set()
            container.ended.wait(10)
            finish(admin, namespace)
            expected = [f"line {number + 1}" for number in range(len(container.lines))]
            wait_for("the last line", lambda: expected[-1] in lines.texts, seconds=30)
    finally:
        plane.restart({LAUNCHER: "launcher"})
    assert [each for each in lines.texts if each.startswith("line ")] == expected
    others = [each for each in lines.texts if not each.startswith("line ")]
    assert any("The cluster rejects the credentials" in each for each in others)
    assert not any("are missing" in each for each in others)


def add_node(admin: CoreV1Api, port: int) -> None:
    admin.create_node({"metadata": {"name": "played"}})
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    admin.patch_node_status("played", {"status": status})


def start_container(admin: CoreV1Api, namespace: str) -> None:
    running: dict[str, Any] = {
        "name": "meltano", "state": {"running": {"startedAt": "2026-01-02T03:04:05Z"}},
        "image": "i", "imageID": "", "ready": True, "restartCount": 0,
    }  # fmt: skip
    body = {"status": {"phase": "Running", "containerStatuses": [running]}}
    admin.patch_namespaced_pod_status(NAME, namespace, body)
