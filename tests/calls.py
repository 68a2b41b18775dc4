"""Whether calls of `buildopt` that are shown somewhere exist: their commands and options."""

import re

import click

from buildopt.cli.app import app

CONTEXT = click.Context(app, info_name="buildopt")
COMMENT = re.compile(r" {2,}\S.*")


def with_subcommands(name, command):
    yield name, command
    if isinstance(command, click.Group):
        for below in command.list_commands(CONTEXT):
            yield from with_subcommands(f"{name} {below}", command.get_command(CONTEXT, below))


def options_of(command):
    """Those of a group that chooses a command by itself are those of its commands too."""
    for _, part in with_subcommands("", command):
        for parameter in part.params:
            yield from parameter.opts + parameter.secondary_opts


def unknown_words(example):
    """Names of commands and options in an example that do not exist, up to its `--`."""
    command, options = app, {"--help", "-h", *(name for part in app.params for name in part.opts)}
    for word in example.split(" -- ")[0].split():
        if word.startswith("-"):
            if word.strip("-") and word.partition("=")[0] not in options:
                yield word
        elif isinstance(command, click.Group):
            below = command.get_command(CONTEXT, word)
            if below:
                command = below
                options |= set(options_of(below))
            elif word.isalpha():
                yield word
