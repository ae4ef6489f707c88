from __future__ import annotations

import os

import pytest

from tests.charts.helm import helm


@pytest.fixture(scope="session", autouse=True)
def _helm() -> None:
    if helm() is None:
        message = "helm is not installed: put version 3.22.0 on PATH, or its path into HELM"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
