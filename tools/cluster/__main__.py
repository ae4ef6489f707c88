"""`python -m tools.cluster VERB`: up, down, or parts of them: engine, cluster."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tools.cluster import apps
from tools.cluster.diagnose import diagnose
from tools.cluster.errors import ClusterError
from tools.cluster.settings import Settings
from tools.cluster.shell import Shell
from tools.cluster.steps import run_steps
from tools.cluster.up import Up, down_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.cluster.steps import Step

_VERBS = {
    "up": "the whole: cluster, images, Airflow",
    "cluster": "the cluster with its registry and nothing on it",
    "engine": "a running Docker engine",
    "down": "remove the cluster; with DOWN_ENGINE=1 stop the engine too, if it was started here",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.cluster",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {verb:<8} {what}" for verb, what in _VERBS.items()),
    )
    parser.add_argument("verb", choices=_VERBS)
    verb = parser.parse_args(arguments).verb
    try:
        settings = Settings.read()
    except ClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    up = Up(settings)
    steps: dict[str, Sequence[Step]] = {
        "up": (*up.cluster_steps(), *up.app_steps()),
        "cluster": up.cluster_steps(),
        "engine": up.cluster_steps()[:1],
        "down": down_steps(settings),
    }
    shell = Shell(settings.work / "logs" / "after.log")
    done = run_steps(
        steps[verb],
        settings.work / "logs",
        command=f"make {verb}" if verb in ("up", "down") else f"python -m tools.cluster {verb}",
        diagnose=lambda: diagnose(settings, shell) if verb in ("up", "cluster") else "",
    )
    if done and verb == "up":
        sys.stdout.write(f"\n{apps.farewell(settings, shell)}\n")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
