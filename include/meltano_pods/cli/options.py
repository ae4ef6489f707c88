"""Options that several commands share, and option types that suggest the nearest value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meltano_pods.names import find_nearest, suggest
from meltano_pods.settings.deployment.profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable

    Option = Callable[[Callable[..., int]], Callable[..., int]]


class SuggestingPath(click.Path):
    """An existing path; an error suggests a similar name in the same folder."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """Return the path."""
        path = Path(value)
        if not path.exists() and path.parent.is_dir():
            near = find_nearest(path.name, [each.name for each in path.parent.iterdir()])
            if near is not None:
                self.fail(f"{value} does not exist. Did you mean {path.parent / near}?", param, ctx)
        return super().convert(value, param, ctx)


class SuggestingChoice(click.Choice[str]):
    """One of a few words; an error suggests a similar one."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the message for another value."""
        message = super().get_invalid_choice_message(value, ctx)
        return f"{message} {suggest(str(value), self.choices)}".rstrip()


PROFILE_NAMES = ("default", *PROFILES)


def profile_option(purpose: str) -> Option:
    """Return `--profile`.

    Args:
        purpose: What the command uses the profile for, as its help says.
    """
    return click.option(
        "--profile",
        type=SuggestingChoice(PROFILE_NAMES),
        help=f"{purpose} Other settings in Airflow's configuration here still apply.  "
        "[default: the profile there]",
    )


def cluster_options(only_with: str = "") -> Option:
    """Return `--context` and `--kubeconfig`.

    Args:
        only_with: The option that they require; empty if there is none.
    """
    start = f"With {only_with}: the" if only_with else "The"
    context = click.option(
        "--context",
        metavar="NAME",
        help=f"{start} context in the kubeconfig.  [default: the deployment's `cluster_context`, "
        "else the cluster of `make up`; never kubectl's current context]",
    )
    kubeconfig = click.option(
        "--kubeconfig",
        metavar="FILE",
        type=SuggestingPath(exists=True, dir_okay=False, path_type=Path),
        help=f"{start} kubeconfig of --context; without --context, it must have a single context.  "
        "[default: KUBECONFIG, else ~/.kube/config]",
    )
    return lambda command: context(kubeconfig(command))
