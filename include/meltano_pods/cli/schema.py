"""`meltano-pods schema`."""

from __future__ import annotations

import json

import click

from meltano_pods.settings import Settings


@click.command()
def command() -> int:
    """Print the settings of meltano.yml as a JSON schema, for editors.

    It describes what stands under `annotations: meltano_pods:`.
    """
    click.echo(json.dumps(Settings.model_json_schema(), indent=2))
    return 0
