"""What all tests share."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

# `astro dev pytest` runs tests/ in the Airflow image, which lacks what these tests of the project
# itself need: they run only where they are named, as in `pytest tests/unit`.
collect_ignore = [
    "apiserver",
    "astro_dev",
    "charts",
    "cluster",
    "docs",
    "images",
    "local",
    "meltano",
    "runner",
    "scheduler",
    "tools",
    "unit",
]
_TIMEOUT_SECONDS = 120

# Importing Airflow makes many objects and drops none; by default the collector looks at them again
# repeatedly, and again at the end.
gc.set_threshold(100_000)


@pytest.hookimpl(tryfirst=True)  # before pytest-timeout reads its option
def pytest_configure(config: pytest.Config) -> None:
    """Be strict where tests of the project itself are named.

    Not in pyproject.toml, where it would hold for DAG tests in the image, with its packages, too.
    """
    here = Path(__file__).parent
    strict = [here / folder for folder in collect_ignore]
    named = [config.invocation_params.dir / arg.partition("::")[0] for arg in config.args]
    if not any(path.resolve().is_relative_to(folder) for path in named for folder in strict):
        return
    config.addinivalue_line("filterwarnings", "error")
    if config.getoption("timeout", None) is None:
        config.option.timeout = _TIMEOUT_SECONDS


def pytest_unconfigure() -> None:
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what the fixtures say of it that have a method `diagnosis`."""
    report = yield
    if report.failed:
        used = getattr(item, "funcargs", {}).values()
        # One value may have come by several names.
        for fixture in {id(each): each for each in used if hasattr(each, "diagnosis")}.values():
            report.sections.append((type(fixture).__name__, fixture.diagnosis()))
    return report
