"""Translates the actions of `lifecycle` for Kubernetes' clients, synchronous and asynchronous.

Both clients have the same methods and arguments. Manifests are plain data, as
`kubectl get -o json` shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_pods.pods.diagnose.api_errors import CONFLICT
from meltano_pods.pods.lifecycle.actions import (
    Action,
    CreatePod,
    CreateSecret,
    DeletePod,
    ListEvents,
    ListPods,
    PatchPod,
    ReadPod,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_pods.pods.diagnose.api_errors import ApiError

REQUEST_TIMEOUT = 60
"""Seconds until a request counts as unanswered."""


class Call(NamedTuple):
    """A method of CoreV1Api, and its arguments."""

    method: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]


def build_call(action: Action, namespace: str) -> Call:  # noqa: PLR0911 - one for each action
    """Return the call of the client that performs an action."""
    match action:
        case ReadPod(name):
            return Call("read_namespaced_pod", (name, namespace), {})
        case ListPods(selector):
            return Call("list_namespaced_pod", (namespace,), {"label_selector": selector})
        case ListEvents(name):
            query = {"field_selector": f"involvedObject.name={name}"}
            return Call("list_namespaced_event", (namespace,), query)
        case CreatePod(manifest):
            return Call("create_namespaced_pod", (namespace,), {"body": manifest})
        case CreateSecret(manifest):
            return Call("create_namespaced_secret", (namespace,), {"body": manifest})
        case PatchPod(name, change):
            return Call("patch_namespaced_pod", (name, namespace), {"body": change})
        case DeletePod(name):
            return Call(
                "delete_namespaced_pod", (name, namespace), {"body": _build_delete_options(action)}
            )
    raise NotImplementedError(type(action).__name__)


def _build_delete_options(action: DeletePod) -> dict[str, Any]:
    body: dict[str, Any] = {} if action.grace is None else {"gracePeriodSeconds": action.grace}
    preconditions = {"uid": action.uid, "resourceVersion": action.version}
    if known := {key: value for key, value in preconditions.items() if value is not None}:
        body["preconditions"] = known
    return body


def read_answer(action: Action, answer: Any, to_plain: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    """Convert the client's answer for the step that yielded the action."""
    match action:
        case ListPods() | ListEvents():
            return [to_plain(each) for each in answer.items]
        case CreateSecret():
            return None
        case DeletePod():
            return True
    return to_plain(answer)


def read_error(action: Action, error: ApiError) -> Any:  # noqa: ANN401
    """Convert a failed request for the step that yielded the action.

    Raises:
        ApiError: The step has to handle the failure.
    """
    match action:
        case ReadPod() if error.is_missing:
            return None
        case ListEvents() if not error.is_transient:
            return []
        case DeletePod() if error.is_missing:
            return True
        case DeletePod(uid=uid, version=version) if error.status == CONFLICT and (uid or version):
            return False
    raise error
