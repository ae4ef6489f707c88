"""The recipients of a DAG: its settings override those of the deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from meltano_pods.errors import DeploymentError
from meltano_pods.settings.deployment.read import SECTION
from meltano_pods.settings.types.notify import CHANNELS, USUAL_EVENTS

_SETTING = f"Airflow's setting `[{SECTION}] notify`"

Notify = Mapping[str, tuple[str, ...] | None]
"""The setting `notify` after validation; None stands for no recipients."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One message of each notification.

    Attributes:
        channel: A key of `CHANNELS`.
        to: Email addresses, or the id of one Airflow connection.
    """

    channel: str
    to: tuple[str, ...]

    @property
    def label(self) -> str:
        """Its name in logs and in the record of what was sent."""
        return f"{self.channel}:{','.join(self.to)}"


@dataclass(frozen=True, slots=True)
class Routing:
    """The recipients and events of a DAG.

    Attributes:
        recipients: Each receives every notification.
        events: Of `failure`, `recovery` and `retry`.
    """

    recipients: tuple[Recipient, ...] = ()
    events: tuple[str, ...] = USUAL_EVENTS


def resolve_routing(dag_id: str, setting: Notify, deployment: Notify | None) -> Routing:
    """Return the recipients and events of a DAG.

    Args:
        dag_id: The DAG, for messages.
        setting: Its setting.
        deployment: The deployment's, over which the DAG's goes key by key; None: it is off.

    Raises:
        DeploymentError: The provider of a channel is missing.
    """
    if deployment is None:
        return Routing()
    merged = {**deployment, **setting}
    recipients: list[Recipient] = []
    for channel, kind in CHANNELS.items():
        if not (to := merged.get(channel)):
            continue
        _require(
            channel, f"DAG {dag_id}, `notify` in meltano.yml" if channel in setting else _SETTING
        )
        groups = [to] if kind.is_shared else [(each,) for each in to]
        recipients += [Recipient(channel, group) for group in groups]
    events = merged.get("events")
    return Routing(tuple(recipients), USUAL_EVENTS if events is None else events)


def _require(channel: str, where: str) -> None:
    name, file = CHANNELS[channel].provider, CHANNELS[channel].notifier
    # Only found, not imported: an import would load the whole client at every parse.
    spec = find_spec(f"airflow.providers.{name}")
    folders = [] if spec is None else spec.submodule_search_locations or []
    if not any((Path(folder) / file).is_file() for folder in folders):
        package = f"apache-airflow-providers-{name}"
        lack = "is not installed" if spec is None else f"is too old: it has no {file}"
        raise DeploymentError(
            f"notifications by {channel} need the package `{package}`, which {lack}",
            where,
            f"Add `{package}` to requirements.txt and build the Airflow image again, or remove "
            f"`{channel}` from `notify`.",
        )
