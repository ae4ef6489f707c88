"""What we read of a project is what Meltano reads, field by field."""

from __future__ import annotations

import json
import os
import subprocess
from functools import reduce
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from meltano_pods.plan import plan
from meltano_pods.plan.state_ids import compute_state_ids
from meltano_pods.project import Job, PluginType, Project, Schedule, read_project
from meltano_pods.project.cron import to_cron
from meltano_pods.project.references.commands import find_commands

from tests.meltano.projects import PROJECTS, WITHOUT_DEFINITIONS, write
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from meltano_pods.settings.layers import Layer

# The first test waits for Meltano to look at all projects.
pytestmark = [pytest.mark.meltano, pytest.mark.timeout(600)]

BIN = ROOT / ".venv-meltano" / "bin"
VENDOR = "meltano_pods"

# Meltano takes the files of one pattern in the order of the file system, which we sort.
SEVERAL_FILES_A_PATTERN = {"included by patterns", "a file for each section"}

# Variables that projects refer to.
VARIABLES = {"STAGE": "prod", "REST": "rod"}

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("meltano")
    found = {name: root / str(number) for number, name in enumerate(PROJECTS)}
    for name, folder in found.items():
        write(name, folder)
    return found


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = str(tmp_path_factory.mktemp("home"))
    return {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "NO_COLOR": "1",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        # A project without a definition fails here, without a request.
        "MELTANO_HUB_URL": "http://127.0.0.1:9",
        **VARIABLES,
    }


@pytest.fixture(scope="module")
def answers(folders: dict[str, Path], environment: dict[str, str]) -> dict[str, Answer]:
    oracle = Path(__file__).with_name("oracle.py")
    done = subprocess.run(
        [BIN / "python", oracle],
        input="\n".join(map(str, folders.values())),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    return {name: content[str(folder)] for name, folder in folders.items()}


@pytest.fixture(params=PROJECTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def answer(name: str, answers: dict[str, Answer]) -> Answer:
    assert "error" not in answers[name], answers[name]["error"]
    return answers[name]


@pytest.fixture
def defined(name: str, answer: Answer) -> Answer:
    if name == WITHOUT_DEFINITIONS:
        pytest.skip("of its plugins Meltano says nothing without the Hub")
    assert "hub" not in answer, answer["hub"]
    return answer


@pytest.fixture
def project(
    name: str, folders: dict[str, Path], answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> Project:
    assert answer  # read as Meltano left it
    for variable, value in VARIABLES.items():
        monkeypatch.setenv(variable, value)
    return read_project(folders[name])


def test_schedules(project: Project, answer: Answer) -> None:
    content = answer["schedules"]["schedules"]
    ours = list(project.schedules.values())
    assert [_common(each) for each in ours if each.job] == [
        {key: _text(each[key]) for key in ("name", "cron_interval", "env")}
        | {"interval": each["interval"] or None}
        | {"job": each["job"]["name"]}
        for each in content["job"]
    ]
    assert [_common(each) for each in ours if not each.job] == [
        {key: _text(each[key]) for key in ("name", "cron_interval", "env")}
        | {"interval": each["interval"] or None}
        | {key: each[key] for key in ("extractor", "loader", "elt_args")}
        for each in content["elt"]
    ]


def test_chosen_environment(project: Project, answer: Answer) -> None:
    default = project.default_environment
    assert (default.name if default is not None else None) == answer["chosen"]


def test_state_backend(project: Project, answer: Answer) -> None:
    for environment, address in answer["state_backends"].items():
        for dag in plan(project, environment or None).dags:
            expected = "database" if address == "systemdb" else "backend"
            assert {task.settings.state for task in dag.tasks} == {expected}, (environment, address)


def test_state_ids(project: Project, defined: Answer) -> None:
    for environment, jobs in defined["states"].items():
        for name, content in jobs.items():
            if isinstance(content, str):  # what Meltano cannot run either
                continue
            ours = [
                compute_state_ids(project, task.blocks, environment, variables=VARIABLES)
                for task in project.jobs[name].tasks
            ]
            assert ours == [tuple(dict.fromkeys(each)) for each in content], (environment, name)


def test_there_are_state_ids_to_compare(answers: dict[str, Answer]) -> None:
    found = {
        state_id
        for answer in answers.values()
        for jobs in answer.get("states", {}).values()
        for tasks in jobs.values()
        if not isinstance(tasks, str)
        for task in tasks
        for state_id in task
    }
    assert len(found) > 5
    assert any(state_id.endswith(":blue") for state_id in found)


def _text(value: Any) -> Any:
    return {key: str(each) for key, each in value.items()} if isinstance(value, dict) else value


def _common(schedule: Schedule) -> dict[str, Any]:
    cron = to_cron(schedule.interval)
    common = {
        "name": schedule.name,
        "interval": schedule.interval,
        # Airflow has a schedule of its own for it, Meltano none.
        "cron_interval": None if cron == "@once" else cron,
        "env": schedule.env,
    }
    if schedule.job:
        return common | {"job": schedule.job}
    pair = [str(schedule.extractor), str(schedule.loader)]
    return common | {
        "extractor": schedule.extractor,
        "loader": schedule.loader,
        "elt_args": [*pair, f"--transform={schedule.transform}", f"--state-id={schedule.name}"],
    }


def test_jobs(name: str, project: Project, defined: Answer) -> None:
    content = {each["job_name"]: each["tasks"] for each in defined["jobs"]["jobs"]}
    if name in SEVERAL_FILES_A_PATTERN:
        assert sorted(project.jobs) == sorted(content)
    else:
        assert list(project.jobs) == list(content)
    for job in project.jobs.values():
        assert _blocks(job) == _whole(content[job.name], defined["sets"][job.name])
    for schedule in defined["schedules"]["schedules"]["job"]:
        assert schedule["job"]["tasks"] == content[schedule["job"]["name"]]


def _blocks(job: Job) -> list[list[str]]:
    return [list(task.blocks) for task in job.tasks]


def _whole(tasks: list[Any], sets: list[int]) -> list[list[str]]:
    """Return Meltano's entries of `tasks`, joined where one ends within a set of blocks."""
    ends = set(accumulate(sets))
    whole: list[list[str]] = [[]]
    for task in tasks:
        if sum(map(len, whole)) in ends:
            whole.append([])
        whole[-1] += _flat(task)
    return whole


def _flat(task: Any) -> list[str]:
    return (
        task.split() if isinstance(task, str) else [block for each in task for block in _flat(each)]
    )


def test_plugins(project: Project, defined: Answer) -> None:
    own = [each for each in defined["plugins"] if each["mapping"] is None]
    ours = {(str(each.type), each.name): each for each in project.plugins}
    assert sorted(ours) == sorted((each["type"], each["name"]) for each in own)
    for each in own:
        plugin = ours[each["type"], each["name"]]
        assert (plugin.inherit_from, plugin.parent) == (each["inherit_from"], each["parent"])
        assert sorted(find_commands(project, plugin) or ()) == each["commands"]
        mappings = [
            other["mapping"]
            for other in defined["plugins"]
            if other["name"] == plugin.name and other["mapping"] is not None
        ]
        assert list(plugin.mappings) == (mappings if plugin.type is PluginType.MAPPERS else [])
    order = [str(each) for each in PluginType]
    found = list(dict.fromkeys(each["type"] for each in own))
    assert found == sorted(found, key=order.index)


def test_names(project: Project, defined: Answer) -> None:
    content = {each["mapping"] or each["name"]: each["named"] for each in defined["plugins"]}
    assert {name: str(plugin.type) for name, plugin in project.named.items()} == content


def test_environments(project: Project, answer: Answer) -> None:
    assert {"", *project.environments} == answer["state_backends"].keys()


def test_annotations(project: Project, defined: Answer) -> None:
    for name, manifest in defined["manifests"].items():
        environment = project.environments[name] if name else None
        over = [] if environment is None else [environment.annotations]
        assert _said(manifest) == _merged([project.annotations, *over])
        for section, ours in (("jobs", project.jobs), ("schedules", project.schedules)):
            for each in manifest.get(section, []):
                own: Layer = ours[_name(each)].annotations
                assert _said(each) == _merged([own])
        for plugin in project.plugins:
            [each] = [
                each for each in manifest["plugins"][plugin.type] if each["name"] == plugin.name
            ]
            key = (plugin.type, plugin.name)
            more = (
                []
                if environment is None or key not in environment.plugins
                else [environment.plugins[key]]
            )
            assert _said(each) == _merged([plugin.annotations, *more])


def _name(entry: dict[str, Any]) -> str:
    # `compile` reads YAML 1.1, other than all other commands.
    other = {True: "yes" if "tasks" in entry else "on", False: "off", 750: "12:30"}
    return str(other.get(entry["name"], entry["name"]))


def _said(entry: dict[str, Any]) -> dict[str, Any]:
    annotations = entry.get("annotations") or {}
    content: dict[str, Any] = annotations.get(VENDOR) or {}
    return content


def _merged(annotations: list[Layer]) -> dict[str, Any]:
    return reduce(_deep, (each.values for each in annotations), {})


def _deep(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {
            key: _deep(base[key], each) if key in base else each for key, each in over.items()
        }
    # Meltano appends lists; ours replace one another, when settings are made of them.
    return base + over if isinstance(base, list) and isinstance(over, list) else over


def test_every_key_of_meltanos_schema_is_taken(folders: dict[str, Path]) -> None:
    (schema,) = ROOT.glob(".venv-meltano/lib/python3*/site-packages/meltano/schemas/*.json")
    name = "every setting of Meltano's"
    written = yaml.safe_load((folders[name] / "meltano.yml").read_text())
    elsewhere = {"include_paths"}  # most of the other projects have it
    assert json.loads(schema.read_text())["properties"].keys() - written.keys() == elsewhere
    planned = plan(read_project(folders[name]))
    assert (planned.errors, planned.warnings) == ((), ())


def test_the_commands_themselves(
    folders: dict[str, Path], environment: dict[str, str], answers: dict[str, Answer]
) -> None:
    """The answers above are what the commands print when each runs in a process of its own."""
    name = "an included file that overrides"

    def meltano(*command: str) -> str:
        return subprocess.run(
            [BIN / "meltano", *command],
            cwd=folders[name],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert json.loads(meltano("schedule", "list", "--format", "json")) == answers[name]["schedules"]
    assert json.loads(meltano("job", "list", "--format", "json")) == answers[name]["jobs"]
    meltano("compile", "--directory", "manifests")
    for environment_name, manifest in answers[name]["manifests"].items():
        suffix = f".{environment_name}" if environment_name else ""
        file = folders[name] / "manifests" / f"meltano-manifest{suffix}.json"
        written = json.loads(file.read_text())
        assert _without_env(written) == _without_env(manifest)


def _without_env(entry: Any) -> Any:
    """Return a manifest without the variables of settings, which the oracle leaves out."""
    if isinstance(entry, dict):
        return {key: _without_env(each) for key, each in entry.items() if key != "env"}
    return [_without_env(each) for each in entry] if isinstance(entry, list) else entry
