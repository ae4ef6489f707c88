"""A serializable request for a pod: everything it is built from, without secret values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from meltano_pods.pods.spec.build import RunSpec, build_pod
from meltano_pods.pods.spec.naming import (
    TaskInstanceTry,  # noqa: TC001 - `_adapter` reads the types
)
from meltano_pods.pods.spec.options import PodOptions  # noqa: TC001
from meltano_pods.pods.spec.template import read_template

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class PodRequest:
    """A request for the pod of one try, from which any process can start it.

    Attributes:
        options: The pod's options.
        command: What runs in it.
        run: Which try of which task instance it is for.
        template: The manifest of the pod template.
    """

    options: PodOptions
    command: RunSpec
    run: TaskInstanceTry
    template: dict[str, Any]

    @classmethod
    def read(cls, options: PodOptions, command: RunSpec, run: TaskInstanceTry) -> PodRequest:
        """Return the request of a try, its template read.

        Raises:
            DeploymentError: The template cannot be used.
        """
        return cls(options, command, run, read_template(options.template))

    def build(self) -> dict[str, Any]:
        """Return the pod's manifest.

        Raises:
            DeploymentError: The template holds a secret in plain text.
        """
        return build_pod(self.template, self.options, self.command, self.run)

    def serialize(self) -> dict[str, Any]:
        """Return the request as JSON has it."""
        data: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return data

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> PodRequest:
        """Return the request that was serialized.

        Raises:
            ValueError: The data is not a request.
        """
        return _adapter().validate_python(data)


@cache
def _adapter() -> TypeAdapter[PodRequest]:
    # Lazy: most processes only build pods, and the schema costs some milliseconds.
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(PodRequest)
