"""Wait for PostgreSQL, then make the databases named, each with a user of the same name."""

import sys
from pathlib import Path

from database import connect

with connect(patience=180) as cursor:
    for name in sys.argv[1:]:
        password = Path(f"/database/{name}-password").read_text()
        if not (name.isidentifier() and password.isalnum()):
            sys.exit(f"{name}: a database's name and password take letters and digits only")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        cursor.execute(f"{verb} ROLE \"{name}\" LOGIN PASSWORD '{password}'")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if not cursor.fetchone():
            cursor.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
        cursor.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
        print(f"database {name}: ready")
