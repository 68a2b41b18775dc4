"""Options that choose plugins, for all commands that load them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from buildopt import settings
from buildopt.cli.call import working_directory
from buildopt.errors import UsageError
from buildopt.monitor.choice import Choice, choose

F = TypeVar("F", bound=Callable[..., object])


def plugin_option(function: F) -> F:
    """`-p no:NAME`, handed over as `plugin_words`."""
    return click.option(
        "-p",
        "plugin_words",
        multiple=True,
        metavar="no:NAME",
        help="Load all plugins but that one; repeatable.",
    )(function)


def chosen(plugin_words: Sequence[str], *, only: Sequence[str] = (), state: str = "") -> Choice:
    """The plugins that settings, environment and options ask for."""
    for word in plugin_words:
        if not word.startswith("no:") or word == "no:":
            raise UsageError(
                f"`-p {word}` names no plugin", hint="write `-p no:NAME`", slug="usage"
            )
    return choose(
        settings.load(working_directory(), os.environ),
        os.environ,
        off=[word.removeprefix("no:") for word in plugin_words],
        only=only,
        state=state,
    )
