"""Airflow's variables, as a dictionary."""

from __future__ import annotations


class Variables:
    """Stands for `airflow.sdk.Variable`.

    Attributes:
        kept: Values by key.
    """

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str, default: str | None) -> str | None:
        return self.kept.get(key, default)

    def set(self, key: str, value: str, description: str) -> None:
        assert "Meltano Pods" in description
        self.kept[key] = value

    def delete(self, key: str) -> None:
        del self.kept[key]
