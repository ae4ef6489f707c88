"""Wait for PostgreSQL, then make the databases named, each with a user of the same name."""

import sys
from pathlib import Path

from database import connect
from sqlalchemy import text

with connect(patience=180) as connection:
    for name in sys.argv[1:]:
        password = Path(f"/database/{name}-password").read_text()
        if not (name.isidentifier() and password.isalnum()):
            sys.exit(f"{name}: a database's name and password take letters and digits only")
        known = {"name": name}
        role = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), known)
        verb = "ALTER" if role.scalar() else "CREATE"
        connection.exec_driver_sql(f"{verb} ROLE \"{name}\" LOGIN PASSWORD '{password}'")
        there = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), known)
        if not there.scalar():
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" OWNER "{name}"')
        connection.exec_driver_sql(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
        print(f"database {name}: ready")
