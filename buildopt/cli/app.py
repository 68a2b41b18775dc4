"""The group of all commands, and how their troubles are told."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from buildopt import __version__
from buildopt.cli import COMMANDS, GROUPS
from buildopt.cli.signs import fit_streams
from buildopt.cli.words import tell, tell_error
from buildopt.errors import (
    EXIT_FAILED,
    EXIT_NOT_STARTED,
    EXIT_USAGE,
    BuildoptError,
    CommandNotFound,
    CommandNotRunnable,
)

ASKED = "_BUILDOPT_COMPLETE"
"""A shell asks what may stand at its cursor (completion_answer.py)."""

EPILOG = """\b
Examples:
  buildopt run -- npm run build     answered from its record where nothing that it reads changed
  buildopt explain                  what decided the last run
  buildopt watch -- npm run build   again whenever that changes
  buildopt report                   one HTML page about the last run
  buildopt init                     tasks and settings for this project
"""


class Commands(click.Group):
    """Commands by the table, imported when chosen."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            from buildopt.cli import plugin_commands  # looks through all that is installed

            found = plugin_commands.load(cmd_name)
            if found is not None:
                from buildopt.cli.plugin_caller import PluginCaller

                ctx.obj = PluginCaller()
            return found
        command = getattr(import_module(COMMANDS[cmd_name][0]), "command")  # noqa: B009
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in their groups; of plugins' commands alone a line is not known here."""
        groups: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
        for name, (_, group, line) in COMMANDS.items():
            groups[group].append((name, line))
        from buildopt.cli import plugin_commands

        for name, group, line in plugin_commands.lines():
            groups[group if group in groups else "monitor"].append((name, line))
        for group, rows in groups.items():
            with formatter.section(group.capitalize()):
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The chosen command; an unknown name is answered with the nearest one."""
        if args and args[0] not in COMMANDS:
            import difflib

            from buildopt.cli import plugin_commands

            brought = plugin_commands.names()
            if args[0] in brought:
                return super().resolve_command(ctx, args)
            close = difflib.get_close_matches(args[0], [*COMMANDS, *brought], n=1)
            hint = f"did you mean `{close[0]}`?" if close else "see `buildopt --help`"
            raise click.UsageError(f"no such command `{args[0]}`\nhint: {hint}", ctx)
        return super().resolve_command(ctx, args)


NOT_STARTED = (CommandNotFound, CommandNotRunnable)
"""Told by the status a shell gives, also by `trace`, whose status is the command's own."""


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="buildopt %(version)s")
def app() -> None:
    """Answer an unchanged build from what was recorded; really run any other.

    Put `buildopt run --` in front of a command. The next time with the same inputs you get the
    same outputs, the same terminal text and the same exit status, at once.
    """


def run_command_line(arguments: Sequence[str]) -> int:
    """Run the command line; the status to exit with. Never a traceback for a user's mistake."""
    is_run = arguments[:1] in (["run"], ["build"])
    if sys.stdout is None:  # closed by the caller: what we print goes nowhere
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
    fit_streams()
    try:
        if ASKED in os.environ and not arguments:
            from buildopt.cli.completion_answer import answer

            return answer(app, os.environ)
        status = app.main(list(arguments), prog_name="buildopt", standalone_mode=False)
    except BuildoptError as error:
        tell_error(error.message, error.hint, error.slug)
        is_own = is_run or (arguments[0] == "trace" and isinstance(error, NOT_STARTED))
        return error.run_exit_code if is_own else EXIT_USAGE
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_USAGE
    except click.ClickException as error:
        from buildopt.cli.usage_words import usage_words  # compiles a pattern

        called = f"buildopt {arguments[0]}" if arguments[:1] and arguments[0] in COMMANDS else ""
        tell_error(*usage_words(error, called or "buildopt"), "usage")
        return EXIT_NOT_STARTED if is_run else EXIT_USAGE
    except click.Abort:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EBADF):
            raise
        tell(f"buildopt: cannot write the output: {error.strerror}")
        return EXIT_FAILED
    return status if isinstance(status, int) else 0
