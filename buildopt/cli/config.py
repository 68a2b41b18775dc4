"""`buildopt config`: every setting that holds here, and where it was set."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import click

from buildopt.cli.call import working_directory
from buildopt.cli.words import tell
from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.phrases import printable
from buildopt.settings.files import read_part
from buildopt.settings.loading import values_of
from buildopt.settings.mistakes import did_you_mean
from buildopt.settings.origins import Value, misspelled_variables, values_for

EPILOG = """\b
Examples:
  buildopt config                    every value, and where it was set
  buildopt config cache tasks.docs   one of them, and all of a task
  buildopt config --json
  buildopt config --check buildopt.toml web/package.json   for a hook: 2 where one makes no sense
"""


@click.command("config", epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.option("--check", "checks", is_flag=True, help="Each KEY is a settings file: check it.")
@click.argument("keys", nargs=-1, metavar="[KEY…]")
def command(keys: tuple[str, ...], as_json: bool, checks: bool) -> None:
    """Print the settings that hold in this folder, each with its origin.

    An option of a call is stronger than a BUILDOPT_ variable, that than the project's file, that
    than the user's file, that than the default.
    """
    if checks:
        _check(keys)
        return
    values = _chosen(values_for(working_directory(), os.environ), keys)
    for name, near in misspelled_variables(os.environ):
        tell(f"buildopt: the variable `{name}` sets nothing; did you mean `{near}`?")
    if as_json:
        settings = {value.key: _row(value) for value in values}
        click.echo(json.dumps({"schema": SCHEMA, "settings": settings}))
    elif sys.stdout.isatty():
        _print_table(values)
    else:
        _print_lines(values)


def _check(paths: Iterable[str]) -> None:
    """Look at each file by itself; raises SettingsError for the first that makes no sense."""
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(
                f"there is no file `{path}`", hint="name a settings file", slug="usage"
            )
        part = read_part(os.path.abspath(path), shown=path)
        if part:
            values_of(part)


def _chosen(values: tuple[Value, ...], keys: tuple[str, ...]) -> tuple[Value, ...]:
    """The values of those keys, or below them; raises UsageError for a key that nobody set."""
    found: list[Value] = []
    for key in keys:
        those = [v for v in values if v.key == key or v.key.startswith(key + ".")]
        if not those and key != "tasks":
            names = [value.key for value in values]
            hint = did_you_mean(key, names) or "`buildopt config` lists them all"
            raise UsageError(f"no setting `{key}`", hint=hint, slug="unknown-key")
        found += those
    return tuple(found) if keys else values


def _row(value: Value) -> dict[str, Any]:  # Any: JSON
    return {
        "value": value.value,
        "origin": value.origin,
        "file": value.file or None,
        "line": value.line or None,
        "variable": value.variable or None,
    }


def _print_lines(values: Iterable[Value]) -> None:
    """Columns for `grep` and `less`."""
    rows = [(_printable(value.key), _shown(value), _origin(value)) for value in values]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for key, shown, origin in rows:
        click.echo(f"{key:<{widths[0]}}  {shown:<{widths[1]}}  {origin}")


def _print_table(values: Iterable[Value]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("setting", "value", "set by", box=SIMPLE_HEAD, pad_edge=False)
    for value in values:
        style = "dim" if value.origin == "default" else ""
        cells = (_printable(value.key), _shown(value, between=",\n "), _origin(value))
        table.add_row(*(Text(cell, style=style, overflow="fold") for cell in cells))
    Console().print(table)


def _shown(value: Value, *, between: str = ", ") -> str:
    """The value as JSON, which is as TOML has it, with that between the members of a list."""
    if not isinstance(value.value, tuple):
        return _json_of(value.value)
    return f"[{between.join(map(_json_of, value.value))}]"


def _json_of(value: object) -> str:
    return _printable(json.dumps(value, ensure_ascii=False))


def _origin(value: Value) -> str:
    """`project file buildopt.toml:4`, seen from here where it lies below."""
    if value.variable:
        return value.variable
    if not value.file:
        return value.origin
    here = os.path.join(os.getcwd(), "")
    return _printable(f"{value.origin} {value.file.removeprefix(here)}:{value.line}")


def _printable(text: str) -> str:
    """The text in the characters that our output has."""
    encoding = sys.stdout.encoding or "ascii"
    return printable(text).encode(encoding, "backslashreplace").decode(encoding)
