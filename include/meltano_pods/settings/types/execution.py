"""How a task is executed: by the Airflow worker itself, or as a Kubernetes pod."""

from __future__ import annotations

from typing import Final, Literal

ExecutionMode = Literal["local", "kubernetes"]
LOCAL: Final = "local"
KUBERNETES: Final = "kubernetes"
