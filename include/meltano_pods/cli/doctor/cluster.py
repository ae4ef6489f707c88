"""Judges what a cluster says, for the pods that are planned: plain data in, findings out."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.environment import PROJECT_DIGEST

from meltano_pods.cli.doctor.facts import CREATE_SECRETS, RIGHTS, Needed
from meltano_pods.cli.doctor.finding import FAULT, NOTE, WARNING, Finding, ok
from meltano_pods.names import listed
from meltano_pods.pods.spec import naming
from meltano_pods.settings.types.resources import parse_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_pods.cli.doctor.facts import Facts

_ENFORCE = "pod-security.kubernetes.io/enforce"
_NEEDED = ("requests", "limits")


def judge(namespace: str, facts: Facts, pods: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Return what is found.

    Args:
        namespace: Of the pods.
        facts: What the cluster says.
        pods: Manifests of those that are planned there.
    """
    found = list(_namespace(namespace, facts))
    found += _rights(namespace, facts)
    if facts.exists is not False:
        found += _secrets(namespace, facts, pods)
        found += _accounts(namespace, facts, pods)
        found += _quota(facts, pods)
        found += _limit_ranges(facts, pods)
        found += _drift(facts, pods)
    return found


def _namespace(namespace: str, facts: Facts) -> Iterator[Finding]:
    topic = "namespace"
    if facts.exists is None or facts.namespace is None:
        yield Finding(NOTE, topic, f"`{namespace}` may not be looked at", "Ask an administrator.")
    elif not facts.exists:
        yield Finding(
            FAULT, topic, f"there is no namespace `{namespace}`",
            f"kubectl create namespace {namespace}, or install charts/meltano-pods, or name "
            "another by AIRFLOW__MELTANO_PODS__NAMESPACE.",
        )  # fmt: skip
    elif facts.namespace.get(_ENFORCE) != "restricted":
        said = facts.namespace.get(_ENFORCE)
        yield Finding(
            WARNING, topic,
            f"`{namespace}` enforces {f'only `{said}`' if said else 'no pod security standard'}",
            f"kubectl label namespace {namespace} {_ENFORCE}=restricted --overwrite; our pods "
            "keep to it.",
        )  # fmt: skip
    else:
        yield ok(topic, f"`{namespace}` enforces the restricted pod security standard")


def _rights(namespace: str, facts: Facts) -> Iterator[Finding]:
    missing = [f"{verb} {resource}" for (resource, verb), may in facts.rights.items() if not may]
    if missing:
        yield Finding(
            FAULT, "rights", f"not allowed in `{namespace}`: {', '.join(missing)}",
            "Grant them by charts/meltano-pods (`rbac.launchers` and `rbac.triggerers` name "
            "Airflow's accounts); `--as system:serviceaccount:NAMESPACE:NAME` looks at those.",
        )  # fmt: skip
    else:
        yield ok("rights", f"all {len(facts.rights)} that Airflow needs in `{namespace}`")


def needed_secrets(pods: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return the Secrets that pods need, and which of their keys."""
    needed: dict[str, set[str]] = defaultdict(set)
    own = {naming.get_annotation(pod, naming.SECRET) for pod in pods}
    for pod in pods:
        for each in pod["spec"].get("imagePullSecrets") or []:
            needed[each["name"]].add(".dockerconfigjson")
        for container in _containers(pod):
            for source in container.get("envFrom") or []:
                reference = source.get("secretRef") or {}
                if reference and not reference.get("optional"):
                    needed[reference["name"]].update()
            for variable in container.get("env") or []:
                reference = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
                if reference and not reference.get("optional"):
                    needed[reference["name"]].add(reference["key"])
    # A pod's own Secret is created with it.
    return {name: keys for name, keys in needed.items() if name not in own}


def needed_by(pods: Sequence[Mapping[str, Any]]) -> Needed:
    """Return what pods need of a cluster."""
    creates_secrets = any(naming.get_annotation(pod, naming.SECRET) is not None for pod in pods)
    rights = (*RIGHTS, CREATE_SECRETS) if creates_secrets else RIGHTS
    return Needed(needed_secrets(pods), needed_accounts(pods), rights)


def _secrets(namespace: str, facts: Facts, pods: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    needed = needed_secrets(pods)
    if facts.secrets is None:
        yield Finding(
            NOTE, "secrets", f"may not be looked at; pods need: {listed(needed)}",
            "Ask somebody with access to run: kubectl --namespace "
            f"{namespace} get secrets",
        )  # fmt: skip
        return
    faults = 0
    for name, keys in sorted(needed.items()):
        create = f"kubectl --namespace {namespace} create secret generic {name}"
        if name not in facts.secrets:
            faults += 1
            literals = "".join(f" --from-literal={key}=..." for key in sorted(keys))
            yield Finding(FAULT, "secrets", f"there is no Secret `{name}`", f"{create}{literals}")
        elif lacking := sorted(keys - set(facts.secrets[name])):
            faults += 1
            yield Finding(
                FAULT, "secrets", f"the Secret `{name}` has no key {', '.join(lacking)}; it has: "
                f"{listed(facts.secrets[name])}",
                f"kubectl --namespace {namespace} edit secret {name}, or name another key by "
                "`secret_env`.",
            )  # fmt: skip
    if not faults:
        yield ok("secrets", f"all {len(needed)} that pods need are there, with their keys")


def _accounts(namespace: str, facts: Facts, pods: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    if facts.accounts is None:
        return
    for name in sorted(needed_accounts(pods)):
        if name in facts.accounts:
            yield ok("service account", f"`{name}` is there")
        else:
            yield Finding(
                FAULT, "service account", f"there is no service account `{name}`",
                f"kubectl --namespace {namespace} create serviceaccount {name}, or name another "
                "by AIRFLOW__MELTANO_PODS__SERVICE_ACCOUNT.",
            )  # fmt: skip


def needed_accounts(pods: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the service accounts of pods, but for the one that every namespace has."""
    named = {str(pod["spec"].get("serviceAccountName") or "default") for pod in pods}
    return named - {"default"}


def _quota(facts: Facts, pods: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for name, quota in (facts.quotas or {}).items():
        too_large = []
        for resource, hard in quota["hard"].items():
            part, _, kind = resource.rpartition(".")
            asked = max((_total(pod, part or "requests", kind) for pod in pods), default=Decimal(0))
            if kind and (part or kind in ("cpu", "memory")) and asked > parse_quantity(hard):
                too_large.append(f"{resource}: {_shown(asked, kind)} of {hard}")
        if too_large:
            yield Finding(
                FAULT, "quota", f"one pod alone asks for more than `{name}` gives: "
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
                "Wait for pods to end, raise the quota, or let tasks share an Airflow pool.",
            )  # fmt: skip
        else:
            yield ok("quota", f"every planned pod fits into `{name}`")


def _limit_ranges(facts: Facts, pods: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    wrong: set[str] = set()
    for item in facts.limits or ():
        if item.get("type") != "Container":
            continue
        for pod in pods:
            for container in _containers(pod):
                wrong |= set(_outside(container, item))
    for what in sorted(wrong):
        yield Finding(
            FAULT, "limit range", what, "Change the limit range, or `resources` of the plugin."
        )
    if facts.limits and not wrong:
        yield ok("limit range", "every planned container is within")


def _outside(container: Mapping[str, Any], item: Mapping[str, Any]) -> Iterator[str]:
    resources = container.get("resources") or {}
    for bound, part, wrong in (("max", "limits", 1), ("min", "requests", -1)):
        for kind, allowed in (item.get(bound) or {}).items():
            asked = (resources.get(part) or {}).get(kind)
            if asked is not None and (parse_quantity(asked) - parse_quantity(allowed)) * wrong > 0:
                yield f"{part} of {kind} of a container is {asked}, {bound} is {allowed}"


def _drift(facts: Facts, pods: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Compare the projects here with those of which Airflow has started pods."""
    here = {
        pod["metadata"]["labels"][naming.PROJECT]: variable["value"]
        for pod in pods
        for container in pod["spec"]["containers"]
        for variable in container.get("env") or []
        if variable["name"] == PROJECT_DIGEST
    }
    for project, digest in facts.digests.items():
        known = here.get(project)
        if known is not None and known != digest:
            yield Finding(
                WARNING, "drift", f"the latest pod of {project} was started for another "
                f"meltano.yml (digest {digest[:12]}) than the one here ({known[:12]})",
                "Deploy what is here, both images, or look from what is deployed.",
            )  # fmt: skip
        elif known is not None:
            yield ok(
                "drift", f"the latest pod of {project} was started for the meltano.yml of here"
            )


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    spec = pod["spec"]
    return [*(spec.get("initContainers") or []), *spec["containers"]]


def _total(pod: Mapping[str, Any], part: str, kind: str) -> Decimal:
    if part not in _NEEDED:
        return Decimal(0)
    asked = [
        ((each.get("resources") or {}).get(part) or {}).get(kind, "0")
        for each in pod["spec"]["containers"]
    ]
    return sum((parse_quantity(each) for each in asked), Decimal(0))


def _shown(number: Decimal, kind: str) -> str:
    if kind in ("memory", "ephemeral-storage"):
        return f"{number / 2**20:,.0f}Mi"
    return f"{number.normalize():f}"
