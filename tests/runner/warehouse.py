"""The project meltano/shop on a PostgreSQL and with state of a test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_runner.contract.message import decode_result

from tests.runner.pipeline import BIN
from tests.support.checkout import ROOT
from tools import warehouse
from tools.local_places import build_plugins_path

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_runner.contract.result import RunResult

PROJECT = ROOT / "meltano" / "shop"
PLUGINS = build_plugins_path("shop")
LOAD = ("tap-csv", "target-postgres")
FILES = ("customers.csv", "orders.csv")


@dataclass(frozen=True)
class Shop:
    """One database, one folder with the rows, the state and a copy of the dbt project.

    Attributes:
        folder: Of the test.
        variables: By which runs reach the database.
    """

    folder: Path
    variables: dict[str, str]

    @classmethod
    def make(cls, folder: Path, variables: dict[str, str]) -> Shop:
        """Copy what a test may change."""
        shop = cls(folder, variables)
        shutil.copytree(PROJECT / "data", shop.data)
        shutil.copytree(PROJECT / "transform", shop.transform)
        shop.sql("drop schema if exists raw cascade; drop schema if exists analytics cascade")
        return shop

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def transform(self) -> Path:
        return self.folder / "transform"

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Start `meltano-runner run` with its log in the folder."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        files = ", ".join(
            f'{{"path": "{self.data / name}", "primary_keys": ["{name[:-5]}_id"], '
            '"replication_key": "updated_at"}'
            for name in FILES
        )
        environment = {
            **kept,
            **self.variables,
            "MELTANO_DATABASE_URI": f"sqlite:///{self.folder / 'meltano.db'}",
            "MELTANO_SYS_DIR_ROOT": str(PLUGINS),
            "MELTANO_RUNNER_RESULT_FILE": str(self.folder / "result.json"),
            "TAP_CSV_FILES": f"[{files}]",
            "DBT_POSTGRES_PROJECT_DIR": str(self.transform),
            "DBT_POSTGRES_PROFILES_DIR": str(self.transform),
            **env,
        }
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [BIN / "meltano-runner", "run", *arguments],
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def run(self, *arguments: str, **env: str) -> RunResult:
        """Run the runner to its end and return its result."""
        self.start(*arguments, **env).wait(timeout=300)
        return decode_result((self.folder / "result.json").read_text())

    def fill(self) -> None:
        """Put the rows where a load puts them, for tests of dbt alone."""
        self.sql("create schema raw")
        for file in FILES:
            columns = (self.data / file).read_text().partition("\n")[0]
            table = f"raw.{file[:-4]}"
            self.sql(f"create table {table} ({columns.replace(',', ' text, ')} text)")
            self.sql(f"\\copy {table} from '{self.data / file}' csv header")
            self.sql(f"alter table {table} add _sdc_batched_at timestamp default now()")

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a file of the copies."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def sql(self, statement: str) -> str:
        """Return what the database answers, a row a line."""
        host, port, user, password, database = self.variables.values()
        words = ["--host", host, "--port", port, "--username", user, "--dbname", database]
        return subprocess.run(
            [warehouse.programs() / "psql", *words, "--no-psqlrc", "--quiet", "--tuples-only",
             "--no-align", "--command", statement],
            env={**os.environ, "PGPASSWORD": password, "PGOPTIONS": "--client-min-messages=error"},
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
