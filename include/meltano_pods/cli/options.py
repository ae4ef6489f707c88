"""Options that several commands have; those of projects and output stand with what reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meltano_pods.names import nearest, suggestion
from meltano_pods.settings.deployment.profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable

    Option = Callable[[Callable[..., int]], Callable[..., int]]


class NearPath(click.Path):
    """A path that exists, or an error that suggests the one beside it that was probably meant."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """Return the path."""
        path = Path(value)
        if not path.exists() and path.parent.is_dir():
            near = nearest(path.name, [each.name for each in path.parent.iterdir()])
            if near is not None:
                self.fail(f"{value} does not exist. Did you mean {path.parent / near}?", param, ctx)
        return super().convert(value, param, ctx)


class NearChoice(click.Choice[str]):
    """One of a few words, or an error that suggests the one that was probably meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the message for a value that is none of them."""
        message = super().get_invalid_choice_message(value, ctx)
        return f"{message} {suggestion(str(value), self.choices)}".rstrip()


PROFILE_NAMES = ("default", *PROFILES)


def profile_option(purpose: str) -> Option:
    """Return `--profile`.

    Args:
        purpose: What the command does with it, for its help.
    """
    return click.option(
        "--profile",
        type=NearChoice(PROFILE_NAMES),
        help=f"{purpose}  [default: as Airflow's configuration here says]",
    )


def cluster_options(only_with: str = "") -> Option:
    """Return `--context` and `--kubeconfig`.

    Args:
        only_with: The option without which they mean nothing; empty if there is none.
    """
    before = f"With {only_with}: the" if only_with else "The"
    context = click.option(
        "--context",
        metavar="NAME",
        help=f"{before} kubeconfig's context.  [default: the deployment's `cluster_context`, else "
        "the cluster of `make up`; never kubectl's current one]",
    )
    kubeconfig = click.option(
        "--kubeconfig",
        metavar="FILE",
        type=NearPath(exists=True, dir_okay=False, path_type=Path),
        help=f"{before} kubeconfig of --context; alone, one with a single context.  [default: "
        "KUBECONFIG, else ~/.kube/config]",
    )
    return lambda command: context(kubeconfig(command))
