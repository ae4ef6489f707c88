"""Finds and starts the commands; says errors in one text."""

from __future__ import annotations

import importlib
import sys
from typing import cast

import click

from meltano_pods.collector import seldom_collected
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.missing import missing_package
from meltano_pods.names import listed, suggestion

FAULTS, MISUSE, INTERRUPTED = 1, 2, 130

COMMANDS = {
    "plan": "The DAGs, tasks and pods that projects become; what a change does to them.",
    "validate": "Every fault of every project, for CI.",
    "run": "Run a pipeline or a task now, here or in the cluster.",
    "new": "Begin a project: its folder and its DAG file.",
    "schema": "The settings as a JSON schema, for editors.",
    "doctor": "Check cluster, permissions, secrets, image and Airflow; show how to fix problems.",
}


class _Commands(click.Group):
    """Imports a command when it is called: `--help` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"meltano_pods.cli.{cmd_name}")
        return cast("click.Command", module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = suggestion(args[0], COMMANDS)
            ctx.fail(f"No such command '{args[0]}'. {near}The commands are: {listed(COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="meltano-pods", message="%(prog)s %(version)s")
def cli() -> None:
    """Meltano projects as Airflow DAGs whose tasks run as Kubernetes pods.

    Projects are looked for in `meltano` of this folder or of one above it, or where `--projects`
    says. Answers go to stdout, all else to stderr.

    Exit codes: 0 for success, 1 for errors, 2 for misuse of the command line. Commands list others
    if they have any.
    """


def program() -> int:
    """Be the process: `main` on its command line."""
    with seldom_collected():
        return main()


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        code = cli.main(arguments, prog_name="meltano-pods", standalone_mode=False)
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # The reader of the output has gone.
        sys.stdout = None
        return 0
    except ModuleNotFoundError as error:
        # What commands that only read do without.
        if (missing := missing_package(error, "this command")) is None:
            raise
        return _refuse(str(missing))
    except (MeltanoPodsError, OSError) as error:
        return _refuse(str(error))
    return code if isinstance(code, int) else 0


def _refuse(text: str) -> int:
    click.echo(click.style("error: ", fg="red", bold=True) + text, err=True)
    return FAULTS
