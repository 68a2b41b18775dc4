"""`buildopt build`: finds the project's own build, and goes on as `buildopt run` of it."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import click

from buildopt import hit, settings
from buildopt.cli import build_index, run
from buildopt.cli.build_choice import choose
from buildopt.cli.call import working_directory
from buildopt.cli.report_option import with_joined_file
from buildopt.cli.run_arguments import with_joined_values
from buildopt.cli.run_options import options_of_run, words_for_run
from buildopt.cli.words import as_told, tell
from buildopt.errors import UsageError
from buildopt.execute.environment import ACTIVE
from buildopt.execute.streams import plug_closed_streams

EPILOG = """\b
Examples:
  buildopt build                        what `npm run build` or `python -m build -n` would do
  buildopt build -- --mode staging      further arguments for the build
  buildopt build --dry-run              what it would run, and whether that is a hit
  buildopt build --report --result-file result.json
"""
BUILDING = "BUILDOPT_BUILDING"
"""Folders whose build is going on, so that a build that calls `buildopt build` is told apart."""
REPORT = "BUILDOPT_REPORT"
PATH_VARIABLES = (REPORT, "BUILDOPT_RESULT_FILE", "BUILDOPT_CACHE_DIR", "BUILDOPT_STATE_DIR")
"""They may be seen from the working directory, which changes where the project is above it."""


class BuildCommand(click.Command):
    """Takes words for the build only behind `--`, so that its options are never ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the words apart; raises UsageError for one that is neither option nor behind."""
        joined, _ = with_joined_values(with_joined_file(args))
        behind = tuple(args[args.index("--") + 1 :]) if "--" in args else ()
        rest = super().parse_args(ctx, joined)
        arguments: tuple[str, ...] = ctx.params.get("arguments") or ()
        if arguments != behind and not ctx.resilient_parsing:
            raise UsageError(
                f"`{arguments[0]}` is no option of `buildopt build`",
                hint=f"arguments of the build go behind `--`: buildopt build -- {arguments[0]}",
                slug="no-dashes",
            )
        return rest


@click.command(
    "build",
    cls=BuildCommand,
    epilog=EPILOG,
    context_settings={"allow_interspersed_args": False},
    params=[
        *options_of_run(),
        click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED, metavar="[-- ARG…]"),
    ],
)
@click.pass_context
def command(context: click.Context, /, arguments: tuple[str, ...], **options: Any) -> int:
    """Find the project's own build and run it as `buildopt run` does, with the same options.

    It is the task `build` of the settings; else `scripts.build` of package.json with the package
    manager of the lockfile; else `python -m build -n` where pyproject.toml has a [build-system];
    else `cargo build`; else `make`. The nearest folder that has one counts, up to the project's
    root. What was chosen is said on stderr. The exit status is the build's own, 125 where none
    was found.
    """
    plug_closed_streams()
    started_ns = time.time_ns()
    directory = working_directory()
    chosen = settings.load(directory, os.environ)
    begun = build_index.begin(chosen, directory, os.environ, started_ns)
    choice = choose(chosen, directory, arguments, os.environ)
    is_quiet = options["quiet"] or chosen.quiet or ACTIVE in os.environ
    told = () if is_quiet else choice.told
    for line in told:
        tell(line)
    own_options = words_for_run(context)
    _enter(choice.folder)
    status = _run(("run", *own_options, *choice.run_words))
    if begun and not options["cache_dir"]:
        build_index.finish(begun, b"".join(map(as_told, told)))
    return status


def _enter(folder: str) -> None:
    """Go where the build belongs, as `cd` would; raises UsageError for a build inside itself."""
    going_on = os.environ.get(BUILDING, "").split(os.pathsep)
    if folder in going_on:
        raise UsageError(
            f"the build of `{folder}` calls `buildopt build` again",
            hint="write the command that builds there, e.g. `buildopt run -- vite build`",
            slug="build-in-itself",
        )
    os.environ[BUILDING] = os.pathsep.join(name for name in (*going_on, folder) if name)
    if folder == working_directory():
        return
    for name in PATH_VARIABLES:
        value = os.environ.get(name)
        if value and not (name == REPORT and settings.is_flag_word(value)):
            os.environ[name] = os.path.abspath(value)
    os.chdir(folder)
    os.environ["PWD"] = folder


def _run(arguments: tuple[str, ...]) -> int:
    """Exactly `buildopt run …`: answered at once if unchanged, else by the whole way."""
    sys.argv[1:] = arguments
    status = hit.replay_if_fresh(list(arguments))
    if status is not None:
        return status
    status = run.command.main(list(arguments[1:]), prog_name="buildopt run", standalone_mode=False)
    return status if isinstance(status, int) else 0
