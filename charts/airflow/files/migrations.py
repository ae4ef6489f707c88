"""Wait until the database has the tables of this image's Airflow, which a Job makes.

Airflow's own `airflow db check-migrations` does the same, but needs three seconds of CPU time in
each service that starts, and fails while PostgreSQL does not respond yet.
"""

import re
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from database import connect
from psycopg2.errors import UndefinedTable

PATIENCE = 480
REVISION = re.compile(r'^(revision|down_revision)(?:: [^=]+)? = "(\w+)"$', re.MULTILINE)


def newest():
    """Return the migration that no other one follows, by what Alembic writes into each."""
    (airflow,) = find_spec("airflow").submodule_search_locations[:1]
    made, followed = set(), set()
    for file in Path(airflow, "migrations", "versions").glob("*.py"):
        for name, revision in REVISION.findall(file.read_text()):
            (made if name == "revision" else followed).add(revision)
    (last,) = made - followed
    return last


def current(cursor):
    """Return the migration that the database is at; None before the first one."""
    try:
        cursor.execute("SELECT version_num FROM alembic_version")
    except UndefinedTable:
        return None
    return (cursor.fetchone() or (None,))[0]


def main():
    """Wait for it, up to `PATIENCE` seconds."""
    wanted, deadline = newest(), time.monotonic() + PATIENCE
    with connect(patience=180) as cursor:
        while (found := current(cursor)) != wanted:
            if time.monotonic() > deadline:
                sys.exit(f"the database is at migration {found}; this Airflow needs {wanted}")
            time.sleep(1)


if __name__ == "__main__":
    main()
