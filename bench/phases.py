"""Prints what each phase of parsing takes with the `meltano_pods` that Python finds, in seconds.

`bench.against` runs it once for each of two trees.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
from pathlib import Path

from bench.parse import write_projects
from bench.timing import on_the_processor

PROJECTS = 40


def main() -> None:
    """Print the least of all projects, for a machine's other work only ever adds."""
    with tempfile.TemporaryDirectory() as work:
        root = Path(work)
        os.environ["AIRFLOW_HOME"] = str(root / "airflow")
        os.environ.pop("MELTANO_ENVIRONMENT", None)
        files = write_projects(root, PROJECTS)
        began = on_the_processor()
        from meltano_pods.plan import plan  # noqa: PLC0415 - this is timed
        from meltano_pods.project import read_project  # noqa: PLC0415

        found = {"import of reading and planning": on_the_processor() - began}
        gc.disable()
        reading, planning, making = [], [], []
        for file in files:
            began = on_the_processor()
            project = read_project(root / "meltano" / file.stem)
            read = on_the_processor()
            plan(project)
            reading.append(read - began)
            planning.append(on_the_processor() - read)
        from meltano_pods import airflow_dags  # noqa: PLC0415 - imports Airflow

        for file in files:
            began = on_the_processor()
            airflow_dags(str(file))
            making.append(on_the_processor() - began)
        # The first ones import and compile.
        found |= {"reading a project": min(reading[1:]), "planning it": min(planning[1:])}
        found["reading, planning and making its DAGs"] = min(making[1:])
        json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
