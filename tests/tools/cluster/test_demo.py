from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.ports import free_port
from tools.airflow_log import OPERATORS
from tools.cluster.__main__ import main
from tools.cluster.demo import Progress, TaskReport, _loaded, report
from tools.cluster.errors import ClusterError
from tools.cluster.kind import check_there
from tools.cluster.output import reader
from tools.cluster.places import POD_TEMPLATE
from tools.cluster.settings import Settings
from tools.cluster.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

RESULT = {
    "extracted": 1200,
    "loaded": None,
    "pipelines": [
        {
            "state_id": "daily",
            "state_saved": True,
            "streams": [{"stream": "orders", "extracted": 1200, "bookmark": "2026-01-08"}],
        }
    ],
}


class FakeApi:
    """An Airflow in which a scheduled run is under way when one is started manually."""

    def __init__(self) -> None:
        self.states: dict[str, str | None] = {"manual": None, "scheduled": "running"}
        self.entries: list[dict[str, Any]] = []

    def runs(self, _: str) -> list[dict[str, Any]]:
        return [{"dag_run_id": name, "state": "running", "run_type": name} for name in self.states]

    def tasks(self, _: str, run_id: str) -> list[dict[str, Any]]:
        state = self.states[run_id]
        return [{"task_id": "load", "state": state, "try_number": 1 if state else 0}]

    def result(self, _: str, run_id: str, __: str, key: str = "return_value") -> Any:
        return f"pod-of-{run_id}" if key == "pod_name" else RESULT

    def log(self, *_: object) -> list[dict[str, Any]]:
        return self.entries


def test_progress_says_each_thing_once_and_follows_the_run_that_goes_first() -> None:
    reported: list[str] = []
    api = FakeApi()
    shown = Progress(api, "shop.daily", out=reported.append, context="kind-x")  # type: ignore[arg-type]
    shown.follow("manual")
    api.entries = [
        {"event": "moving", "level": "info", "logger": f"{OPERATORS}.pods.operator"},
        {"event": "careful", "level": "warning", "logger": f"{OPERATORS}.pods.operator"},
        {"event": "Airflow's own", "level": "info", "logger": "task"},
    ]
    shown.look()
    shown.look()
    late = {"event": "late", "level": "info", "logger": f"{OPERATORS}.pods.operator"}
    api.entries.insert(0, late)
    shown.look()
    api.entries.append(
        {
            "event": "Task failed",
            "level": "error",
            "error_detail": [{"exc_value": "why\nkubectl logs x"}],
        }
    )
    shown.look()
    text = "".join(reported)
    for wanted in (
        "run manual",
        "run scheduled, which its schedule started\n",
        "load of scheduled: running",
        "moving\n",
        "WARNING careful",
        "late\n",
    ):
        assert text.count(wanted) == 1, text
    assert "Airflow's own" not in text
    assert "why\n          kubectl --context kind-x logs x\n" in text
    assert shown.tasks() == [  # in the order in which they began
        TaskReport("scheduled", "pod-of-scheduled", RESULT),
        TaskReport("manual", "pod-of-manual", RESULT),
    ]


def lines_of(*tasks: TaskReport) -> list[str]:
    return list(report(tasks, Settings()))


def test_report_of_one_run() -> None:
    lines = lines_of(TaskReport("manual", "pod-1", RESULT))
    assert lines[1:4] == [
        "1,200 records extracted, loaded: unknown",
        "  orders: 1,200 extracted, loaded: unknown, bookmark 2026-01-08",
        "  state daily: saved",
    ]
    assert "describe pod" not in "\n".join(lines)


def test_report_of_two_runs_names_them_and_counts_both() -> None:
    empty = {"extracted": 0, "loaded": None, "pipelines": [{"state_id": "daily"}]}
    lines = lines_of(TaskReport("scheduled", "pod-1", RESULT), TaskReport("manual", "pod-2", empty))
    assert lines[1:7] == [
        "1,200 records extracted, loaded: unknown",
        "  run scheduled: 1,200 records extracted, loaded: unknown",
        "  orders: 1,200 extracted, loaded: unknown, bookmark 2026-01-08",
        "  state daily: saved",
        "  run manual: 0 records extracted, loaded: unknown",
        "  state daily: as it was",
    ]


def test_report_of_a_failure_shows_how_to_look_at_its_pod() -> None:
    failed, succeeded = TaskReport("manual", "pod-1", {}), TaskReport("manual", "pod-2", RESULT)
    text = "\n".join(lines_of(failed, succeeded))
    kubectl = "kubectl --context kind-meltano-pods --namespace meltano"
    assert f"{kubectl} describe pod pod-1\n" in text
    assert "describe pod pod-2" not in text
    assert "records not counted" in "\n".join(lines_of(failed))


def test_the_reader_of_the_volume_is_as_hardened_as_a_run_and_knows_no_secret() -> None:
    template = yaml.safe_load(POD_TEMPLATE.read_text())
    pod = reader(template, "image", "a/b.jsonl")
    (container,) = pod["spec"]["containers"]
    run = yaml.safe_load(POD_TEMPLATE.read_text())["spec"]["containers"][0]
    assert container["securityContext"] == run["securityContext"]
    assert container["command"][-1] == "a/b.jsonl"
    assert not {"env", "envFrom"} & container.keys()
    assert container["volumeMounts"] == [
        {"name": "output", "mountPath": "/output", "readOnly": True}
    ]
    assert [volume["name"] for volume in pod["spec"]["volumes"]] == ["output"]


class EmptyApi:
    def dag(self, _: str) -> None:
        return None

    def call(self, *_: str) -> dict[str, Any]:
        return {"dags": [{"dag_id": "csv_to_json.daily"}], "import_errors": []}


def test_a_dag_that_no_file_here_defines_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("waits"))
    with pytest.raises(ClusterError, match=r"no DAG csv_to_json\.dayly"):
        _loaded(EmptyApi(), "csv_to_json.dayly")  # type: ignore[arg-type]


@pytest.mark.parametrize(("verb"), ["demo", "output"])
def test_without_a_cluster(
    verb: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(Settings, "work", property(lambda _: tmp_path))
    monkeypatch.setattr(Settings, "kubeconfig", property(lambda _: tmp_path / "kubeconfig"))
    assert main([verb]) == 2
    assert capfd.readouterr().err == "There is no cluster.\n  fix: Run `make up`.\n"


def test_a_cluster_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "kubeconfig", property(lambda _: tmp_path / "kubeconfig"))
    settings = Settings()
    server = f"clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:{free_port()}'}}}}]"
    context = "contexts: [{name: c, context: {cluster: c}}]"
    settings.kubeconfig.write_text(f"{server}\n{context}\ncurrent-context: c\n")
    with pytest.raises(ClusterError, match="does not answer"):
        check_there(settings, Shell(tmp_path / "log"))
