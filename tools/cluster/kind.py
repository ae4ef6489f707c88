"""The kind cluster and its local registry, by kind's documented local-registry pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.cluster.errors import ClusterError
from tools.cluster.places import BIN, K8S, OFFLINE
from tools.cluster.settings import (
    NODE_IMAGE,
    OFFLINE_NODE_IMAGE,
    OFFLINE_REGISTRY_IMAGE,
    REGISTRY_IMAGE,
    Images,
    Settings,
)

if TYPE_CHECKING:
    from tools.cluster.shell import Shell

NETWORK = "kind"
"""Docker network of all kind clusters."""
_COLLECT_GARBAGE = ("garbage-collect", "--delete-untagged", "/etc/distribution/config.yml")
_REGISTRY_CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: local-registry-hosting
  namespace: kube-public
data:
  localRegistryHosting.v1: |
    host: "{host}"
    help: "https://kind.sigs.k8s.io/docs/user/local-registry/"
"""


def choose_images(settings: Settings, shell: Shell) -> Images:
    """Return REGISTRY or OFFLINE: as asked for, else as the cluster is, else what can be had."""
    if settings.images is not Images.AUTO:
        return settings.images
    if used := _node_image(settings, shell):
        return Images.OFFLINE if used.startswith(OFFLINE_NODE_IMAGE) else Images.REGISTRY
    within_reach = shell.ask("docker", "image", "inspect", NODE_IMAGE) or shell.ask(
        "docker", "manifest", "inspect", NODE_IMAGE
    )
    return Images.REGISTRY if within_reach else Images.OFFLINE


def ensure_registry(settings: Settings, images: Images, shell: Shell) -> str:
    """Have the local registry running; say where."""
    state = _state(settings.registry, shell)
    if state is None:
        image = OFFLINE_REGISTRY_IMAGE if images is Images.OFFLINE else REGISTRY_IMAGE
        # A cache that outlives the cluster: layers that are there are not packed and pushed again.
        # What no tag names any more goes first, while nobody pushes; from a new one nothing does.
        volume = f"--volume={settings.registry}:/var/lib/registry"
        shell.ask("docker", "run", "--rm", volume, image, *_COLLECT_GARBAGE)
        shell.run(
            "docker", "run", "--detach", "--restart=always", "--name", settings.registry, volume,
            "--publish", f"127.0.0.1:{settings.registry_port}:5000", "--network=bridge", image,
            fix=f"If the port is taken, use REGISTRY_PORT={settings.registry_port + 1}",
        )  # fmt: skip
    elif state != "running":
        shell.run("docker", "start", settings.registry)
    return f"at {settings.registry_host}{' (was there)' if state == 'running' else ''}"


def ensure_cluster(settings: Settings, images: Images, image: str, shell: Shell) -> str:
    """Have the cluster running; say which."""
    before = exists(settings, shell)
    if before and not _comes_back(settings, shell):
        shell.run(BIN / "kind", "delete", "cluster", "--name", settings.name)
        before = False
    if not before:
        _create(settings, images, image, shell)
    _write_kubeconfig(settings, shell)
    _connect_registry(settings, shell)
    for namespace in ("kube-system", "local-path-storage"):  # names and volumes
        kubectl(
            settings, shell, "wait", "deployments", "--all", "--namespace", namespace,
            "--for=condition=Available", "--timeout=120s",
        )  # fmt: skip
    version = kubectl(settings, shell, "get", "nodes", "-o", "jsonpath={..kubeletVersion}")
    return f"{settings.context}, Kubernetes {version}{_remark(settings, image, shell) * before}"


def _remark(settings: Settings, image: str, shell: Shell) -> str:
    """What to say of a cluster that was there."""
    newer = (
        "" if _node_image(settings, shell) == image else f"; {image} takes effect after `make down`"
    )
    return f" (was there{newer})"


def exists(settings: Settings, shell: Shell) -> bool:
    """Whether the cluster is there, running or not."""
    return _state(settings.node, shell) is not None


def check_there(settings: Settings, shell: Shell) -> None:
    """Check that there is a cluster that answers.

    Raises:
        ClusterError: There is none, or it does not answer.
    """
    if not settings.kubeconfig.exists():
        raise ClusterError("There is no cluster.", "Run `make up`.")
    ready = (BIN / "kubectl", "--kubeconfig", settings.kubeconfig, "get", "--raw", "/readyz")
    if shell.ask(*ready, seconds=20) is None:
        raise ClusterError(
            f"The cluster {settings.context} does not answer.",
            "Run `make up`, which starts it again.",
        )


def remove(settings: Settings, shell: Shell) -> str:
    """Remove cluster, registry and, if nothing else uses it, the network; say what was there."""
    removed = []
    if exists(settings, shell):
        shell.run(BIN / "kind", "delete", "cluster", "--name", settings.name)
        removed.append("cluster")
    if _state(settings.registry, shell) is not None:
        shell.run("docker", "rm", "--force", "--volumes", settings.registry)
        removed.append("registry")
    remove_relay(settings, shell)
    users = shell.ask("docker", "network", "inspect", "--format", "{{len .Containers}}", NETWORK)
    # Stopped nodes of other clusters are not among its containers, but kind's label finds them.
    others = shell.ask(
        "docker", "ps", "--all", "--quiet", "--filter", "label=io.x-k8s.kind.cluster"
    )
    if users == "0" and not others:
        shell.run("docker", "network", "rm", NETWORK)
        removed.append("network")
    return ", ".join(removed) or "nothing was there"


def remove_relay(settings: Settings, shell: Shell) -> str:
    """Remove what leads from `astro dev` to the API server; say whether it was there."""
    if _state(settings.relay, shell) is None:
        return "nothing was there"
    shell.run("docker", "rm", "--force", settings.relay)
    return "removed"


def kubectl(settings: Settings, shell: Shell, *arguments: str, stdin: str | None = None) -> str:
    """Run kubectl on this cluster, whatever the user's current context is."""
    return shell.run(
        BIN / "kubectl", "--kubeconfig", settings.kubeconfig, *arguments, stdin=stdin
    ).strip()


def _create(settings: Settings, images: Images, image: str, shell: Shell) -> None:
    config = (OFFLINE if images is Images.OFFLINE else K8S) / "kind.yaml"
    text = config.read_text()
    if "hostPort: 8080" not in text:
        raise ClusterError(f"{config} maps no port of this machine", "Let it map `hostPort: 8080`")
    text = text.replace("hostPort: 8080", f"hostPort: {settings.airflow_port}")
    # kind switches the current context to its cluster: put back the one that was there.
    context = shell.ask(BIN / "kubectl", "config", "current-context")
    shell.run(
        BIN / "kind", "create", "cluster", "--name", settings.name, "--image", image,
        "--config", "-", "--wait", "120s", "--retain",
        stdin=text,
        fix="If a port is taken, choose another with AIRFLOW_PORT=8081; else read what the node "
        f"says: docker logs {settings.node}; docker exec {settings.node} journalctl -u kubelet. "
        "`make down` removes what is left",
    )  # fmt: skip
    if context:
        shell.run(BIN / "kubectl", "config", "use-context", context)


def _comes_back(settings: Settings, shell: Shell) -> bool:
    """Start a node that stopped with its engine, and wait for its API."""
    if _state(settings.node, shell) != "running":
        shell.run("docker", "start", settings.node)
    _write_kubeconfig(settings, shell)
    try:
        kubectl(settings, shell, "wait", "nodes", "--all", "--for=condition=Ready", "--timeout=5s")
    except ClusterError:
        return _ready_later(settings, shell)
    return True


def _ready_later(settings: Settings, shell: Shell) -> bool:
    """Wait for a node whose API does not answer yet, from inside."""
    ready = "kubectl --kubeconfig=/etc/kubernetes/admin.conf wait node --all --for=condition=Ready"
    script = f"timeout 90 bash -c 'until {ready} --timeout=5s; do sleep 1; done'"
    return shell.ask("docker", "exec", settings.node, "bash", "-c", script, seconds=100) is not None


def _write_kubeconfig(settings: Settings, shell: Shell) -> None:
    settings.work.mkdir(parents=True, exist_ok=True)
    config = shell.ask(BIN / "kind", "get", "kubeconfig", "--name", settings.name)
    if config is None:
        raise ClusterError(
            f"kind does not know how to reach {settings.name}", "Remove what is left: `make down`"
        )
    settings.kubeconfig.touch(mode=0o600)
    settings.kubeconfig.write_text(config + "\n")


def _connect_registry(settings: Settings, shell: Shell) -> None:
    """Let the node find the registry by the name it has here, and write it down for tools."""
    networks = shell.run(
        "docker", "inspect", "--format", "{{json .NetworkSettings.Networks}}", settings.registry
    )
    if f'"{NETWORK}"' not in networks:
        shell.run("docker", "network", "connect", NETWORK, settings.registry)
    folder = f"/etc/containerd/certs.d/{settings.registry_host}"
    address = f'"http://{settings.registry}:5000"'
    # The first line is where the node asks last. Without it that is the node's own localhost, and
    # an image that was never pushed reads as `connection refused`, not as `not found`.
    lines = f"server = {address}\\n[host.{address}]\\n"
    script = f"mkdir -p {folder} && printf '{lines}' >{folder}/hosts.toml"
    shell.run("docker", "exec", settings.node, "sh", "-c", script)
    manifest = _REGISTRY_CONFIG.format(host=settings.registry_host)
    kubectl(settings, shell, "apply", "-f", "-", stdin=manifest)


def _node_image(settings: Settings, shell: Shell) -> str | None:
    """Name of the image that the cluster's node runs on; None without a cluster."""
    return shell.ask(
        "docker", "container", "inspect", "--format", "{{.Config.Image}}", settings.node
    )


def _state(container: str, shell: Shell) -> str | None:
    return shell.ask("docker", "container", "inspect", "--format", "{{.State.Status}}", container)
