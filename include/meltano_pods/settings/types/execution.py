"""What may run a task: this worker itself, or a pod of its own."""

from __future__ import annotations

from typing import Final, Literal

Launcher = Literal["process", "kubernetes"]
PROCESS: Final = "process"
KUBERNETES: Final = "kubernetes"
