"""What the documentation says to type on a cluster, beyond the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.test_demo import DAG
from tests.docs.blocks import code_blocks
from tests.docs.tutorial import KUBERNETES, Written, steps, typed_in
from tests.support.checkout import ROOT
from tests.support.clone import typed

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

DOCS = ROOT / "docs"
DEBUG = DOCS / "how-to" / "debug-with-kubectl.md"

pytestmark = pytest.mark.timeout(900)


def type_there(cluster: Cluster, commands: str) -> str:
    """Type commands of a page, for this cluster instead of the one of `make up`."""
    path = f"{cluster.clone}/.run/cluster/bin"
    environment = {**cluster.environment, "KUBECONFIG": str(cluster.kubeconfig)}
    said = commands.replace("kind-meltano-pods", cluster.settings.context)
    return typed(cluster.clone, f"export PATH={path}:$PATH\n{said}", environment=environment)


@pytest.mark.usefixtures("worker_values")  # the page's `make up` is what brings them
def test_a_project_of_ones_own(cluster: Cluster) -> None:
    for step in steps(DOCS / "tutorial" / "your-own-project.md"):
        if isinstance(step, Written):
            step.write(cluster.clone)
        elif KUBERNETES in step.section:
            shown = type_there(cluster, step.commands)
            assert (line := step.missing(shown)) is None, f"{line}\nis not in\n{shown}"
        else:
            lines = step.commands.splitlines()
            made = [line for line in lines if line.startswith(("mkdir ", "cp ", "echo "))]
            typed(cluster.clone, "\n".join(made))


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
