"""`meltano-pods schema`."""

from __future__ import annotations

import json

import click

from meltano_pods.settings.json_schema import MELTANO_SCHEMA, build_schema


@click.command()
@click.option(
    "--meltano",
    default=MELTANO_SCHEMA,
    metavar="ADDRESS",
    show_default=True,
    help="Address of Meltano's own schema, to include it; empty to omit it.",
)
def command(meltano: str) -> int:
    """Print a JSON schema of meltano.yml with the settings, for editors.

    Save it next to meltano.yml, and make this the first line of meltano.yml:
    `# yaml-language-server: $schema=meltano-pods.schema.json`.
    """
    click.echo(json.dumps(build_schema(meltano or None), indent=2))
    return 0
