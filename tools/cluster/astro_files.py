"""What `make astro-kind` writes: the account, its kubeconfig, the variables in .env."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.cluster.settings import Settings

ACCOUNT = "astro-dev"
ROLE = "meltano-pods-launcher"
# In the certificate of every API server that kubeadm makes.
SERVER = "kubernetes"
DATA = "/usr/local/airflow/data"
KUBECONFIG = f"{DATA}/kubeconfig"
_BEGIN = "# >>> `make astro-kind` wrote this; `make astro-kind OFF=1` removes it"
_END = "# <<< make astro-kind"


def account() -> dict[str, Any]:
    """Return the account's manifests."""
    named = {"name": ACCOUNT, "namespace": MELTANO_NAMESPACE}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": named,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ROLE},
        "subjects": [{"kind": "ServiceAccount", **named}],
    }
    own = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named}
    return {"apiVersion": "v1", "kind": "List", "items": [own, binding]}


def kubeconfig(admin: dict[str, Any], token: str) -> dict[str, Any]:
    """Return the kubeconfig of the account.

    Args:
        admin: That of the cluster's administrator, of which only the certificate is taken.
        token: The account's.
    """
    authority = admin["clusters"][0]["cluster"]["certificate-authority-data"]
    server = {"server": f"https://{SERVER}:6443", "certificate-authority-data": authority}
    context = {"cluster": "kind", "user": ACCOUNT, "namespace": MELTANO_NAMESPACE}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "kind",
        "clusters": [{"name": "kind", "cluster": server}],
        "users": [{"name": ACCOUNT, "user": {"token": token}}],
        "contexts": [{"name": "kind", "context": context}],
    }


def variables(settings: Settings) -> list[str]:
    """Return the lines for .env."""
    output = {
        "profile": "external",
        "kubernetes_conn_id": "",
        "kubeconfig": KUBECONFIG,
        "namespace": MELTANO_NAMESPACE,
        "pod_template": "kind.yaml",
        # `make up` pushes another under the same name.
        "image": f"{settings.registry_host}/meltano:dev",
        "image_pull_policy": "Always",
    }
    return [f"AIRFLOW__MELTANO_PODS__{key.upper()}={value}" for key, value in output.items()]


def with_block(text: str, lines: Sequence[str]) -> str:
    """Return the content of .env with our block replaced; without lines, without it."""
    before, found, rest = text.partition(f"{_BEGIN}\n")
    after = rest.partition(f"{_END}\n")[2] if found else ""
    if before and not before.endswith("\n"):
        before += "\n"
    block = "".join(f"{line}\n" for line in [_BEGIN, *lines, _END]) if lines else ""
    return f"{before}{block}{after}"
