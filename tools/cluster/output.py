"""`make output`: what targets wrote to the cluster's volume, read by an equally hardened pod."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import yaml

from tools.cluster.access import AIRFLOW_NAMESPACE
from tools.cluster.apps import MELTANO_NAMESPACE
from tools.cluster.kind import kubectl
from tools.cluster.places import POD_TEMPLATE

if TYPE_CHECKING:
    from tools.cluster.settings import Settings
    from tools.cluster.shell import Shell

_LIST = """\
import pathlib
files = [file for file in sorted(pathlib.Path("/output").rglob("*")) if file.is_file()]
for file in files:
    with file.open("rb") as lines:
        count = sum(1 for _ in lines)
        print(f"{count:>9,} record{' ' if count == 1 else 's'}  {file.relative_to('/output')}")
print("" if files else "Nothing was written yet: `make demo` does.")
"""
_SHOW = """\
import pathlib, shutil, sys
root = pathlib.Path("/output")
file = (root / sys.argv[1]).resolve()
if not (file.is_relative_to(root) and file.is_file()):
    sys.exit(f"there is no file {sys.argv[1]}: `make output` lists them")
with file.open("rb") as lines:
    shutil.copyfileobj(lines, sys.stdout.buffer)
"""


def output(settings: Settings, shell: Shell, file: str = "") -> str:
    """Return the files of the volume with their numbers of records, or the content of one.

    Args:
        settings: The cluster.
        shell: Runs kubectl.
        file: Path within the volume, such as `csv_to_json/orders.jsonl`; empty to list all.

    Raises:
        ClusterError: The cluster does not answer, or there is no such file.
    """
    image = deployed_image(settings, shell)
    pod = reader(yaml.safe_load(POD_TEMPLATE.read_text()), image, file)
    name = pod["metadata"]["name"]
    where = ("--namespace", MELTANO_NAMESPACE)
    kubectl(settings, shell, *where, "create", "-f", "-", stdin=json.dumps(pod))
    try:
        # Its end, whichever it is: what it said then tells.
        kubectl(
            settings, shell, *where, "wait", "pod", name, "--timeout=120s",
            "--for=jsonpath={.status.containerStatuses[0].state.terminated}",
        )  # fmt: skip
        return kubectl(settings, shell, *where, "logs", name)
    finally:
        kubectl(settings, shell, *where, "delete", "pod", name, "--wait=false")


def deployed_image(settings: Settings, shell: Shell) -> str:
    """Return the Meltano image that Airflow's pods have, by digest."""
    return kubectl(
        settings, shell, "--namespace", AIRFLOW_NAMESPACE, "get", "configmap", "airflow-config",
        "-o", "jsonpath={.data.AIRFLOW__MELTANO_PODS__IMAGE}",
    )  # fmt: skip


def reader(template: dict[str, Any], image: str, file: str) -> dict[str, Any]:
    """Return the manifest of the pod that reads the volume: the template of the runs, without one.

    Args:
        template: k8s/pod_templates/kind.yaml.
        image: The Meltano image, which the node has already.
        file: As `output` takes it.
    """
    spec: dict[str, Any] = template["spec"]
    (container,) = spec["containers"]
    mount = {"name": "output", "mountPath": "/output", "readOnly": True}
    script = _SHOW if file else _LIST
    spec["containers"] = [
        {
            "name": "output",
            "image": image,
            "command": ["python3", "-c", script, *([file] if file else [])],
            "resources": container["resources"],
            "securityContext": container["securityContext"],
            "volumeMounts": [mount],
        }
    ]
    spec["volumes"] = [volume for volume in spec["volumes"] if volume["name"] == "output"]
    name = f"meltano-output-{secrets.token_hex(4)}"
    return {
        **template,
        "metadata": {"name": name, "namespace": MELTANO_NAMESPACE},
        "spec": {**spec, "activeDeadlineSeconds": 120, "terminationGracePeriodSeconds": 1},
    }
