"""A kind cluster with Airflow on it, brought up as a user does, and ways to look at it."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kubernetes.client import ApiException, CoreV1Api
from kubernetes.config import new_client_from_config

from tests.support.clone import typed
from tests.support.waiting import wait_for
from tools.airflow_api import AirflowApi, text_of
from tools.cluster.access import AIRFLOW_NAMESPACE
from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from pathlib import Path

    from tools.cluster.settings import Settings


@dataclass
class Cluster:
    """The cluster of a test session.

    Attributes:
        clone: The copy of this project that it was made from.
        settings: Its name and ports.
        environment: The variables that make `make` mean it.
    """

    clone: Path
    settings: Settings
    environment: dict[str, str]

    def __post_init__(self) -> None:
        self.kubeconfig = self.clone / ".run" / "cluster" / self.settings.name / "kubeconfig"
        self._api: AirflowApi | None = None

    @property
    def api(self) -> AirflowApi:
        """Its Airflow, as the administrator."""
        if self._api is None:
            self._api = AirflowApi(self.settings.airflow_url, "admin", self.password)
        return self._api

    @cached_property
    def core(self) -> CoreV1Api:
        """Kubernetes' API, for what tests look at again and again: a kubectl costs far more."""
        return CoreV1Api(new_client_from_config(str(self.kubeconfig)))

    def password(self) -> str:
        """Return the administrator's password."""
        where = ("--namespace", AIRFLOW_NAMESPACE, "get", "secret", "airflow-login")
        output = self.kubectl(*where, "-o", "jsonpath={.data.admin}")
        return base64.b64decode(output).decode()

    def image(self) -> str:
        """Return the Meltano image that Airflow's pods have, by digest."""
        return self.airflow_setting("MELTANO_PODS__IMAGE")

    def airflow_setting(self, name: str) -> str:
        """Return what the chart sets for Airflow, by `SECTION__KEY`."""
        where = ("--namespace", AIRFLOW_NAMESPACE, "get", "configmap", "airflow-config")
        return self.kubectl(*where, "-o", f"jsonpath={{.data.AIRFLOW__{name}}}")

    def canary(self) -> str:
        """Return a secret that must be found nowhere but where it was put."""
        file = self.clone / "meltano" / "faults" / ".env"
        return file.read_text().strip().partition("=")[2]

    def close(self) -> None:
        """Close the connections to it."""
        if self._api is not None:
            self._api.close()
        if "core" in vars(self):
            self.core.api_client.close()

    def make(self, words: str, *, fails: bool = False) -> str:
        """Type `make WORDS` in the clone and return what it shows."""
        return typed(self.clone, f"make {words}", fails=fails, environment=self.environment)

    def diagnosis(self) -> str:
        """Return what `make up` shows of the cluster where it fails."""
        command = ".venv/bin/python -m tools.cluster diagnose"
        return typed(self.clone, command, environment=self.environment)

    def try_kubectl(
        self, *words: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl on this cluster."""
        return subprocess.run(
            [self.tool("kubectl"), "--kubeconfig", self.kubeconfig, *words],
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
        )

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl on this cluster; it has to succeed."""
        ended = self.try_kubectl(*words, stdin=stdin)
        assert ended.returncode == 0, f"kubectl {' '.join(words)}\n{ended.stderr}"
        return ended.stdout.strip()

    def tool(self, name: str) -> Path:
        """Return the path of kind, kubectl or helm."""
        return self.clone / ".run" / "cluster" / "bin" / name

    def get(self, *words: str, namespace: str = MELTANO_NAMESPACE) -> list[dict[str, Any]]:
        """Return objects, as `kubectl get -o json` shows them."""
        output = self.kubectl("--namespace", namespace, "get", *words, "-o", "json")
        found: list[dict[str, Any]] = json.loads(output)["items"]
        return found

    def pods_of(
        self, dag_id: str, *, phase: str | None = None, run_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the pods of a DAG's tasks, or of one of its runs."""
        answer = self.core.list_namespaced_pod(
            MELTANO_NAMESPACE,
            label_selector=f"meltano-pods/dag={dag_id}",
            _preload_content=False,  # as JSON, not as objects of this client
        )
        return [
            pod
            for pod in json.loads(answer.data)["items"]
            if phase in (None, pod["status"]["phase"])
            and run_id in (None, pod["metadata"]["annotations"].get("meltano-pods/run-id"))
        ]

    def forget_runs(self, project: str) -> None:
        """Let Meltano forget runs that were killed: it takes them for busy for 5 minutes."""
        where = ("--namespace", AIRFLOW_NAMESPACE, "exec", "airflow-postgresql-0", "--")
        database = ("psql", "--username=airflow", f"--dbname={project}")
        self.kubectl(*where, *database, "--command=DELETE FROM runs")

    def start(self, dag_id: str, **conf: object) -> str:
        """Start a DAG run and return its id."""
        wait_for(f"the DAG {dag_id}", lambda: self._loaded(dag_id))
        self.api.unpause(dag_id)
        return self.api.trigger(dag_id, **conf)

    def _loaded(self, dag_id: str) -> bool:
        wrong = self.api.call("GET", "/api/v2/importErrors")["import_errors"]
        assert not wrong, wrong[0]["stack_trace"]
        return self.api.dag(dag_id) is not None

    def task_of(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return the only task instance of a DAG run."""
        (task,) = self.api.tasks(dag_id, run_id)
        return task

    def log_of(self, dag_id: str, run_id: str, number: int = 1) -> str:
        """Return what a try of the only task of a DAG run logged, as Airflow shows it."""
        task_id = self.task_of(dag_id, run_id)["task_id"]
        return "\n".join(map(text_of, self.api.log(dag_id, run_id, task_id, number)))

    def running_pod(self, dag_id: str) -> str:
        """Return the name of the DAG's pod, once it moves rows."""
        return wait_for(f"a running pod of {dag_id}", lambda: self.pod_that_moves_rows(dag_id))

    def pod_that_moves_rows(self, dag_id: str) -> str | None:
        """Return the name of the DAG's pod; None while it moves none."""
        for pod in self.pods_of(dag_id, phase="Running"):
            name: str = pod["metadata"]["name"]
            # Meltano saves the state after each row of the project's own tap.
            if "state has been updated" in self._log_of_pod(name):
                return name
        return None

    def _log_of_pod(self, name: str) -> str:
        try:
            return str(self.core.read_namespaced_pod_log(name, MELTANO_NAMESPACE))
        except ApiException:  # it is gone, or has not begun
            return ""
