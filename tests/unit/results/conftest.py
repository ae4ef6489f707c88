"""Airflow's variables and the log of such a task."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from meltano_pods.results import columns

from tests.support.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = Variables()
    monkeypatch.setattr(columns, "Variable", found)
    return found.kept


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "task"):
        yield caplog
