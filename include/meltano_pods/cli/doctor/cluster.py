"""Checks the facts about a cluster against the planned pods: plain data in, findings out."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.environment import PROJECT_DIGEST

from meltano_pods.cli.doctor.facts import CREATE_SECRETS, PERMISSIONS, PodNeeds
from meltano_pods.cli.doctor.finding import ERROR, NOTE, WARNING, Finding, build_ok
from meltano_pods.names import list_names
from meltano_pods.pods.spec import naming
from meltano_pods.settings.types.resources import parse_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_pods.cli.doctor.facts import Facts

_ENFORCE = "pod-security.kubernetes.io/enforce"
_NEEDED = ("requests", "limits")
_SEVERAL = 2


def check_cluster(namespace: str, facts: Facts, pods: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Check the cluster.

    Args:
        namespace: The pods' namespace.
        facts: What is known about the cluster.
        pods: Manifests of the pods that are planned there.
    """
    found = list(_check_namespace(namespace, facts))
    found += _check_permissions(namespace, facts)
    if facts.exists is not False:
        found += _check_secrets(namespace, facts, pods)
        found += _check_service_accounts(namespace, facts, pods)
        found += _check_quotas(facts, pods)
        found += _check_limit_ranges(facts, pods)
        found += _check_drift(facts, pods)
        found += _check_deployments(namespace, facts, pods)
    return found


def _check_namespace(namespace: str, facts: Facts) -> Iterator[Finding]:
    topic = "namespace"
    if facts.exists is None or facts.namespace is None:
        yield Finding(
            NOTE, topic, f"you may not read `{namespace}`", "Ask an administrator to check it."
        )
    elif not facts.exists:
        yield Finding(
            ERROR, topic, f"there is no namespace `{namespace}`",
            f"kubectl create namespace {namespace}, or install charts/meltano-pods, or name "
            "another with AIRFLOW__MELTANO_PODS__NAMESPACE.",
        )  # fmt: skip
    elif facts.namespace.get(_ENFORCE) != "restricted":
        standard = facts.namespace.get(_ENFORCE)
        yield Finding(
            WARNING, topic,
            f"`{namespace}` enforces "
            + (f"only `{standard}`" if standard else "no pod security standard"),
            f"kubectl label namespace {namespace} {_ENFORCE}=restricted --overwrite; the pods of "
            "Meltano Pods comply with it.",
        )  # fmt: skip
    else:
        yield build_ok(topic, f"`{namespace}` enforces the restricted pod security standard")


def _check_permissions(namespace: str, facts: Facts) -> Iterator[Finding]:
    missing = [
        f"{verb} {resource}"
        for (resource, verb), granted in facts.permissions.items()
        if not granted
    ]
    if missing:
        yield Finding(
            ERROR, "permissions", f"missing in `{namespace}`: {', '.join(missing)}",
            "Grant them with charts/meltano-pods: `rbac.launchers` and `rbac.triggerers` name "
            "Airflow's service accounts. `--as system:serviceaccount:NAMESPACE:NAME` checks one.",
        )  # fmt: skip
    else:
        yield build_ok(
            "permissions", f"all {len(facts.permissions)} that Airflow needs in `{namespace}`"
        )


def list_needed_secrets(pods: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return the Secrets that pods need, and the keys that they need of each."""
    needed: dict[str, set[str]] = defaultdict(set)
    created = {naming.get_annotation(pod, naming.SECRET) for pod in pods}
    for pod in pods:
        for each in pod["spec"].get("imagePullSecrets") or []:
            needed[each["name"]].add(".dockerconfigjson")
        for container in _list_containers(pod):
            for source in container.get("envFrom") or []:
                reference = source.get("secretRef") or {}
                if reference and not reference.get("optional"):
                    needed[reference["name"]].update()
            for variable in container.get("env") or []:
                reference = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
                if reference and not reference.get("optional"):
                    needed[reference["name"]].add(reference["key"])
    # The Secret of a single run is created with its pod.
    return {name: keys for name, keys in needed.items() if name not in created}


def list_needs(pods: Sequence[Mapping[str, Any]]) -> PodNeeds:
    """Return what pods need in a cluster."""
    creates_secrets = any(naming.get_annotation(pod, naming.SECRET) is not None for pod in pods)
    permissions = (*PERMISSIONS, CREATE_SECRETS) if creates_secrets else PERMISSIONS
    return PodNeeds(list_needed_secrets(pods), list_service_accounts(pods), permissions)


def _check_secrets(
    namespace: str, facts: Facts, pods: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    needed = list_needed_secrets(pods)
    if facts.secrets is None:
        yield Finding(
            NOTE, "secrets", f"you may not read them; pods need: {list_names(needed)}",
            "Ask someone with access to run: kubectl --namespace "
            f"{namespace} get secrets",
        )  # fmt: skip
        return
    errors = 0
    for name, keys in sorted(needed.items()):
        create = f"kubectl --namespace {namespace} create secret generic {name}"
        if name not in facts.secrets:
            errors += 1
            literals = "".join(f" --from-literal={key}=..." for key in sorted(keys))
            yield Finding(ERROR, "secrets", f"there is no Secret `{name}`", f"{create}{literals}")
        elif lacking := sorted(keys - set(facts.secrets[name])):
            errors += 1
            yield Finding(
                ERROR, "secrets", f"the Secret `{name}` has no key {', '.join(lacking)}; it has: "
                f"{list_names(facts.secrets[name])}",
                f"kubectl --namespace {namespace} edit secret {name}, or name another key in "
                "`secret_env`.",
            )  # fmt: skip
    if not errors:
        yield build_ok("secrets", f"all {len(needed)} that pods need exist, with their keys")


def _check_service_accounts(
    namespace: str, facts: Facts, pods: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    if facts.accounts is None:
        return
    for name in sorted(list_service_accounts(pods)):
        if name in facts.accounts:
            yield build_ok("service account", f"`{name}` exists")
        else:
            yield Finding(
                ERROR, "service account", f"there is no service account `{name}`",
                f"kubectl --namespace {namespace} create serviceaccount {name}, or name another "
                "with AIRFLOW__MELTANO_PODS__SERVICE_ACCOUNT.",
            )  # fmt: skip


def list_service_accounts(pods: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the service accounts of pods, except `default`, which every namespace has."""
    named = {str(pod["spec"].get("serviceAccountName") or "default") for pod in pods}
    return named - {"default"}


def _check_quotas(facts: Facts, pods: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for name, quota in (facts.quotas or {}).items():
        too_large = []
        for resource, hard in quota["hard"].items():
            part, _, kind = resource.rpartition(".")
            requested = max(
                (_sum_resources(pod, part or "requests", kind) for pod in pods), default=Decimal(0)
            )
            if kind and (part or kind in ("cpu", "memory")) and requested > parse_quantity(hard):
                too_large.append(f"{resource}: {_format_quantity(requested, kind)} of {hard}")
        if too_large:
            yield Finding(
                ERROR, "quota", f"a single pod requests more than `{name}` allows: "
                f"{', '.join(too_large)}",
                "Raise the quota, or lower `resources` of the plugin.",
            )  # fmt: skip
            continue
        left = [
            f"{resource} {used} of {quota['hard'][resource]}"
            for resource, used in quota["used"].items()
            if parse_quantity(used) >= parse_quantity(quota["hard"][resource]) > 0
        ]
        if left:
            yield Finding(
                WARNING, "quota", f"`{name}` is used up: {', '.join(left)}",
                "Wait for pods to end, raise the quota, or limit tasks with an Airflow pool.",
            )  # fmt: skip
        else:
            yield build_ok("quota", f"each planned pod fits into `{name}`")


def _check_limit_ranges(facts: Facts, pods: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    wrong: set[str] = set()
    for item in facts.limits or ():
        if item.get("type") != "Container":
            continue
        for pod in pods:
            for container in _list_containers(pod):
                wrong |= set(_find_limit_violations(container, item))
    for what in sorted(wrong):
        yield Finding(
            ERROR, "limit range", what, "Change the limit range, or `resources` of the plugin."
        )
    if facts.limits and not wrong:
        yield build_ok("limit range", "all planned containers comply")


def _find_limit_violations(container: Mapping[str, Any], item: Mapping[str, Any]) -> Iterator[str]:
    resources = container.get("resources") or {}
    for bound, part, wrong in (("max", "limits", 1), ("min", "requests", -1)):
        for kind, allowed in (item.get(bound) or {}).items():
            value = (resources.get(part) or {}).get(kind)
            if value is not None and (parse_quantity(value) - parse_quantity(allowed)) * wrong > 0:
                yield f"a container has {kind} {part} of {value}, the {bound} is {allowed}"


def _check_drift(facts: Facts, pods: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Compare the projects here with those of the pods that Airflow has started."""
    here, there = _read_digests(pods), _read_digests(facts.pods)
    for project in sorted(here.keys() & there.keys()):
        known, digest = here[project], there[project]
        if known != digest:
            yield Finding(
                WARNING, "drift", f"the latest pod of {project} has another "
                f"meltano.yml (digest {digest[:12]}) than the one here ({known[:12]})",
                "Deploy both images from here, or run doctor in what is deployed.",
            )  # fmt: skip
        else:
            yield build_ok("drift", f"the latest pod of {project} has the same meltano.yml as here")


def _read_digests(pods: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the digest that the last pod of each project was created with."""
    return {
        pod["metadata"]["labels"].get(naming.PROJECT, ""): variable["value"]
        for pod in pods
        for container in pod["spec"]["containers"]
        for variable in container.get("env") or []
        if variable["name"] == PROJECT_DIGEST and variable.get("value")
    }


def _check_deployments(
    namespace: str, facts: Facts, pods: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    """List whose pods are in the namespace: each Airflow touches only those with its own id."""
    ids = (pod["metadata"]["labels"].get(naming.DEPLOYMENT) for pod in facts.pods)
    counts = Counter(each for each in ids if each is not None)
    own = {pod["metadata"]["labels"].get(naming.DEPLOYMENT) for pod in pods} - {None}
    if len(counts.keys() | own) < _SEVERAL:
        return
    # Without the setting `deployment`, the id is only known to Airflow.
    kind = "other Airflow deployments" if own else "several Airflow deployments"
    listing = ", ".join(f"{each} ({counts[each]})" for each in sorted(counts.keys() - own))
    yield Finding(
        NOTE, "deployments", f"`{namespace}` has pods of {kind}: {listing}",
        "Nothing to fix if you expect them: no Airflow touches the pods of another. To name "
        "yours, set AIRFLOW__MELTANO_PODS__DEPLOYMENT. Pods by id: kubectl --namespace "
        f"{namespace} get pods --label-columns {naming.DEPLOYMENT}",
    )  # fmt: skip


def _list_containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    spec = pod["spec"]
    return [*(spec.get("initContainers") or []), *spec["containers"]]


def _sum_resources(pod: Mapping[str, Any], part: str, kind: str) -> Decimal:
    if part not in _NEEDED:
        return Decimal(0)
    values = [
        ((each.get("resources") or {}).get(part) or {}).get(kind, "0")
        for each in pod["spec"]["containers"]
    ]
    return sum((parse_quantity(each) for each in values), Decimal(0))


def _format_quantity(number: Decimal, kind: str) -> str:
    if kind in ("memory", "ephemeral-storage"):
        return f"{number / 2**20:,.0f}Mi"
    return f"{number.normalize():f}"
