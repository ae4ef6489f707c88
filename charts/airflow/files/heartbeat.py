"""Liveness of a component without a port: python heartbeat.py JOB_TYPE.

Airflow's own `airflow jobs check` asks the same, for seconds of processor time at every call.
"""

import os
import sys

from database import OperationalError, connect
from sqlalchemy import text

OLDEST = 60
QUERY = """
    SELECT EXTRACT(EPOCH FROM now() - max(latest_heartbeat)) FROM job
    WHERE job_type = :type AND hostname = :host AND state = 'running'
"""

try:
    with connect() as connection:
        question = {"type": sys.argv[1], "host": os.environ["POD_IP"]}
        age = connection.execute(text(QUERY), question).scalar()
except OperationalError as error:
    # The database's fault: a restart of this component would not mend it.
    sys.exit(print(f"no answer from the database: {error.orig}"))
if age is None:
    sys.exit(f"{sys.argv[1]}: no heartbeat yet")
if age > OLDEST:
    sys.exit(f"{sys.argv[1]}: last heartbeat {age:.0f} s ago")
