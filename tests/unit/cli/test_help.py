"""Help teaches by examples, and what it shows exists."""

import re

import click
import pytest

from buildopt.cli import COMMANDS
from buildopt.cli.app import app
from tests.calls import COMMENT, CONTEXT, unknown_words, with_subcommands

EXAMPLE = re.compile(r"\bbuildopt ([^|>)]*)")
"""What follows the program's name, up to a pipe, a redirection or the end of a substitution."""


def command_of(name):
    return app.get_command(CONTEXT, name)


def examples(command):
    """The lines of the help that show a call, without their comments."""
    text = (command.epilog or "").partition("Examples:")[2]
    return [COMMENT.sub("", found[1]) for found in map(EXAMPLE.search, text.splitlines()) if found]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_at_least_two_examples(name):
    command = command_of(name)

    shown = examples(command)

    assert len(shown) >= 2
    assert any(example.split()[0] == name for example in shown)
    assert "Examples:" in command.get_help(click.Context(command, info_name=name))


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_commands_and_options_of_the_examples_exist(name):
    command = command_of(name) if name else app

    unknown = [word for example in examples(command) for word in unknown_words(example)]

    assert not unknown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_says_what_it_does(name):
    mute = []
    for path, command in with_subcommands(name, command_of(name)):
        mute += [] if command.help else [path]
        options = (option for option in command.params if isinstance(option, click.Option))
        mute += [f"{path} {option.opts[0]}" for option in options if not option.help]

    assert not mute


@pytest.mark.parametrize("name", COMMANDS)
def test_the_name_in_the_table_is_that_of_the_command(name):
    assert command_of(name).name == name


def test_the_commands_stand_in_their_groups(capsys):
    app.main(["--help"], prog_name="buildopt", standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()

    groups = {"Build:": [], "Look:": [], "Monitor:": [], "Set up:": []}
    now = []
    for line in lines:
        now = groups.get(line, now)
        if line.startswith("  ") and line[2:3].islower():
            now.append(line.split()[0])
    assert {name: set(found) for name, found in groups.items()} == {
        "Build:": {"run", "build", "watch", "explain", "trace", "verify", "bench"},
        "Look:": {"runs", "report", "bundle", "dashboard"},
        "Monitor:": {"monitor", "events", "alert", "baseline", "check", "tests", "vitals"},
        "Set up:": {"init", "config", "doctor", "cache", "integrations", "completion", "schema"},
    }
