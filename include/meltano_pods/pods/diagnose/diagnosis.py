"""The reason why a pod waits, or why it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meltano_runner.contract.categories import Category


@dataclass(frozen=True, slots=True)
class PodDiagnosis:
    """Why a pod waits, or ended.

    Attributes:
        category: What kind of failure it is.
        reason: Kubernetes' reason, such as `OOMKilled`.
        message: Kubernetes' message; may be empty.
        final: Whether waiting cannot help, although Kubernetes retries.
        container: The init container or sidecar whose log explains it; None if there is none.
    """

    category: Category
    reason: str
    message: str = ""
    final: bool = True
    container: str | None = None

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}" if self.message else self.reason
