"""`python -m tools.images build [TARGET...]`, `... push REGISTRY` and `... pin IMAGE`."""

from __future__ import annotations

import argparse
import os
import sys
from time import monotonic

from tools.cluster.engine import ensure_engine
from tools.cluster.errors import ClusterError
from tools.cluster.places import ROOT
from tools.cluster.shell import Shell
from tools.images.bases import Bases
from tools.images.build import AIRFLOW, MELTANO, build
from tools.images.push import check_registry, pin, push


def main() -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.images", description=__doc__)
    parser.add_argument(
        "--bases", type=Bases, choices=[*Bases], default=os.environ.get("BASES") or "auto",
        help="where the base images come from (default: BASES, else auto)",
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build the images")
    building.add_argument(
        "targets", nargs="*", metavar="TARGET", help="meltano, airflow (default: both)"
    )
    pushing = commands.add_parser("push", help="build and publish the Meltano image, and pin it")
    pushing.add_argument(
        "registry",
        nargs="?",
        default="",
        help="such as ghcr.io/acme: the image is REGISTRY/meltano",
    )
    pushing.add_argument("--tag", default="", help="tag beside the digest (default: the commit)")
    pinning = commands.add_parser("pin", help="pin a Meltano image that was published already")
    pinning.add_argument("image", help="by its digest: ghcr.io/acme/meltano@sha256:...")
    arguments = parser.parse_args()
    shell = Shell(ROOT / ".run" / "images.log")
    started = monotonic()
    try:
        if arguments.command == "pin":
            pin(arguments.image)
            print(f"Pinned {arguments.image} in Dockerfile")
            return 0
        if arguments.command == "push":
            check_registry(arguments.registry)
        ensure_engine(shell)
        if arguments.command == "push":
            image = push(shell, arguments.registry, tag=arguments.tag, bases=arguments.bases)
            pin(image)
            print(f"Pushed {image}\nand pinned it in Dockerfile: commit that, then deploy Airflow.")
        else:
            targets = arguments.targets or ["meltano", "airflow"]
            bases = build(shell, targets, bases=arguments.bases)
            names = {"meltano": MELTANO, "airflow": AIRFLOW}
            for target in targets:
                print(f"Built {names.get(target, target)} ({_SAID[bases]})")
        print(f"in {monotonic() - started:.0f} s; log: {shell.log.relative_to(ROOT)}")
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


_SAID = {
    Bases.REGISTRY: "on the published base images",
    Bases.OFFLINE: "on stand-ins for the published base images, which cannot be reached",
}

if __name__ == "__main__":
    sys.exit(main())
