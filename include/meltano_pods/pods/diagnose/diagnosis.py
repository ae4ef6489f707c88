"""What is the matter with a pod."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meltano_runner.contract.categories import Category


@dataclass(frozen=True, slots=True)
class PodDiagnosis:
    """What is the matter with a pod.

    Attributes:
        category: What kind of failure it is.
        reason: Kubernetes' own word for it, such as `OOMKilled`.
        message: Kubernetes' own text; may be empty.
        final: Whether waiting cannot fix it, though Kubernetes goes on trying.
        container: The container, not the run's own, whose log says more; None for none.
    """

    category: Category
    reason: str
    message: str = ""
    final: bool = True
    container: str | None = None

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}" if self.message else self.reason
