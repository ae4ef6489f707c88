"""Which variables of a run hold secrets: what a launcher tells the runner of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_runner.contract.environment import NOT_SECRET, SECRET_NAMES, join_names
from meltano_runner.contract.secret_rule import is_secret_name

from meltano_pods.settings.types.env import PUBLIC_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from meltano_pods.settings.types.env import AirflowSource


def secret_names(sources: Mapping[str, AirflowSource], not_secret: Collection[str]) -> set[str]:
    """Return the names of variables that hold secrets, as far as that is known without values.

    Args:
        sources: Where their values are, by name of variable.
        not_secret: Names of variables that hold no secret.
    """
    return {
        name
        for name, source in sources.items()
        if source.connection is None or source.field not in PUBLIC_FIELDS or is_secret_name(name)
    }.difference(not_secret)


def masking_variables(
    env: Mapping[str, str], secret: Iterable[str], not_secret: Iterable[str]
) -> dict[str, str]:
    """Return the variables that tell the runner what to mask beyond its own rule, and what not.

    Args:
        env: The run's plain variables, which may say more.
        secret: Names of variables that hold secrets, whatever they look like.
        not_secret: Names of variables that hold none.
    """
    listed = {
        SECRET_NAMES: join_names(env.get(SECRET_NAMES), ",".join(sorted(secret))),
        NOT_SECRET: join_names(env.get(NOT_SECRET), ",".join(sorted(not_secret))),
    }
    return {name: value for name, value in listed.items() if value}
