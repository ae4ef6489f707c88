"""What the documentation says to type on a cluster, beyond the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kubernetes.client import ApiException, CoreV1Api
from meltano_pods.pods.cluster.connect import ClusterHook
from meltano_pods.pods.spec.options import read_cluster_access
from meltano_pods.settings.deployment.read import parse_deployment

from tests.cluster.test_demo import DAG, moved, output_of
from tests.docs.blocks import code_blocks
from tests.docs.tutorial import KUBERNETES, Written, steps, typed_in
from tests.support.checkout import ROOT
from tests.support.clone import append_rows, typed
from tools.cluster.access import AIRFLOW_NAMESPACE
from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.running_cluster import Cluster

DOCS = ROOT / "docs"
DEBUG = DOCS / "how-to" / "debug-with-kubectl.md"
EXTERNAL = DOCS / "how-to" / "external-cluster.md"
ROLES = ("launcher", "triggerer")

pytestmark = pytest.mark.timeout(900)


def type_there(cluster: Cluster, commands: str) -> str:
    """Type the commands of a page against this cluster instead of that of `make up`."""
    path = f"{cluster.clone}/.run/cluster/bin"
    environment = {**cluster.environment, "KUBECONFIG": str(cluster.kubeconfig)}
    output = commands.replace("kind-meltano-pods", cluster.settings.context)
    return typed(cluster.clone, f"export PATH={path}:$PATH\n{output}", environment=environment)


@pytest.mark.usefixtures("worker_values")  # the page's `make up` is what brings them
def test_a_project_of_ones_own(cluster: Cluster) -> None:
    if not cluster.api.runs(DAG):  # this test alone
        cluster.make("demo")
    passwords, before = read_passwords(cluster), len(output_of(cluster))
    append_rows(cluster.clone, 10)
    shown = ""
    for step in steps(DOCS / "tutorial" / "your-own-project.md"):
        if isinstance(step, Written):
            step.write(cluster.clone)
        elif KUBERNETES in step.section:
            output = type_there(cluster, step.commands)
            assert (line := step.missing(output)) is None, f"{line}\nis not in\n{output}"
            shown += output
        else:
            lines = step.commands.splitlines()
            made = [line for line in lines if line.startswith(("mkdir ", "cp ", "echo "))]
            typed(cluster.clone, "\n".join(made))
    # `make up` keeps what there is, and brings what is new in other projects too.
    assert "(was there)" in shown
    assert read_passwords(cluster) == passwords
    assert all(password in shown for password in passwords)
    assert moved(cluster.make("demo")) == 10
    assert len(output_of(cluster)) == before + 10


def read_passwords(cluster: Cluster) -> list[str]:
    where = ("--namespace", AIRFLOW_NAMESPACE, "get", "secret", "airflow-login")
    return [
        cluster.kubectl(*where, "-o", f"go-template={{{{.data.{user} | base64decode}}}}")
        for user in ("admin", "viewer")
    ]


def test_a_pod_to_look_around_in(cluster: Cluster) -> None:
    if not cluster.api.runs(DAG):  # this test alone
        cluster.make("demo")
    (manifest,) = code_blocks(DEBUG, "yaml")
    (example,) = [line for line in manifest.splitlines() if "image: " in line]
    section = typed_in(DEBUG, "A pod to look around in")
    asked, *commands = section.commands.splitlines()
    image = type_there(cluster, asked).split()[-1]
    manifest = manifest.replace(example.split()[-1], image)
    (cluster.clone / "look.yaml").write_text(manifest)
    shown = type_there(cluster, "\n".join(commands))
    assert "daily\n" in shown
    assert '"bookmarks"' in shown
    assert 'pod "look" deleted' in shown


@pytest.fixture
def external_account(cluster: Cluster) -> Iterator[None]:
    """The service account of external-cluster.md with its roles, as the page's values bind them."""
    namespaced = ("--namespace", MELTANO_NAMESPACE)
    cluster.kubectl(*namespaced, "create", "serviceaccount", "airflow")
    for role in ROLES:
        cluster.kubectl(
            *namespaced, "create", "rolebinding", f"account-{role}",
            f"--role=meltano-pods-{role}", f"--serviceaccount={MELTANO_NAMESPACE}:airflow",
        )  # fmt: skip
    yield
    bindings = (f"{who}-{role}" for who in ("account", "cloud") for role in ROLES)
    cluster.kubectl(*namespaced, "delete", "rolebinding", "--ignore-not-found", *bindings)
    cluster.kubectl(*namespaced, "delete", "serviceaccount", "airflow")  # and its token


@pytest.mark.usefixtures("external_account")
def test_airflow_authenticates_with_another_cluster(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    (token,) = [each for each in code_blocks(EXTERNAL, "yaml") if each.startswith("# token.yaml\n")]
    (cluster.clone / "token.yaml").write_text(token)
    step = typed_in(EXTERNAL, "Authenticate")
    shown = type_there(cluster, step.commands)
    assert (line := step.missing(shown)) is None, f"{line}\nis not in\n{shown}"
    commands = code_blocks(EXTERNAL, "bash")
    (check,) = [each for each in commands if "--as=system:serviceaccount" in each]
    assert type_there(cluster, check) == "yes\nyes\nyes\n"
    (variable,) = [each for each in commands if "AIRFLOW_CONN_" in each]
    monkeypatch.setenv(*type_there(cluster, variable).rstrip().split("=", 1))
    settings = parse_deployment({"profile": "external", "namespace": MELTANO_NAMESPACE})
    api = CoreV1Api(ClusterHook(read_cluster_access(settings)).get_conn())
    api.list_namespaced_pod(MELTANO_NAMESPACE, limit=1)
    with pytest.raises(ApiException, match="Forbidden"):  # it is not the administrator
        api.list_namespaced_secret(MELTANO_NAMESPACE)
