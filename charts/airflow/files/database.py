"""The connection to Airflow's database, as the scripts beside this one need it."""

import os
import sys
import time

import sqlalchemy
from sqlalchemy.exc import OperationalError


def connect(patience=0.0):
    """Return a connection; keep trying for some seconds, then raise what was in the way."""
    engine = sqlalchemy.create_engine(
        os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"],
        isolation_level="AUTOCOMMIT",
        poolclass=sqlalchemy.pool.NullPool,
        connect_args={"connect_timeout": 3},
    )
    deadline = time.monotonic() + patience
    while True:
        try:
            return engine.connect()
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise
            print(f"waiting for PostgreSQL: {error.orig}", file=sys.stderr)
            time.sleep(1)
