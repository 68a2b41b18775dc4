"""The options of `run`, for a command that goes on as `run` from another folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click
from click.core import ParameterSource

from buildopt.cli import run

PATH_METAVARS = ("FILE", "[FILE]", "DIR")
"""Of options whose value is a path seen from the working directory; globs are from the root."""
_ABOUT_A_TEXT = "shell"
"""Says how the text of a command is read: of no use where none is given."""


def options_of_run() -> list[click.Parameter]:
    """The options themselves, as they are declared there."""
    return [
        parameter
        for parameter in run.command.params
        if isinstance(parameter, click.Option) and parameter.name != _ABOUT_A_TEXT
    ]


def words_for_run(context: click.Context) -> tuple[str, ...]:
    """What was typed of them, as words that mean the same in any folder."""
    words: list[str] = []
    for option in context.command.params:
        if not isinstance(option, click.Option) or option.name is None:
            continue
        if context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            words += _words(option, context.params[option.name])
    return tuple(words)


def _words(option: click.Option, value: object) -> Iterator[str]:
    name = max(option.opts, key=len)
    if option.is_flag:
        yield name if value else option.secondary_opts[0]
        return
    for each in value if isinstance(value, tuple) else (value,):
        if each is True:  # an option whose value may be left out
            yield name
        elif option.metavar in PATH_METAVARS:
            yield f"{name}={os.path.abspath(str(each))}"
        else:
            yield f"{name}={each}"
