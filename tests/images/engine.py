"""Containers as a hardened pod has them, and what images say of themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.message import decode_result

from tools.cluster.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meltano_runner.contract.result import RunResult

DOCKER = shutil.which("docker") or "docker"
HARDENED = (
    "--rm",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--tmpfs=/tmp:rw,nosuid,nodev,mode=1777",
)


def docker(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one docker command."""
    ended = subprocess.run([DOCKER, *words], capture_output=True, text=True, check=False)
    assert not check or ended.returncode == 0, f"docker {' '.join(words)}\n{ended.stderr}"
    return ended


def shell(folder: Path) -> Shell:
    return Shell(folder / "log")


def configuration(image: str) -> dict[str, Any]:
    """Return what the image was configured with: User, Env, Labels, Entrypoint."""
    config: dict[str, Any] = json.loads(docker("image", "inspect", image).stdout)[0]["Config"]
    return config


def inside(image: str, script: str) -> str:
    """Return what a Bash script prints inside the image, as its own user.

    `docker run` may lose the output of a container that ends at once: it is complete with its mark.
    """
    mark = "end of output"
    command = ("run", "--rm", "--entrypoint=bash", image, "-euc", f"{script}\necho '{mark}'")
    for _ in range(3):
        output, found, _ = docker(*command).stdout.rpartition(mark)
        if found:
            return output
    raise AssertionError(f"the output of {image} was lost three times: {script}")


@dataclass(frozen=True)
class Pod:
    """A container that may do what a pod under the `restricted` level may, and no more."""

    image: str
    folder: Path
    user: str = "12345:0"
    network: str = "none"

    def run(
        self, *arguments: str, environment: Mapping[str, str | None] | None = None
    ) -> tuple[RunResult, str]:
        """Run the image's entrypoint; return the termination message's result, and the log.

        A variable that is None is left out.
        """
        message = self.folder / "termination-log"
        message.write_text("")
        message.chmod(0o666)
        output = self.folder / "output"
        output.mkdir(exist_ok=True)
        output.chmod(0o777)
        variables: dict[str, str | None] = {
            "MELTANO_PROJECT_ROOT": "/meltano/csv_to_json",
            "MELTANO_DATABASE_URI": "sqlite:////output/meltano.db",
            "MELTANO_PODS_OUTPUT": "/output",
            "TAP_CSV_PATH": "/output/rows.csv",
            **(environment or {}),
        }
        ended = docker(
            "run",
            *HARDENED,
            f"--user={self.user}",
            f"--network={self.network}",
            f"--volume={message}:/dev/termination-log",
            f"--volume={output}:/output",
            *(f"--env={name}={value}" for name, value in variables.items() if value is not None),
            self.image,
            *arguments,
            check=False,
        )
        log = ended.stdout + ended.stderr
        text = message.read_text()
        assert text, log
        result = decode_result(text)
        assert result.exit_code == ended.returncode
        return result, log

    def write_rows(self, count: int, *, first: int = 1) -> None:
        folder = self.folder / "output"
        folder.mkdir(exist_ok=True)
        with (folder / "rows.csv").open("a") as file:
            if first == 1:
                file.write("order_id,updated_at\n")
            for number in range(first, first + count):
                file.write(f"{number},2026-01-01T00:{number // 60:02}:{number % 60:02}Z\n")

    def rows(self) -> list[int]:
        lines = (self.folder / "output" / "orders.jsonl").read_text().splitlines()
        return [json.loads(line)["order_id"] for line in lines]
