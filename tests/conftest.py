"""What all tests share."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

# Importing Airflow makes many objects and drops none; by default the collector looks at them again
# and again, and once more in the end.
gc.set_threshold(100_000)


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
