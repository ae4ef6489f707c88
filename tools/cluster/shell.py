"""Runs commands: their output goes to the step's log, and to the error if they fail."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.cluster.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LAST_LINES = 30


@dataclass
class Shell:
    """Runs commands for one step.

    Attributes:
        log: Where everything the commands say is kept.
        path: Folders to search for programs before those of PATH.
        environment: Variables on top of the process's own.
    """

    log: Path
    path: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        *command: str | Path,
        fix: str = "",
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> str:
        """Run a command and return what it wrote to standard output.

        Args:
            command: Program and arguments; never a shell string.
            fix: What a person should do when it fails.
            cwd: Folder to run it in.
            environment: Further variables.
            stdin: Text to hand over; None closes standard input.

        Raises:
            ClusterError: It could not be started, or ended with another status than 0.
        """
        words = [str(word) for word in command]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as log:
            log.write(f"$ {shlex.join(words)}\n")
            log.flush()
            start = log.tell()
            try:
                ended = subprocess.run(
                    words,
                    cwd=cwd,
                    env=self._environment(environment or {}),
                    input=stdin if stdin is not None else "",
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    check=False,
                )
            except FileNotFoundError as error:
                raise ClusterError(
                    f"{words[0]} is not installed", fix or f"Install {words[0]}"
                ) from error
            log.write(ended.stdout)
        if ended.returncode:
            with self.log.open() as log:
                log.seek(start)
                shown = log.read()
            raise ClusterError(
                f"`{shlex.join(words)}` ended with exit status {ended.returncode}",
                fix or f"Read {self.log}, fix the cause and run the command again",
                "\n".join(shown.splitlines()[-_LAST_LINES:]),
            )
        return ended.stdout

    def ask(self, *command: str | Path, seconds: float = 60) -> str | None:
        """Run a command for its answer alone, unlogged; None when it fails or is missing."""
        try:
            ended = subprocess.run(
                [str(word) for word in command],
                env=self._environment({}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=seconds,
            )
        except (FileNotFoundError, subprocess.TimeoutExpired):
            return None
        return ended.stdout.strip() if ended.returncode == 0 else None

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = os.pathsep.join([*map(str, self.path), os.environ.get("PATH", os.defpath)])
        return {**os.environ, "PATH": path, **self.environment, **more}
