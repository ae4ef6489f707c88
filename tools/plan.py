"""`make plan`: prints the DAGs that Airflow will make, or the pods of their tasks."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.plan.turns import refuse_clashes
from meltano_pods.settings.deployment import deployment_settings
from meltano_pods.settings.profiles import PROFILES
from meltano_pods.tasks.deployment import deployment_at

from tools.planned import planned, planned_pods, project_folders

if TYPE_CHECKING:
    from meltano_pods.plan import ProjectPlan

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Print the plan; return the exit code, 1 for a project that cannot be planned."""
    parser = argparse.ArgumentParser(prog="python -m tools.plan", description=__doc__)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything, as JSON")
    form.add_argument(
        "--pods", metavar="PROFILE", choices=["default", *PROFILES],
        help=f"the pods as YAML: default, {', '.join(PROFILES)}",
    )  # fmt: skip
    parser.add_argument("--root", type=Path, default=ROOT, help="the Airflow project's folder")
    chosen = parser.parse_args(arguments)
    try:
        plans = [planned(folder) for folder in project_folders(chosen.root)]
        refuse_clashes(plans)
        if chosen.pods:
            said = {"profile": chosen.pods, "launcher": "kubernetes"}
            deployment = deployment_at(chosen.root, deployment_settings(said))
            pods = [pod.manifest for each in plans for pod in planned_pods(each, deployment)]
            print(yaml.safe_dump_all(pods, sort_keys=False), end="")
        elif chosen.json:
            print(json.dumps([each.as_dict() for each in plans], indent=2))
        else:
            print("\n\n".join(map(text, plans)))
    except MeltanoPodsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def text(plan: ProjectPlan) -> str:
    """Return a project's DAGs and tasks, as a person reads them."""
    lines = [f"{plan.project} (digest {plan.digest[:12]})"]
    for dag in plan.dags:
        environments = {task.environment or "no environment" for task in dag.tasks}
        when = dag.schedule or "by hand"
        lines.append(f"  {dag.dag_id}: {when}, {', '.join(sorted(environments))}")
        lines += [f"    {task.task_id}: {' '.join(task.arguments)}" for task in dag.tasks]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
