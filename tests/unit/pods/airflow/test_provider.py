"""What our classes take from the provider's: its public interface, and nothing else."""

from __future__ import annotations

import ast
import functools
import inspect
from typing import TYPE_CHECKING

import pytest
import yaml

pytest.importorskip("airflow.providers.cncf.kubernetes")

from airflow.providers.cncf.kubernetes.hooks import kubernetes as hook_module
from airflow.providers.cncf.kubernetes.operators import pod as operator_module
from airflow.providers.cncf.kubernetes.triggers import pod as trigger_module
from airflow.providers.cncf.kubernetes.utils import pod_manager as manager_module
from meltano_pods.errors import DeploymentError
from meltano_pods.parameters.choices import RunChoices
from meltano_pods.parameters.interval import VARIABLES
from meltano_pods.pods.airflow.provider import check_arguments
from meltano_pods.pods.spec import naming
from meltano_pods.settings.run import RunOptions

from tests.support.checkout import ROOT
from tests.support.pods import RUN
from tests.unit.pods.airflow.runs import context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kubernetes.client import V1Pod
    from meltano_pods.pods import MeltanoPodOperator

    from tests.support.fake_cluster import FakeCluster
    from tests.unit.pods.airflow.runs import MakeTask

OURS = sorted((ROOT / "include" / "meltano_pods" / "pods").rglob("*.py"))


def private_names(tree: ast.AST) -> Iterator[str]:
    """Yield the private names that code defines in classes, or uses of objects."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = node.attr
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = node.name
        else:
            continue
        if name.startswith("_") and not name.startswith("__"):
            yield name


@functools.cache
def provider_names() -> set[str]:
    modules = (operator_module, trigger_module, hook_module, manager_module)
    trees = [ast.parse(inspect.getsource(module)) for module in modules]
    return {name for tree in trees for name in private_names(tree)}


@pytest.mark.parametrize("file", OURS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_no_private_name_of_the_provider_is_used_or_overridden(file: Path) -> None:
    theirs = provider_names()
    assert {"_killed", "_fired_event", "_get_default_client"} <= theirs
    assert not theirs.intersection(private_names(ast.parse(file.read_text())))


@pytest.mark.parametrize(
    "argument", ["image", "on_finish_action", "log_events_on_failure", "logging_interval"]
)
def test_arguments_that_would_do_nothing_are_rejected(argument: str) -> None:
    with pytest.raises(DeploymentError, match=f"does not take `{argument}`"):
        check_arguments({"task_id": "t", argument: "x"})


def test_policies_can_read_where_and_what_runs(task: MakeTask) -> None:
    made = task(namespace="loads", image="shop:1", termination_grace_period=30.0, deferrable=True)
    assert isinstance(made, operator_module.KubernetesPodOperator)
    assert (made.namespace, made.image, made.deferrable) == ("loads", "shop:1", True)
    assert (made.base_container_name, made.termination_grace_period) == ("meltano", 30)


def test_a_dry_run_prints_the_pod_that_a_run_creates(
    task: MakeTask,
    cluster: FakeCluster,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mutate(pod: V1Pod) -> None:
        pod.spec.priority_class_name = "loads"

    monkeypatch.setattr("meltano_pods.pods.airflow.request.pod_mutation_hook", mutate)

    def make() -> MeltanoPodOperator:
        made = task(env={"REGION": "eu"})
        options = {"full_refresh": True, "log_level": "debug", "select_filter": ["orders"]}
        made.choices = RunChoices(RunOptions.model_validate(options), own_taps=("tap-a",))
        return made

    make().execute(context())
    (created,) = cluster.created
    capsys.readouterr()
    make().dry_run()
    printed = yaml.safe_load(capsys.readouterr().out)
    assert "--full-refresh" in printed["spec"]["containers"][0]["args"]
    assert printed["spec"]["priorityClassName"] == "loads"
    assert printed["metadata"]["namespace"] == created["metadata"]["namespace"]
    for pod in (created, printed):
        container = pod["spec"]["containers"][0]
        # Only a run has these.
        container["env"] = [each for each in container["env"] if each["name"] not in VARIABLES]
    assert printed["spec"] == created["spec"]
    assert printed["metadata"]["labels"][naming.PROJECT] == "shop"


def test_callbacks_find_the_pod_on_the_operator(task: MakeTask, cluster: FakeCluster) -> None:
    assert task().pod is None
    made = task()
    made.execute(context())
    assert made.pod is not None
    assert made.pod.metadata.name == cluster.created[0]["metadata"]["name"]
    assert made.pod.metadata.namespace == "meltano"


def test_whoever_asks_the_operator_for_its_pod_gets_ours(task: MakeTask) -> None:
    pod = task().build_pod_request_obj(context())
    assert pod.metadata.name == naming.build_pod_name(RUN)
    assert pod.spec.containers[0].name == "meltano"
    assert task().build_pod_request_obj(dry_run=True).spec.containers[0].args == [
        "run", "tap-a", "target-b",
    ]  # fmt: skip
