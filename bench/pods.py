"""What Airflow adds to a pod: a DAG run from queued to success, and the same pod by kubectl alone.

Needs the cluster of `make up`; nothing new is moved, so what is measured is the way to a run and
back.
"""

from __future__ import annotations

import json
import secrets
import sys
from typing import TYPE_CHECKING

import yaml

from bench.timing import in_turn
from tools.cluster.access import airflow_api
from tools.cluster.apps import MELTANO_NAMESPACE
from tools.cluster.errors import ClusterError
from tools.cluster.kind import kubectl
from tools.cluster.output import deployed_image
from tools.cluster.places import POD_TEMPLATE
from tools.cluster.settings import Settings
from tools.cluster.shell import Shell

if TYPE_CHECKING:
    from tools.airflow_api import AirflowApi

_DAG = "csv_to_json.daily"
_WHERE = ("--namespace", MELTANO_NAMESPACE)
_SECONDS = 300


def main(runs: int = 8) -> int:
    """Print both, and the difference; return the exit status."""
    settings = Settings.read()
    shell = Shell(settings.work / "logs" / "bench.log")
    try:
        image = deployed_image(settings, shell)
        api = airflow_api(settings, shell)
        api.unpause(_DAG)
        pair = in_turn(lambda: _by_airflow(api), lambda: _by_kubectl(settings, shell, image), runs)
    except ClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(f"{_DAG} from triggered to success, beside the same pod by kubectl, nothing to move:")
    print(f"  {pair}")
    return 0


def _by_airflow(api: AirflowApi) -> None:
    run_id = api.trigger(_DAG)
    # An unpaused schedule may have a run of its own under way first: the one that does not count.
    if (state := api.wait(_DAG, run_id, seconds=_SECONDS, pause=0.05)) != "success":
        raise ClusterError(f"{_DAG} {run_id} ended: {state}", "Look at its log, then measure again")


def _by_kubectl(settings: Settings, shell: Shell, image: str) -> None:
    pod = yaml.safe_load(POD_TEMPLATE.read_text())
    name = pod["metadata"]["name"] = f"bench-{secrets.token_hex(4)}"
    pod["spec"]["containers"][0]["image"] = image
    kubectl(settings, shell, *_WHERE, "create", "-f", "-", stdin=json.dumps(pod))
    done = "--for=jsonpath={.status.phase}=Succeeded"
    kubectl(settings, shell, *_WHERE, "wait", "pod", name, done, f"--timeout={_SECONDS}s")
    kubectl(settings, shell, *_WHERE, "delete", "pod", name, "--wait=false")


if __name__ == "__main__":
    sys.exit(main())
