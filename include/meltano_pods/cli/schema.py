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
    help="Meltano's own schema, which is to hold as well; empty for ours alone.",
)
def command(meltano: str) -> int:
    """Print a JSON schema of meltano.yml with its settings, for editors.

    Write it to a file beside meltano.yml, and name that in its first line:
    `# yaml-language-server: $schema=meltano-pods.schema.json`.
    """
    click.echo(json.dumps(build_schema(meltano or None), indent=2))
    return 0
