"""The `restricted` pod security standard of Kubernetes 1.35, and what this project asks on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Manifest = dict[str, Any]

_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_RESOURCES = frozenset({"cpu", "memory", "ephemeral-storage"})


def violations(pod: Manifest) -> list[str]:
    """Return what the API server would reject in a namespace that enforces `restricted`."""
    spec = pod["spec"]
    return [*_of_pod(spec), *(each for at in _containers(spec) for each in _of_container(at, spec))]


def _containers(spec: Manifest) -> list[Manifest]:
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return [each for kind in kinds for each in spec.get(kind, [])]


def _of_pod(spec: Manifest) -> Iterator[str]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"{key} is set"
    for volume in spec.get("volumes", []):
        for kind in volume.keys() - {"name"} - _VOLUMES:
            yield f"volume {volume['name']} is a {kind}"
    security = spec.get("securityContext", {})
    if security.get("sysctls"):
        yield "sysctls are set"
    yield from _of_security("pod", security)


def _of_container(container: Manifest, spec: Manifest) -> Iterator[str]:
    name = container["name"]
    own = container.get("securityContext", {})
    merged = spec.get("securityContext", {}) | own
    yield from _of_security(name, own)
    yield from _of_privileges(name, own)
    if merged.get("runAsNonRoot") is not True:
        yield f"{name}: runAsNonRoot is not true"
    if merged.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield f"{name}: no seccomp profile"
    for port in container.get("ports", []):
        if port.get("hostPort"):
            yield f"{name}: hostPort {port['hostPort']}"
    probes = [value for key, value in container.items() if key.endswith("Probe")]
    for probe in (*probes, *container.get("lifecycle", {}).values()):
        if any("host" in action for action in probe.values() if isinstance(action, dict)):
            yield f"{name}: a probe or hook names a host"


def _of_privileges(name: str, own: Manifest) -> Iterator[str]:
    if own.get("privileged"):
        yield f"{name}: privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: allowPrivilegeEscalation is not false"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield f"{name}: capabilities are not all dropped"
    for added in set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield f"{name}: adds {added}"
    if own.get("procMount", "Default") != "Default":
        yield f"{name}: procMount"


def _of_security(where: str, security: Manifest) -> Iterator[str]:
    if security.get("runAsUser") == 0:
        yield f"{where}: runAsUser is 0"
    if security.get("seLinuxOptions", {}).keys() & {"user", "role"}:
        yield f"{where}: SELinux user or role"
    if security.get("windowsOptions", {}).get("hostProcess"):
        yield f"{where}: hostProcess"
    if security.get("appArmorProfile", {}).get("type", "RuntimeDefault") == "Unconfined":
        yield f"{where}: AppArmor is off"


def laxness(pod: Manifest) -> list[str]:
    """Return what this project does not accept, though Kubernetes would."""
    spec = pod["spec"]
    found = []
    if "automountServiceAccountToken" not in spec:
        found.append("leaves open whether a token is mounted")
    if spec.get("serviceAccountName", "default") == "default":
        found.append("runs as the default service account")
    if spec.get("enableServiceLinks") is not False:
        found.append("gets an environment variable for every service")
    for container in _containers(spec):
        name = container["name"]
        if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
            found.append(f"{name}: root file system is writable")
        for kind in ("requests", "limits"):
            missing = _RESOURCES - container.get("resources", {}).get(kind, {}).keys()
            found += [f"{name}: no {kind} of {each}" for each in sorted(missing)]
    found += [
        f"volume {volume['name']} has no sizeLimit"
        for volume in spec.get("volumes", [])
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]
    ]
    return found
