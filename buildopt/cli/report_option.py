"""`--report [FILE]`: an option whose value may be left out, where words that follow name tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

NAME = "--report"
PAGES = (".html", ".htm")
Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)  # Any: as click has it


def report_option(command: Command) -> Command:
    """Give a command the option; its value is a path, or True for the report's usual name."""
    decorate = click.option(
        NAME,
        is_flag=False,
        flag_value=True,
        type=click.UNPROCESSED,
        callback=_usual_if_empty,
        metavar="[FILE]",
        help="Write an HTML report about the run.  [default: buildopt-report.html]",
    )
    return decorate(command)


def with_joined_file(arguments: list[str]) -> list[str]:
    """The arguments with `--report` and its FILE in one word.

    A word behind it is a file where it is named like a page, or where the command follows; else
    it is a task, and `--report=FILE` names any other file.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    joined: list[str] = []
    at = 0
    while at < end:
        word, following = arguments[at], arguments[at + 1 : end]
        at += 1
        if word != NAME or not following or following[0].startswith("-"):
            joined.append(word)
        elif following[0].endswith(PAGES) or arguments[at + 1 : at + 2] == ["--"]:
            joined.append(f"{NAME}={following[0]}")
            at += 1
        else:
            joined.append(f"{NAME}=")
    return joined + arguments[end:]


def _usual_if_empty(
    _context: click.Context, _parameter: click.Parameter, value: str | bool | None
) -> str | bool | None:
    return True if value == "" else value
