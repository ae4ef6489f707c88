"""A bare Kubernetes API server: etcd and kube-apiserver, without nodes or controllers.

What the API server does itself is real here: resource versions, conflicts, preconditions, watches,
validation, permissions. Nothing runs pods: a test writes their status as a kubelet would.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from kubernetes.client import ApiClient, Configuration, CoreV1Api
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from tests.support.ports import free_port
from tools.cluster.cache import cache_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_START_SECONDS = 60
_STOP_SECONDS = 10
_PROGRAMS = ("etcd", "kube-apiserver")
ADMIN = "admin-token"


@dataclass(frozen=True)
class ControlPlane:
    """A running API server.

    Attributes:
        address: Its URL.
        ca: Its certificate.
        restart: Kills it and starts it again, with other users, by token.
    """

    address: str
    ca: Path
    restart: Callable[[dict[str, str]], None]

    def core(self, token: str = ADMIN) -> CoreV1Api:
        """Return a client for who has `token`."""
        return CoreV1Api(self.api(token))

    def api(self, token: str = ADMIN) -> ApiClient:
        """Return what clients of other API groups are made of."""
        configuration = Configuration(host=self.address, api_key={"BearerToken": token})
        configuration.api_key_prefix = {"BearerToken": "Bearer"}
        configuration.ssl_ca_cert = str(self.ca)
        configuration.retries = False
        return ApiClient(configuration)


def find_programs() -> Path | None:
    """Return a folder with etcd and kube-apiserver; None if there is none.

    The variable is the one of envtest (https://book.kubebuilder.io/reference/envtest.html); else
    those that the offline way of `make up` built.
    """
    named = os.environ.get("KUBEBUILDER_ASSETS")
    built = sorted(cache_root().glob("programs/*/.done"), key=lambda file: file.stat().st_mtime)
    for folder in (*([Path(named)] if named else []), *(file.parent for file in reversed(built))):
        if all(shutil.which(name, path=folder) for name in _PROGRAMS):
            return folder
    return None


@contextmanager
def run_control_plane(folder: Path, users: dict[str, str]) -> Iterator[ControlPlane]:
    """Run an API server on the loopback interface while the context lasts.

    Args:
        folder: For its files, its logs among them.
        users: Names of users without any permissions, by token.

    Raises:
        RuntimeError: It does not start; with the end of its log.
    """
    programs = find_programs()
    if programs is None:
        raise RuntimeError("no etcd and kube-apiserver; see CONTRIBUTING.md, KUBEBUILDER_ASSETS")
    store, peers, port = free_port(), free_port(), free_port()
    _write_key(folder)
    with ExitStack() as stack:
        stack.enter_context(
            _run(folder / "etcd.log", [
                programs / "etcd", "--data-dir", folder / "etcd", "--unsafe-no-fsync",
                "--listen-client-urls", f"http://127.0.0.1:{store}",
                "--advertise-client-urls", f"http://127.0.0.1:{store}",
                "--listen-peer-urls", f"http://127.0.0.1:{peers}",
            ])
        )  # fmt: skip
        log = folder / "kube-apiserver.log"
        command: list[str | Path] = [
            programs / "kube-apiserver", "--etcd-servers", f"http://127.0.0.1:{store}",
            "--bind-address", "127.0.0.1", "--secure-port", str(port),
            "--cert-dir", folder, "--token-auth-file", folder / "tokens.csv",
            "--service-account-issuer", "https://localhost", "--authorization-mode", "RBAC",
            "--service-account-key-file", folder / "key.pem",
            "--service-account-signing-key-file", folder / "key.pem",
            "--service-cluster-ip-range", "10.0.0.0/24",
            # Nothing here makes the account `default` of a namespace.
            "--disable-admission-plugins", "ServiceAccount",
            "--watch-cache=true", "--profiling=false",
        ]  # fmt: skip
        servers = stack.enter_context(ExitStack())

        def restart(users: dict[str, str]) -> None:
            for server in running:
                server.kill()
            servers.close()
            _write_users(folder, users)
            running[:] = [servers.enter_context(_run(log, command))]
            _wait(plane, running[0], log)

        running: list[subprocess.Popen[bytes]] = []
        plane = ControlPlane(f"https://127.0.0.1:{port}", folder / "apiserver.crt", restart)
        restart(users)
        yield plane


def _write_key(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )


def _write_users(folder: Path, users: dict[str, str]) -> None:
    rows = [f"{token},{name},{name}" for token, name in users.items()]
    (folder / "tokens.csv").write_text("\n".join([f"{ADMIN},admin,admin,system:masters", *rows]))


@contextmanager
def _run(log: Path, command: list[str | Path]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=log.parent)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(plane: ControlPlane, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        with suppress(ApiException, HTTPError, OSError):
            plane.core().read_namespace("default")
            return
        time.sleep(0.1)
    end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise RuntimeError(f"kube-apiserver did not start:\n{end}")


if __name__ == "__main__":
    sys.exit(find_programs() is None)
