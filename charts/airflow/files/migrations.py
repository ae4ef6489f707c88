"""Wait until the database has the tables of this image's Airflow, which a Job makes.

`airflow db check-migrations` alone fails while PostgreSQL does not answer yet, and Kubernetes then
waits ever longer before it tries again.
"""

from database import connect

connect(patience=180).close()

from airflow.utils.db import check_migrations  # noqa: E402 - takes seconds, used by then

check_migrations(timeout=300)
