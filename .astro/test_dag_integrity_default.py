"""What `astro dev parse` and `astro deploy` run in the image: every DAG file can be imported.

In place of the file that the Astro CLI generates, which passes DagBag an option that Airflow 3.3 no
longer has.
"""

from __future__ import annotations

import pytest
from dag_loading import import_errors, load_dags

_ERRORS = import_errors(load_dags())


@pytest.mark.parametrize("file", _ERRORS or ["every file"])
def test_file_imports(file: str) -> None:
    """Show the import error of a DAG file, if it has one."""
    if file in _ERRORS:
        pytest.fail(f"{file}:\n{_ERRORS[file]}", pytrace=False)
