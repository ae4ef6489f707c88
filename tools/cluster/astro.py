"""`make astro-kind`: Airflow of `astro dev start` runs its tasks as pods of the kind cluster.

Its containers are on a separate network, and kind publishes its API server on this machine's
loopback address only. A relay connects the two networks. A token of a service account with only the
chart's launcher role grants access. It expires after a day and is written to a volume of the
scheduler, never to a file of this clone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tools.cluster.apps import MELTANO_NAMESPACE
from tools.cluster.astro_files import (
    ACCOUNT,
    DATA,
    KUBECONFIG,
    ROLE,
    SERVER,
    account,
    kubeconfig,
    variables,
    with_block,
)
from tools.cluster.errors import ClusterError
from tools.cluster.kind import NETWORK, exists, kubectl, remove_relay
from tools.cluster.places import BIN, ROOT
from tools.cluster.steps import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.cluster.settings import Settings
    from tools.cluster.shell import Shell

HOURS = 24
_SCHEDULER = "label=io.astronomer.docker.component=airflow-scheduler"
_RELAY = """\
import asyncio, sys
async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
async def serve(reader, writer):
    there, back = await asyncio.open_connection(sys.argv[1], 6443)
    await asyncio.gather(copy(reader, back), copy(there, writer))
async def main():
    async with await asyncio.start_server(serve, port=6443) as server:
        await server.serve_forever()
asyncio.run(main())
"""
# Checks the cluster, the relay, the token and the role, with the client that pods use.
_CHECK = f"""\
from kubernetes import client, config
config.load_kube_config({KUBECONFIG!r})
client.CoreV1Api().list_namespaced_pod({MELTANO_NAMESPACE!r}, limit=1, _request_timeout=20)
"""


@dataclass
class AstroKind:
    """Connects or disconnects the two.

    Attributes:
        settings: The cluster.
        scheduler: Container of the running Airflow's scheduler, found by the first step.
        network: Network of its containers.
    """

    settings: Settings
    scheduler: str = ""
    network: str = ""

    def steps(self) -> Sequence[Step]:
        """Steps that connect them."""
        return (
            Step("Airflow of astro dev", self._find),
            Step("Account", self._account),
            Step("Way to the API server", self._relay),
            Step("Kubeconfig", self._kubeconfig),
            Step("Check", self._check),
            Step("Variables", self._variables),
        )

    def steps_off(self) -> Sequence[Step]:
        """Steps that take it all back."""
        return (
            Step("Variables", lambda _: _write_block([])),
            Step("Way to the API server", lambda shell: remove_relay(self.settings, shell)),
            Step("Account", self._remove_account),
        )

    def _find(self, shell: Shell) -> str:
        running = (shell.ask("docker", "ps", "--quiet", "--filter", _SCHEDULER) or "").split()
        # One by one: another project's may end meanwhile.
        output = [shell.ask("docker", "inspect", each) for each in running]
        for each in [found for text in output if text for found in json.loads(text)]:
            mounts = {mount["Destination"]: mount["Source"] for mount in each["Mounts"]}
            if _is_ours(mounts.get("/usr/local/airflow/dags", "")):
                break
        else:
            raise ClusterError(
                f"No Airflow of `astro dev start` runs from {ROOT}",
                "Start it, `astro dev start`, and run this again",
            )
        self.scheduler = each["Name"].removeprefix("/")
        self.network = next(iter(each["NetworkSettings"]["Networks"]))
        if DATA not in mounts:
            raise ClusterError(
                f"{self.scheduler} has no volume at {DATA}",
                "Let docker-compose.override.yml mount one, as the repository's does, and run "
                "`astro dev restart`",
            )
        return f"{self.scheduler}, network {self.network}"

    def _account(self, shell: Shell) -> str:
        kubectl(self.settings, shell, "apply", "-f", "-", stdin=json.dumps(account()))
        return f"{ACCOUNT} in namespace {MELTANO_NAMESPACE}, role {ROLE}"

    def _relay(self, shell: Shell) -> str:
        remove_relay(self.settings, shell)
        relay = self.settings.relay
        shell.run(
            "docker", "run", "--detach", "--restart=always", "--name", relay,
            "--network", NETWORK, "--read-only", "--cap-drop=ALL",
            "--security-opt=no-new-privileges", "--entrypoint=python3",
            f"{self.settings.registry_host}/meltano:dev", "-c", _RELAY, self.settings.node,
            fix="`make up` makes the image and the network",
        )  # fmt: skip
        shell.run("docker", "network", "connect", "--alias", SERVER, self.network, relay)
        return f"{relay}, there called {SERVER}"

    def _kubeconfig(self, shell: Shell) -> str:
        # By ask(): the token must not get into a log.
        token = shell.ask(
            BIN / "kubectl", "--kubeconfig", self.settings.kubeconfig,
            "--namespace", MELTANO_NAMESPACE, "create", "token", ACCOUNT, f"--duration={HOURS}h",
        )  # fmt: skip
        if not token:
            raise ClusterError("The cluster gives no token", "See whether it is well: `make up`")
        admin = yaml.safe_load(self.settings.kubeconfig.read_text())
        text = json.dumps(kubeconfig(admin, token))
        script = f"umask 077 && cat >{KUBECONFIG}.new && mv {KUBECONFIG}.new {KUBECONFIG}"
        shell.run("docker", "exec", "--interactive", self.scheduler, "sh", "-c", script, stdin=text)
        return f"{KUBECONFIG} in the volume, good for {HOURS} hours"

    def _check(self, shell: Shell) -> str:
        shell.run("docker", "exec", self.scheduler, "python", "-c", _CHECK)
        return "the cluster answers the scheduler"

    def _variables(self, _: Shell) -> str:
        return _write_block(variables(self.settings))

    def _remove_account(self, shell: Shell) -> str:
        if not exists(self.settings, shell):
            return "gone with its cluster"
        kubectl(
            self.settings, shell, "--namespace", MELTANO_NAMESPACE, "delete",
            "serviceaccount,rolebinding", ACCOUNT, "--ignore-not-found",
        )  # fmt: skip
        return "removed, and its tokens with it"


def _is_ours(dags: str) -> bool:
    """Whether a mounted folder is this project's; Docker Desktop puts something before its path."""
    return dags.endswith(str(ROOT / "dags")) or Path(dags).resolve() == ROOT / "dags"


def _write_block(lines: Sequence[str]) -> str:
    file = ROOT / ".env"
    before = file.read_text() if file.exists() else ""
    after = with_block(before, lines)
    if after == before:
        return "as they were"
    file.touch(mode=0o600)
    file.write_text(after)
    return ".env has changed: `astro dev restart` makes Airflow read it"
