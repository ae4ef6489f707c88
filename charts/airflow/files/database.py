"""The connection to Airflow's database, as the scripts beside this one need it.

It uses only the driver: probes run every few seconds, and importing SQLAlchemy would be most of
their cost.
"""

import os
import sys
import time
from contextlib import closing, contextmanager

import psycopg2


@contextmanager
def connect(patience=0.0):
    """Yield a cursor; keep trying for some seconds, then raise what was in the way."""
    url = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "", 1)
    deadline = time.monotonic() + patience
    while True:
        try:
            connection = psycopg2.connect(url, connect_timeout=3)
            break
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                raise
            print(f"waiting for PostgreSQL: {error}".strip(), file=sys.stderr)
            time.sleep(1)
    with closing(connection):
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
