"""Kubernetes' own schemas."""

from __future__ import annotations

from typing import Any

import kubernetes_validate

KUBERNETES = "1.35"


def validate(pod: dict[str, Any]) -> None:
    kubernetes_validate.validate(pod, KUBERNETES, strict=True)
