"""Names, labels and annotations: valid for Kubernetes, equal only for the same try."""

from __future__ import annotations

import random
import re
import string
from dataclasses import replace
from itertools import product

import pytest
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.naming import TaskInstanceTry

RUN = TaskInstanceTry(
    "csv_to_json",
    "csv_to_json.daily",
    "tap-csv-to-target-jsonl",
    "scheduled__2026-01-02T00:00:00+00:00",
    -1,
    1,
    "0195-attempt",
)
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
LABEL_KEY = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def test_a_name_tells_project_task_and_try() -> None:
    assert naming.build_pod_name(RUN) == "csv-to-json-tap-csv-to-target-jsonl-lyvatdkh2n-1"
    assert naming.build_pod_name(RUN) == naming.build_pod_name(replace(RUN, ti_id="another"))


def test_labels_and_annotations() -> None:
    labels = naming.build_labels(RUN)
    digest = naming.build_pod_name(RUN).split("-")[-2]
    assert labels == {
        "app.kubernetes.io/name": "meltano-run",
        "app.kubernetes.io/managed-by": "meltano-pods",
        "meltano-pods/project": "csv_to_json",
        "meltano-pods/dag": "csv_to_json.daily",
        "meltano-pods/task": "tap-csv-to-target-jsonl",
        "meltano-pods/task-instance": digest,
        "meltano-pods/try": "1",
        "kubernetes_pod_operator": "True",
        "dag_id": "csv_to_json.daily",
        "task_id": "tap-csv-to-target-jsonl",
        "run_id": naming.to_label(RUN.run_id),
        "try_number": "1",
    }
    assert naming.build_labels(replace(RUN, map_index=3))["map_index"] == "3"
    assert naming.build_annotations(RUN) == {
        "meltano-pods/dag-id": RUN.dag_id,
        "meltano-pods/task-id": RUN.task_id,
        "meltano-pods/run-id": RUN.run_id,
        "meltano-pods/map-index": "-1",
        "meltano-pods/task-instance-id": "0195-attempt",
    }


def test_the_selector_finds_all_tries_of_this_deployment_alone() -> None:
    digest = naming.build_labels(RUN)[naming.TASK_INSTANCE]
    common = f"app.kubernetes.io/managed-by=meltano-pods,%s,meltano-pods/task-instance={digest}"
    assert naming.select_task_instance(RUN) == common % "!meltano-pods/deployment"
    assert naming.select_task_instance(replace(RUN, try_number=7)) == (
        naming.select_task_instance(RUN)
    )
    selector = naming.select_task_instance(replace(RUN, deployment="prod"))
    assert "meltano-pods/deployment=prod," in selector
    assert digest not in selector


def random_text(rng: random.Random) -> str:
    alphabet = string.ascii_letters + string.digits + "-_.:/+ @äß漢\n"
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 250)))


def test_any_identity_makes_valid_names() -> None:
    rng = random.Random(7)  # noqa: S311 - the same each time
    seen: dict[str, TaskInstanceTry] = {}
    for _ in range(1000):
        project, dag, task, run_id, attempt = (random_text(rng) for _ in range(5))
        run = TaskInstanceTry(
            project,
            dag,
            task,
            run_id,
            map_index=rng.randint(-1, 9999),
            try_number=rng.randint(1, 120),
            ti_id=attempt,
            deployment=rng.choice(["", random_text(rng)]),
        )
        name = naming.build_pod_name(run)
        assert len(name) <= naming.MAX_NAME
        assert NAME.fullmatch(name), name
        assert seen.setdefault(name, run) == run
        for key, value in naming.build_labels(run).items():
            assert LABEL_KEY.fullmatch(key)
            assert LABEL.fullmatch(value), value
            assert len(value) <= naming.MAX_NAME


def test_neighbours_do_not_collide() -> None:
    """Ids that are one text when joined, that differ past the cut, or in what is replaced."""
    ids = ["a", "a.b", "a-b", "a_b", "b", "ab", "A", "x" * 249 + "1", "x" * 249 + "2", "1", "-"]
    names = {
        naming.build_pod_name(TaskInstanceTry("p", dag, task, run, index, number, "u", deployment))
        for dag, task, run, index, number, deployment in product(
            ids, ids, ids[:6], (-1, 0, 1), (1, 2), ("", "prod")
        )
    }
    assert len(names) == len(ids) ** 2 * 6 * 3 * 2 * 2


def test_labels_that_had_to_be_changed_stay_apart() -> None:
    values = ["a b", "a-b", "a+b", "ä", "ö", "x" * 63, "x" * 64, "x" * 65, "_a", "a_"]
    assert len({naming.to_label(value) for value in values}) == len(values)


@pytest.mark.parametrize(
    ("project", "name"),
    [("csv_to_json", "meltano-csv-to-json-env"), ("Shop.EU", "meltano-shop-eu-env")],
)
def test_a_projects_secret(project: str, name: str) -> None:
    assert naming.build_secret_name(project) == name
