"""What a change of projects does, by `plan --diff`."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command_line import rewrite
from tests.support.pods import TEMPLATES
from tests.support.projects import FULLEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command_line import RunCli
    from tests.support.projects import MakeProject


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *who, *arguments]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def repository(root: Path) -> Path:
    (root / "k8s" / "pod_templates").unlink()
    (root / "k8s" / "pod_templates").mkdir()
    template = (TEMPLATES / "default.yaml").read_text()
    (root / "k8s" / "pod_templates" / "default.yaml").write_text(template)
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "first")
    return root


def changes(run_cli: RunCli, *more: str) -> Any:
    code, out, err = run_cli("plan", "--diff", "main", "--exit-code", "--format", "json", *more)
    assert err == ""
    return code, json.loads(out)["projects"]


def test_what_a_change_does(repository: Path, run_cli: RunCli) -> None:
    assert changes(run_cli) == (0, [])
    rewrite(repository, "interval: '@daily'", "interval: '@hourly'")
    rewrite(repository, "    termination_grace_period: 30s", "    termination_grace_period: 60s")
    code, (project,) = changes(run_cli)
    (dag,) = project["dags"]
    assert (code, dag["dag_id"], dag["kind"]) == (3, "shop.daily", "changed")
    assert project["files"] is True
    assert {"key": "schedule", "old": "0 0 * * *", "new": "0 * * * *"} in dag["changes"]
    assert {"key": "settings.termination_grace_period", "old": "30s", "new": "1m"} in dag["changes"]
    (task,) = dag["tasks"]
    assert task["state_ids"] is None
    grace = {"key": "spec.terminationGracePeriodSeconds", "old": 30, "new": 60}
    assert grace in task["pod"]
    assert not [each for each in task["pod"] if "DIGEST" in each["key"]]
    # The user's index and files are theirs.
    assert git(repository, "status", "--short") == " M meltano/shop/meltano.yml\n"


def test_a_changed_state_id_is_called_out(repository: Path, run_cli: RunCli) -> None:
    rewrite(repository, "name: daily", "name: nightly")
    code, (project,) = changes(run_cli)
    (dag,) = project["dags"]
    assert (code, dag["kind"], dag["was"]) == (4, "renamed", "shop.daily")
    assert dag["tasks"][0]["state_ids"] == {"old": ["daily"], "new": ["nightly"]}
    code, out, _ = run_cli("plan", "--diff", "main")
    assert code == 0
    assert "! STATE ID daily -> nightly: the next run extracts all records again" in out
    assert "1 renamed, 0 changed; 1 state id changed" in out


def test_dags_and_projects_come_and_go(
    repository: Path, run_cli: RunCli, make_project: MakeProject
) -> None:
    make_project(FULLEST, "other")
    rewrite(
        repository,
        "schedules:",
        "schedules:\n- {name: more, interval: '@daily', extractor: tap-a, loader: target-b, "
        "transform: skip}",
    )
    code, (other, shop) = changes(run_cli)
    assert (code, other["kind"], shop["kind"]) == (3, "added", "changed")
    assert [(dag["dag_id"], dag["kind"]) for dag in shop["dags"]] == [("shop.more", "added")]
    (repository / "meltano" / "shop" / "meltano.yml").unlink()
    _, (other, shop) = changes(run_cli)
    assert (shop["kind"], shop["dags"][0]["kind"]) == ("removed", "removed")
    assert [each["project"] for each in changes(run_cli, "other")[1]] == ["other"]


def test_a_new_dag_without_a_schedule_shows_no_change_of_it(
    repository: Path, run_cli: RunCli
) -> None:
    rewrite(repository, "schedules:", "jobs: [{name: load, tasks: tap-a target-b}]\nschedules:")
    _, out, _ = run_cli("plan", "--diff", "main")
    assert "+ shop.job.load  added; starts paused" in out
    assert "none -> none" not in out


def test_dags_that_break_are_fixed_and_go(repository: Path, run_cli: RunCli) -> None:
    rewrite(repository, "loader: target-b", "loader: target-x")
    code, out, err = run_cli("plan", "--diff", "main", "--exit-code", "--format", "json")
    assert code == 1
    assert "unknown loader 'target-x'" in err
    (project,) = json.loads(out)["projects"]
    (dag,) = project["dags"]
    assert (dag["dag_id"], dag["kind"], dag["tasks"]) == ("shop.daily", "changed", [])
    assert dag["changes"] == [{"key": "broken", "old": False, "new": True}]
    git(repository, "commit", "--quiet", "--all", "--message", "broken")
    code, out, _ = run_cli("plan", "--diff", "main", "--format", "json")
    assert (code, json.loads(out)["projects"]) == (1, [])
    rewrite(repository, "loader: target-x", "loader: target-b")
    code, out, err = run_cli("plan", "--diff", "main")
    assert code == 0
    assert "broken: true -> false" in out
    assert "not compared" in err


def test_a_template_of_pods_is_part_of_a_change(repository: Path, run_cli: RunCli) -> None:
    file = repository / "k8s" / "pod_templates" / "default.yaml"
    file.write_text(file.read_text().replace("runAsNonRoot: true", "runAsNonRoot: false"))
    _, (project,) = changes(run_cli)
    assert project["files"] is False
    (task,) = project["dags"][0]["tasks"]
    assert [each["key"] for each in task["pod"]] == ["spec.securityContext.runAsNonRoot"]


def test_a_submodule_is_compared_by_the_commit_it_had(
    repository: Path, run_cli: RunCli, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "meltano.yml").write_text(FULLEST)
    git(source, "init", "--quiet", "--initial-branch", "main")
    git(source, "add", ".")
    git(source, "commit", "--quiet", "--message", "first")
    add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"]
    git(repository, *add, str(source), "meltano/module")
    git(repository, "commit", "--quiet", "--all", "--message", "second")
    assert changes(run_cli) == (0, [])
    file = repository / "meltano" / "module" / "meltano.yml"
    file.write_text(FULLEST.replace("@daily", "@hourly"))
    _, (project,) = changes(run_cli)
    assert (project["project"], project["kind"]) == ("module", "changed")


def test_what_cannot_be_compared(repository: Path, run_cli: RunCli) -> None:
    code, _, err = run_cli("plan", "--diff", "nope")
    assert code == 1
    assert "there is no commit `nope`" in err
    assert run_cli("plan", "--exit-code")[0] == 2
    rewrite(repository, "loader: target-b", "loader: target-x")
    code, _, err = run_cli("plan", "--diff", "main")
    assert code == 1
    assert "unknown loader 'target-x'" in err
    git(repository, "commit", "--quiet", "--all", "--message", "broken")
    rewrite(repository, "loader: target-x", "loader: target-b")
    code, _, err = run_cli("plan", "--diff", "main")
    assert code == 0
    assert "not compared, because main has an error" in err
