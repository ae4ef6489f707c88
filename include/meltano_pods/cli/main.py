"""Finds and starts the commands, and reports their errors."""

from __future__ import annotations

import importlib
import sys
from typing import cast

import click

from meltano_pods.errors import MeltanoPodsError
from meltano_pods.gc_tuning import seldom_collected
from meltano_pods.missing import missing_package
from meltano_pods.names import list_names, suggest

ERRORS, MISUSE, INTERRUPTED = 1, 2, 130

COMMANDS = {
    "plan": "Print the DAGs, tasks and pods that projects become, or what a change does to them.",
    "validate": "Report every error of every project; for CI.",
    "run": "Run a DAG or a task now, on this machine or in a cluster.",
    "new": "Create a project: its folder and its DAG file.",
    "schema": "Print a JSON schema of meltano.yml with the settings; for editors.",
    "doctor": "Check cluster, permissions, Secrets, images and Airflow; show fixes.",
}


class _Commands(click.Group):
    """Imports a command when it is called, because `--help` needs none of them."""

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
            near = suggest(args[0], COMMANDS)
            ctx.fail(
                f"No such command '{args[0]}'. {near}The commands are: {list_names(COMMANDS)}."
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="meltano-pods", message="%(prog)s %(version)s")
def cli() -> None:
    """Turn Meltano projects into Airflow DAGs whose tasks run as Kubernetes pods.

    Projects are found in the folder `meltano`, here or in a folder above, or in `--projects`.
    Results go to stdout, errors and logs to stderr.

    Exit codes: 0 for success, 1 for errors, 2 for invalid options. The help of a command lists its
    other exit codes.
    """


def program() -> int:
    """Run the process: `main` with its arguments."""
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
        # Commands that only read projects work without it.
        if (missing := missing_package(error, "this command")) is None:
            raise
        return _report_error(str(missing))
    except (MeltanoPodsError, OSError) as error:
        return _report_error(str(error))
    return code if isinstance(code, int) else 0


def _report_error(text: str) -> int:
    click.echo(click.style("error: ", fg="red", bold=True) + text, err=True)
    return ERRORS
