"""The arguments of `run`: options before and behind names of tasks, or a command behind `--`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import click

from buildopt.cli.report_option import with_joined_file
from buildopt.errors import UsageError

AFFECTED, GRAPH = "--affected", "--graph"
CHOOSING_TASKS = ("graph", "affected", "filter")
SINCE_BRANCH = "."
"""The value of `--affected` without one: no revision is called so."""
FORMATS = ("text", "json", "dot")
BEHIND_AFFECTED = "buildopt.behind-affected"
"""Where a context keeps the word that may be a revision or a task."""
BEHIND_DASHES = "buildopt.behind-dashes"


class RunCommand(click.Command):
    """A command whose options may stand among the names of tasks."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the words apart."""
        args = with_joined_file(args)
        end = args.index("--") if "--" in args else len(args)
        ours, behind = args[:end], args[end:]
        ctx.meta[BEHIND_DASHES] = tuple(behind[1:]) if behind else None
        if behind and ours:
            self._require_value(ctx, ours[-1])
        ours, ctx.meta[BEHIND_AFFECTED] = with_joined_values(ours)
        try:
            return super().parse_args(ctx, ours + behind)
        except click.NoSuchOption as error:
            if error.possibilities or not ours or ours[0].startswith("-"):
                raise
            raise UsageError(
                f"`{error.option_name}` is no option of `buildopt run`",
                hint=f"for a command put `--` in front: buildopt run -- {shlex.join(args)}",
                slug="no-dashes",
            ) from None

    def _require_value(self, ctx: click.Context, last: str) -> None:
        """Refuse a last option without its value, which click would take the dashes for."""
        for option in self.params:
            if not isinstance(option, click.Option) or last not in option.opts:
                continue
            if not option.is_flag and not (option.metavar or "").startswith("["):
                raise click.BadOptionUsage(last, f"Option '{last}' requires an argument.", ctx)


def with_joined_values(arguments: list[str]) -> tuple[list[str], str]:
    """The arguments with `--graph` and its format in one word; and what stands behind
    `--affected`, which only git can tell from a task.
    """
    joined: list[str] = []
    behind_affected = ""
    at = 0
    while at < len(arguments):
        word = arguments[at]
        following = arguments[at + 1] if at + 1 < len(arguments) else ""
        at += 1
        if word == AFFECTED:
            joined.append(f"{AFFECTED}={SINCE_BRANCH}")
            behind_affected = "" if following.startswith("-") else following
        elif word == GRAPH and following in FORMATS:
            joined.append(f"{GRAPH}={following}")
            at += 1
        elif word == GRAPH:
            joined.append(f"{GRAPH}={FORMATS[0]}")
        else:
            joined.append(word)
    return joined, behind_affected


def split(
    words: tuple[str, ...], behind: tuple[str, ...] | None, *, shell: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of tasks, or the command `behind` the `--`; None: there is no `--`."""
    if behind is None:
        if not words:
            raise UsageError("nothing to run", hint="buildopt run -- COMMAND", slug="no-command")
        return words, ()
    if words != behind:
        raise UsageError(
            f"`{words[0]}` stands before the `--` of a command",
            hint="put patterns in quotes, so that the shell leaves them alone: --input 'src/*.c'; "
            "tasks and a command are two calls",
            slug="unquoted-pattern",
        )
    if not behind:
        raise UsageError(
            "no command behind `--`", hint="buildopt run -- COMMAND", slug="no-command"
        )
    if shell and len(behind) > 1:
        raise UsageError(
            "with `--shell` the command is one text",
            hint="put it in quotes: --shell -- 'make && make test'",
            slug="shell-text",
        )
    return ((), ("/bin/sh", "-c", behind[0])) if shell else ((), behind)


def refuse_task_options(options: Mapping[str, object]) -> None:
    """Raise for an option that chooses or draws tasks: it would be ignored with a command."""
    for name in CHOOSING_TASKS:
        if options[name] and options[name] != "none":
            raise UsageError(
                f"`--{name}` is about tasks, and a command stands behind `--`",
                hint=f"name the tasks, `buildopt run TASK --{name}`, or leave `--{name}` out",
                slug="usage",
            )
