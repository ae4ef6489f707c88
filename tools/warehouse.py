"""A PostgreSQL on this machine for projects that load into one: `make run` and tests use it.

It runs from the programs of the system's PostgreSQL, in a folder and on a port of its own, and
touches no other server. Runs get one role, which owns one database and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.as_nobody import NOBODY, USERS, is_root, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLES = tuple(f"WAREHOUSE_{each}" for each in ("HOST", "PORT", "USER", "PASSWORD", "DATABASE"))
_HOST = "127.0.0.1"
_OWNER = "postgres"
_DATA = "data"
_NAME = "warehouse"  # of the role and of its database
_PLACES = (
    "usr/lib/postgresql/*/bin",  # Debian and Ubuntu
    "usr/pgsql-*/bin",  # Red Hat and Fedora
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)


class WarehouseError(Exception):
    """There is no PostgreSQL here, or it did not start; the message says what to do."""


def needed(project: Path, environment: Mapping[str, str]) -> bool:
    """Whether a project asks for a warehouse and the environment names none."""
    file = project / "meltano.yml"
    asks = file.is_file() and f"${VARIABLES[0]}" in file.read_text(encoding="utf-8")
    return asks and VARIABLES[0] not in environment


def is_empty(folder: Path) -> bool:
    """Whether the warehouse of a folder holds nothing: it was never run, or was removed."""
    return not (place(folder) / _DATA / "PG_VERSION").exists()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """Run the warehouse and yield the variables (`VARIABLES`) by which runs reach it.

    Commands that run at the same time share it, and the last one stops it. The data stays in the
    database.

    Args:
        folder: Where its files go; for root, a folder of its own in the temporary directory.

    Raises:
        WarehouseError: There is no PostgreSQL on this machine, or it does not start.
    """
    try:
        server = _Server(programs(), place(folder))
    except PermissionError as error:
        raise WarehouseError(f"{error}; remove it") from None
    with (server.folder / USERS).open("w") as users:
        with server.alone():
            fcntl.flock(users, fcntl.LOCK_SH)
            server.start()
            password = server.prepare()
        try:
            values = (_HOST, str(server.port), _NAME, password, _NAME)
            yield dict(zip(VARIABLES, values, strict=True))
        finally:
            with server.alone(), contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody else uses it
                server.stop()


@dataclass
class _Server:
    programs: Path
    folder: Path
    port: int = 0

    @property
    def data(self) -> Path:
        return self.folder / _DATA

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from starting and stopping it meanwhile."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._runs():
            self.port = int((self.data / "postmaster.pid").read_text().splitlines()[3])
            return
        if not (self.data / "PG_VERSION").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            if is_root():
                shutil.chown(self.folder, NOBODY)
            self._run("initdb", "--pgdata", self.data, "--username", _OWNER, "--pwfile",
                      self._secret(_OWNER), "--auth=scram-sha-256", "--encoding=UTF8",
                      "--locale=C", "--no-sync")  # fmt: skip
        self.port = _free_port()
        options = f"-c listen_addresses={_HOST} -c port={self.port} -c unix_socket_directories="
        self._run("pg_ctl", "start", "--wait", "--pgdata", self.data, "--options", options,
                  "--log", self.folder / "log")  # fmt: skip

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode=fast", "--pgdata", self.data)

    def prepare(self) -> str:
        """Make role and database, unless they are there; return the role's password."""
        password = self._secret(_NAME).read_text()
        if not self._sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{_NAME}'"):  # noqa: S608
            self._sql(f"CREATE ROLE {_NAME} LOGIN PASSWORD '{password}'")
        if not self._sql(f"SELECT 1 FROM pg_database WHERE datname = '{_NAME}'"):  # noqa: S608
            self._sql(f"CREATE DATABASE {_NAME} OWNER {_NAME}")
            self._sql(f"REVOKE CONNECT ON DATABASE {_NAME} FROM PUBLIC")
        return password

    def _runs(self) -> bool:
        if not (self.data / "postmaster.pid").exists():
            return False
        try:
            self._run("pg_ctl", "status", "--pgdata", self.data)
        except WarehouseError:
            return False  # what is left of one that was killed
        return True

    def _secret(self, name: str) -> Path:
        """Return the file of a role's password."""
        file = self.folder / f"password-{name}"
        if not file.exists():
            file.touch(0o600)
            file.write_text(secrets.token_urlsafe(24))
            if is_root():
                shutil.chown(file, NOBODY)
        return file

    def _sql(self, statement: str) -> str:
        return self._run("psql", "--host", _HOST, "--port", self.port, "--username", _OWNER,
                         "--dbname=postgres", "--no-psqlrc", "--quiet", "--tuples-only",
                         "--no-align", "--set=ON_ERROR_STOP=1", "--file=-", answer=statement,
                         PGPASSWORD=self._secret(_OWNER).read_text(),
                         PGOPTIONS="--client-min-messages=error")  # fmt: skip

    def _run(self, program: str, *arguments: object, answer: str = "", **env: str) -> str:
        # A file, not a pipe: the server that pg_ctl starts would hold a pipe open.
        with tempfile.TemporaryFile("w+") as output:
            ended = subprocess.run(
                [str(self.programs / program), *map(str, arguments)],
                input=answer,
                text=True,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                cwd=self.folder,
                env={**os.environ, **env},
                user=NOBODY if is_root() else None,
            )
            output.seek(0)
            text = output.read().strip()
        if ended.returncode:
            raise WarehouseError(f"PostgreSQL's {program} failed: {text}")
        return text


def programs() -> Path:
    """Return the folder of PostgreSQL's programs: of the newest version, else those on PATH.

    Raises:
        WarehouseError: There are none.
    """
    found = [path for place in _PLACES for path in Path("/").glob(place)]
    found.sort(key=lambda path: [int(each) for each in re.findall(r"\d+", path.parent.name)])
    if on_path := shutil.which("initdb"):
        found.insert(0, Path(on_path).resolve().parent)
    for folder in reversed(found):
        if all((folder / each).exists() for each in ("initdb", "pg_ctl", "psql")):
            return folder
    raise WarehouseError(
        "the project loads into PostgreSQL, and there is none on this machine. Install it (Debian: "
        "apt-get install postgresql; macOS: brew install postgresql@17; it need not run), or name "
        f"a database of yours by the variables {', '.join(VARIABLES)}"
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((_HOST, 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    try:
        print(programs())
    except WarehouseError as error:
        raise SystemExit(str(error)) from error
