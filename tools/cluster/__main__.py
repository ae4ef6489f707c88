"""`python -m tools.cluster VERB`: up, down, demo, output; or parts of up."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tools.cluster import apps
from tools.cluster.astro import AstroKind
from tools.cluster.demo import demo
from tools.cluster.diagnose import diagnose
from tools.cluster.errors import ClusterError
from tools.cluster.kind import check_there
from tools.cluster.output import output
from tools.cluster.settings import Settings
from tools.cluster.shell import Shell
from tools.cluster.steps import Step, alone, run_steps
from tools.cluster.toolbox import ensure_tools
from tools.cluster.up import Up, down_steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.read()
        shell = Shell(settings.work / "logs" / f"{options.verb}.log")
        if options.verb in ("demo", "output"):
            check_there(settings, shell)
        if options.verb == "demo":
            return 0 if demo(settings, shell, options.dag, full_refresh=options.full_refresh) else 1
        if options.verb == "output":
            print(output(settings, shell, options.file))
            return 0
        if options.verb == "diagnose":
            print(diagnose(settings, shell) or "There is no cluster: `make up` creates one.")
            return 0
        with alone(settings.work):
            return 0 if _step_by_step(options.verb, settings, shell) else 1
    except ClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _step_by_step(verb: str, settings: Settings, shell: Shell) -> bool:
    up, astro = Up(settings), AstroKind(settings)
    steps: Mapping[str, Sequence[Step]] = {
        "up": (*up.cluster_steps(), *up.app_steps()),
        "cluster": up.cluster_steps(),
        "tools": up.cluster_steps()[:3],
        "engine": up.cluster_steps()[:1],
        "helm": (Step("Helm", lambda shell: ensure_tools(shell, None, names=("helm",))),),
        "down": down_steps(settings),
        "astro-kind": astro.steps(),
        "astro-kind-off": astro.steps_off(),
    }
    done = run_steps(
        steps[verb],
        settings.work / "logs",
        command=f"make {verb}"
        if verb in ("up", "down", "astro-kind")
        else f"python -m tools.cluster {verb}",
        diagnose=lambda: diagnose(settings, shell) if verb in ("up", "cluster") else "",
    )
    if done and verb == "up":
        sys.stdout.write(f"\n{apps.farewell(settings, shell)}\n")
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.cluster")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="the whole: cluster, images, Airflow")
    verbs.add_parser("cluster", help="the cluster with its registry and nothing on it")
    verbs.add_parser("tools", help="a Docker engine, kind, helm and kubectl")
    verbs.add_parser("engine", help="a running Docker engine")
    verbs.add_parser("helm", help="helm alone, which needs no Docker engine")
    verbs.add_parser(
        "down",
        help="remove the cluster; with DOWN_ENGINE=1 stop the engine too, if it was started here",
    )
    verbs.add_parser("astro-kind", help="let Airflow of `astro dev start` run pods in the cluster")
    verbs.add_parser("astro-kind-off", help="undo that")
    demonstration = verbs.add_parser("demo", help="run a DAG on the cluster and follow it")
    demonstration.add_argument("--dag", default="csv_to_json.daily", help="id of the DAG")
    demonstration.add_argument("--full-refresh", action="store_true", help="move every row again")
    verbs.add_parser("diagnose", help="report unhealthy pods, with their logs")
    written = verbs.add_parser("output", help="list the files that targets wrote, or print one")
    written.add_argument("file", nargs="?", default="", help="path as in the list")
    return parser


if __name__ == "__main__":
    sys.exit(main())
