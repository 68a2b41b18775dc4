"""What may stand at the cursor of a shell that completes our command line.

The scripts of `shells/` call `buildopt` without arguments and with these variables, which are
click's, so that the scripts that click makes are answered too:

    _BUILDOPT_COMPLETE   SHELL_complete, or SHELL_source for the script itself
    COMP_WORDS           the words up to the cursor, as typed
    COMP_CWORD           which of them is completed: its number, in fish the word

Only the module of the command that was typed is imported, and while that is typed, none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import click
from click.shell_completion import CompletionItem, get_completion_class

from buildopt.cli import COMMANDS, plugin_commands
from buildopt.errors import EXIT_FAILED, BuildoptError

ASKED = "_BUILDOPT_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
TAKES_TASKS = ("run", "watch")
"""Commands whose words before `--` are names of tasks."""
TAKES_PATH = "bundle"
"""A group that may have a path in place of a command."""
PATH_KINDS = {"FILE": "file", "[FILE]": "file", "PATH": "file", "GLOB": "file", "DIR": "dir"}
"""What stands for an option's value in the help -> what the shell looks for."""


def script(shell: str) -> str:
    """The text that a shell evaluates to complete `buildopt`."""
    path = os.path.join(os.path.dirname(__file__), "shells", f"buildopt.{shell}")
    with open(path, encoding="utf-8") as file:
        return file.read()


def answer(program: click.Group, environ: Mapping[str, str]) -> int:
    """Print what was asked for by the environment; the status to exit with."""
    shell, _, wanted = environ[ASKED].partition("_")
    maker = get_completion_class(shell)
    if shell not in SHELLS or maker is None:
        return EXIT_FAILED
    if wanted == "source":
        click.echo(script(shell), nl=False)
        return 0
    asked = maker(program, {}, "buildopt", ASKED)
    arguments, incomplete = asked.get_completion_args()
    # Bash's own splitting at = is undone here, for scripts that leave it.
    arguments = [word for word in arguments if word != "="]
    try:
        items = _items(program, arguments, incomplete) or asked.get_completions(
            arguments, incomplete
        )
    except (BuildoptError, click.ClickException):
        return 0  # the command line as it stands is a mistake: nothing goes on from there
    for item in items:
        click.echo(asked.format_completion(item))
    return 0


def _items(
    program: click.Group, arguments: Sequence[str], incomplete: str
) -> list[CompletionItem[str]]:
    """What we know and click does not; empty leaves the answer to click."""
    if not arguments:
        lines = {name: line for name, (_, _, line) in COMMANDS.items()}
        # What plugins' commands say of themselves would take their modules to know.
        lines |= dict.fromkeys(plugin_commands.names(), "")
        return [
            CompletionItem(name, help=line or None)
            for name, line in lines.items()
            if name.startswith(incomplete)
        ]
    option = _option_before(program, arguments, incomplete)
    if option is not None:
        kind = PATH_KINDS.get(option.metavar or "")
        return [CompletionItem(incomplete.rpartition("=")[2], type=kind)] if kind else []
    if arguments == [TAKES_PATH] and not incomplete.startswith("-"):
        return _subcommands_or_path(program, incomplete)
    if arguments[0] in TAKES_TASKS and not incomplete.startswith("-"):
        return [CompletionItem(name) for name in _task_names(incomplete)]
    return []


def _subcommands_or_path(program: click.Group, incomplete: str) -> list[CompletionItem[str]]:
    group = program.get_command(click.Context(program), TAKES_PATH)
    assert isinstance(group, click.Group)
    names = [name for name in group.commands if name.startswith(incomplete)]
    return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


def _option_before(
    program: click.Group, arguments: Sequence[str], incomplete: str
) -> click.Option | None:
    """The option whose value is completed: `--name ` or `--name=` stands before the cursor."""
    name, joined, _ = incomplete.partition("=")
    name = name if joined and name.startswith("--") else arguments[-1]
    context = click.Context(program, info_name="buildopt")
    command: click.Command | None = program
    for word in arguments:
        if isinstance(command, click.Group):
            command = command.get_command(context, word) or command
    for parameter in command.params if command else ():
        if isinstance(parameter, click.Option) and name in parameter.opts:
            may_be_left_out = parameter.is_flag or (parameter.metavar or "").startswith("[")
            return None if may_be_left_out and not joined else parameter
    return None


def _task_names(incomplete: str) -> list[str]:
    """Tasks and scripts that can be asked for from here, those of one package behind its `#`."""
    from buildopt.tasks.catalogue import Catalogue
    from buildopt.tasks.workspaces import load_project

    try:
        known = Catalogue(*load_project(os.getcwd(), os.environ))
    except (BuildoptError, OSError):
        return []
    names = known.ids() if "#" in incomplete else known.names()
    return [name for name in names if name.startswith(incomplete)]
