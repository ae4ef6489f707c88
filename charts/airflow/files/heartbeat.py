"""Liveness of a component without a port: python heartbeat.py JOB_TYPE.

Airflow's own `airflow jobs check` does the same, but needs seconds of CPU time for each call.
"""

import os
import sys

from database import connect
from psycopg2 import OperationalError

OLDEST = 60
QUERY = """
    SELECT EXTRACT(EPOCH FROM now() - max(latest_heartbeat)) FROM job
    WHERE job_type = %s AND hostname = %s AND state = 'running'
"""

try:
    with connect() as cursor:
        cursor.execute(QUERY, (sys.argv[1], os.environ["POD_IP"]))
        (age,) = cursor.fetchone()
except OperationalError as error:
    # The database is the cause: a restart of this component would not fix it.
    sys.exit(print(f"no answer from the database: {error}"))
if age is None:
    sys.exit(f"{sys.argv[1]}: no heartbeat yet")
if age > OLDEST:
    sys.exit(f"{sys.argv[1]}: last heartbeat {age:.0f} s ago")
