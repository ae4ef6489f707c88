"""Plays steps of a pod's life with plain values: no client, no cluster, a clock of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from meltano_pods.pods.lifecycle.actions import Pause, ReadClock, drive

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_pods.pods.lifecycle.actions import Action, Steps

T = TypeVar("T")
START = 1_767_323_040.0
"""2026-01-02T03:04:00Z"""


class Player:
    """Performs actions as a test says, and remembers them.

    Args:
        answer: Returns what an action yields, or raises `ApiError`.
    """

    def __init__(self, answer: Callable[[Action], Any]) -> None:
        self.answer = answer
        self.now = START
        self.actions: list[Action] = []

    @property
    def waited(self) -> float:
        """Seconds that have passed."""
        return self.now - START

    def count(self, kind: type) -> int:
        """Return how many actions of a kind there were."""
        return sum(isinstance(each, kind) for each in self.actions)

    def play(self, steps: Steps[T]) -> T:
        """Perform steps and return their result."""
        return drive(steps, self.perform)

    def perform(self, action: Action) -> Any:
        """Perform one action."""
        if isinstance(action, Pause):
            self.now += action.seconds
            return None
        if isinstance(action, ReadClock):
            return self.now
        assert len(self.actions) < 10_000, "the steps do not end"
        self.actions.append(action)
        return self.answer(action)
