"""What a cluster says about the namespace of the pods: requests in, plain data out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from kubernetes.client import AuthorizationV1Api, CoreV1Api
from kubernetes.client.exceptions import ApiException
from meltano_runner.contract.environment import PROJECT_DIGEST

from meltano_pods.cli.kubernetes import asking
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from meltano_pods.cli.kubernetes import Reached

_NOT_FOUND, _FORBIDDEN = 404, 403

RIGHTS = (
    *(("pods", verb) for verb in ("create", "get", "list", "watch", "patch", "delete")),
    ("pods/log", "get"),
    ("events", "list"),
    ("events", "watch"),
)
"""What Airflow's own account needs: resource and verb, as charts/meltano-pods grants them."""
CREATE_SECRETS = ("secrets", "create")
"""It needs this as well where a task has `airflow_env`."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is there; None where it may not be read.

    Attributes:
        namespace: The namespace's labels; empty also where it has none.
        exists: Whether there is such a namespace.
        rights: Whether each of those that were asked about is granted.
        secrets: Names of keys by name of Secret, of those that were asked for and are there.
        accounts: Service accounts of those that were asked for that are there.
        quotas: `hard` and `used` of each quota, by its name.
        limits: Items of all limit ranges.
        digests: The digest that the latest pod of each project was started with, by the project's
            label; only projects with a pod that is still there.
    """

    namespace: Mapping[str, str] | None = None
    exists: bool | None = None
    rights: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    secrets: Mapping[str, Collection[str]] | None = None
    accounts: Collection[str] | None = None
    quotas: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None
    limits: Collection[Mapping[str, Any]] | None = None
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Needed:
    """What the pods that are planned need.

    Attributes:
        secrets: Names of Secrets.
        accounts: Names of service accounts.
        rights: What Airflow must be allowed to do.
    """

    secrets: Collection[str]
    accounts: Collection[str]
    rights: Sequence[tuple[str, str]] = RIGHTS


def gather(cluster: Reached, namespace: str, needed: Needed, user: str | None) -> Facts:
    """Ask the cluster.

    Args:
        cluster: The cluster.
        namespace: Of the pods.
        needed: What its pods need.
        user: Whose rights are meant; None for those of whoever asks.

    Raises:
        DeploymentError: It does not answer.
    """
    core = CoreV1Api(cluster.client)
    found = _read(cluster, lambda: core.read_namespace(namespace))
    exists, labels = None, None
    if found is not _UNREADABLE:
        exists = found is not None
        labels = {} if found is None else dict(found.metadata.labels or {})
    granted = _rights(cluster, namespace, user, needed.rights)
    if exists is False:
        return Facts(labels, exists, granted)
    keys = {name: _keys(cluster, core, namespace, name) for name in sorted(needed.secrets)}
    there = {
        name: _read(cluster, partial(core.read_namespaced_service_account, name, namespace))
        for name in sorted(needed.accounts)
    }
    return Facts(
        labels,
        exists,
        granted,
        None if _UNREADABLE in keys.values() else {k: v for k, v in keys.items() if v is not None},
        None if _UNREADABLE in there.values() else [name for name, each in there.items() if each],
        _quotas(cluster, core, namespace),
        _limits(cluster, core, namespace),
        _digests(cluster, core, namespace),
    )


_UNREADABLE: Any = object()


def _read(cluster: Reached, what: Callable[[], Any]) -> Any:  # noqa: ANN401 - the client has no types
    """Return what a request yields; None if it is not there, `_UNREADABLE` if it is refused."""

    def request() -> Any:  # noqa: ANN401
        try:
            return what()
        except ApiException as error:
            if error.status == _NOT_FOUND:
                return None
            if error.status == _FORBIDDEN:
                return _UNREADABLE
            raise

    return asking(cluster, request)


def _keys(cluster: Reached, core: CoreV1Api, namespace: str, name: str) -> Any:  # noqa: ANN401
    """Return the names of a Secret's keys; its values go no further than this line."""
    found = _read(cluster, lambda: core.read_namespaced_secret(name, namespace))
    return sorted(found.data or {}) if found not in (None, _UNREADABLE) else found


def _rights(
    cluster: Reached, namespace: str, user: str | None, rights: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], bool]:
    authorization = AuthorizationV1Api(cluster.client)
    found = {}
    for resource, verb in rights:
        kind, _, sub = resource.partition("/")
        attributes = {"namespace": namespace, "verb": verb, "resource": kind, "subresource": sub}
        spec: dict[str, Any] = {"resourceAttributes": attributes}
        if user is None:
            body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
            review = authorization.create_self_subject_access_review
        else:
            body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
            review = authorization.create_subject_access_review
            spec |= {"user": user, "groups": _groups(user)}
        asked = {**body, "spec": spec}
        answer = asking(cluster, partial(review, asked))
        found[resource, verb] = bool(answer.status.allowed)
    return found


def _groups(user: str) -> list[str]:
    """Return the groups that an account of a pod has by itself."""
    parts = user.split(":")
    if parts[:2] != ["system", "serviceaccount"] or len(parts) < 4:  # noqa: PLR2004
        return ["system:authenticated"]
    own = f"system:serviceaccounts:{parts[2]}"
    return ["system:authenticated", "system:serviceaccounts", own]


def _quotas(cluster: Reached, core: CoreV1Api, namespace: str) -> Any:  # noqa: ANN401
    found = _read(cluster, lambda: core.list_namespaced_resource_quota(namespace))
    if found is _UNREADABLE or found is None:
        return None
    return {
        each.metadata.name: {
            "hard": dict(each.status.hard or {}),
            "used": dict(each.status.used or {}),
        }
        for each in found.items
    }


def _limits(cluster: Reached, core: CoreV1Api, namespace: str) -> Any:  # noqa: ANN401
    found = _read(cluster, lambda: core.list_namespaced_limit_range(namespace))
    if found is _UNREADABLE or found is None:
        return None
    plain = cluster.client.sanitize_for_serialization
    return [item for each in found.items for item in plain(each.spec.limits)]


def _digests(cluster: Reached, core: CoreV1Api, namespace: str) -> dict[str, str]:
    found = _read(
        cluster, lambda: core.list_namespaced_pod(namespace, label_selector=naming.SELECTOR)
    )
    if found is _UNREADABLE or found is None:
        return {}
    plain = cluster.client.sanitize_for_serialization
    pods = sorted(
        (plain(each) for each in found.items),
        key=lambda pod: str(pod["metadata"]["creationTimestamp"]),
    )
    digests = {}
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for variable in container.get("env") or []:
                if variable["name"] == PROJECT_DIGEST and variable.get("value"):
                    digests[pod["metadata"]["labels"].get(naming.PROJECT, "")] = variable["value"]
    return digests
