"""`buildopt schema`: the JSON Schema of a settings file."""

from __future__ import annotations

import json

import click

from buildopt.settings.schema import schema

EPILOG = """\b
Examples:
  buildopt schema                          what a settings file may hold
  buildopt schema > buildopt.schema.json   for an editor: `#:schema ./buildopt.schema.json`
                                           as the first line of buildopt.toml
"""


@click.command("schema", epilog=EPILOG)
def command() -> None:
    """Print the JSON Schema (2020-12) of the settings.

    It is made from the table by which settings are checked, with each key's meaning and default.
    """
    click.echo(json.dumps(schema(), indent=2))
