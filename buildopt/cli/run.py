"""`buildopt run`: the wrapper."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import click

from buildopt import settings
from buildopt.cli.call import WAYS, Call, make_call, trouble_of, working_directory
from buildopt.cli.report_option import report_option
from buildopt.cli.run_arguments import (
    BEHIND_AFFECTED,
    BEHIND_DASHES,
    FORMATS,
    SINCE_BRANCH,
    RunCommand,
    refuse_task_options,
    split,
)
from buildopt.cli.run_endings import tell_others
from buildopt.cli.run_memory import may_be_remembered, remember, signatures
from buildopt.cli.size_option import require_size
from buildopt.cli.unmatched import Unmatched, unmatched_of
from buildopt.cli.words import miss_words, not_stored_words, summary, tell
from buildopt.errors import EXIT_DRY_RUN_MISS, EXIT_FAILED
from buildopt.events import RunFinished
from buildopt.execute.environment import ACTIVE
from buildopt.execute.process import end_like
from buildopt.execute.program import replace_process, start_error
from buildopt.execute.streams import plug_closed_streams
from buildopt.model import Hit, NotStored
from buildopt.pipeline import look_up_only, run_task
from buildopt.results import relative
from buildopt.session import Finished, Policy, Stores
from buildopt.settings.keys import MOST_JOBS

if TYPE_CHECKING:
    from buildopt.steps.requests import Joined, Plain, StepRequest

EPILOG = """\b
Examples:
  buildopt run -- npm run build
  buildopt run --observe declared --input 'src/**' --output dist -- ./build.sh
  buildopt run docs                     the command of [tasks.docs] in buildopt.toml
  buildopt run lint build --jobs 4      tasks and package.json scripts of a workspace, in order
  buildopt run build --filter web...    of the package web and of all that it depends on
  buildopt run test --affected          only where a change since the main branch touches it
  buildopt run build --graph            what would be run, and in which order
  buildopt run --dry-run docs           say hit or miss and why; exit 0 or 3
  buildopt run --report -- pytest       write buildopt-report.html about it
  buildopt run --report=out/pytest.html -- pytest
"""
_LOST_OUTPUT = NotStored(kind="incomplete", subject="output")


@click.command(
    "run",
    cls=RunCommand,
    epilog=EPILOG,
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": True},
)
@click.option("--input", "input_", multiple=True, metavar="GLOB", help="A further input.")
@click.option("--output", multiple=True, metavar="PATH", help="What the command makes.")
@click.option("--env", multiple=True, metavar="NAME", help="A variable that counts.")
@click.option("--ignore-input", multiple=True, metavar="GLOB", help="Leave an input out.")
@click.option("--ignore-output", multiple=True, metavar="GLOB", help="Leave an output out.")
@click.option("--ignore-env", multiple=True, metavar="NAME", help="Leave a variable out.")
@click.option(
    "--cache",
    type=click.Choice(["read-write", "read", "write", "off"]),
    help="Which way the cache is used.  [default: read-write]",
)
@click.option("--force", is_flag=True, help="Run the command, and store over a hit.")
@click.option("--cache-dir", metavar="DIR", help="Where the cache is.")
@click.option(
    "--cache-limit",
    callback=require_size,
    metavar="SIZE",
    help="How much it may hold.  [default: 10 GB]",
)
@click.option(
    "--observe",
    type=click.Choice(WAYS),
    help="How inputs are found out.  [default: auto]",
)
@click.option("--strict-outputs", is_flag=True, help="Adopt nothing that earlier runs made.")
@click.option("--strict-private", is_flag=True, help="Let tools' own caches count as inputs.")
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=0, max=MOST_JOBS),
    metavar="N",
    help="How many tasks run at once.  [default: cores]",
)
@click.option("--filter", multiple=True, metavar="PACKAGE", help="Packages whose tasks are run.")
@click.option(
    "--affected",
    is_flag=False,
    flag_value=SINCE_BRANCH,
    metavar="[REF]",
    help="Only tasks that a change since REF touches.",
)
@click.option(
    "--continue", "continue_", is_flag=True, help="A failure stops only what depends on it."
)
@click.option(
    "--graph",
    is_flag=False,
    flag_value=FORMATS[0],
    metavar="[FORMAT]",
    type=click.Choice(["none", *FORMATS]),
    help="Draw the tasks; run nothing.",
)
@click.option("--no-stdin", is_flag=True, help="Give the command an empty stdin.")
@click.option("--pass-fds", is_flag=True, help="Keep inherited descriptors beyond 2.")
@click.option("--result-file", metavar="FILE", help="Write one JSON object about the run.")
@report_option
@click.option("--dry-run", is_flag=True, help="Say hit or miss and why; run nothing.")
@click.option("--shell", is_flag=True, help="COMMAND is one text for `sh -c`.")
@click.option("--quiet", "-q", is_flag=True, help="No line of ours.")
@click.option("--verbose", "-v", is_flag=True, help="All reasons, not only the first.")
@click.option("--no-color", is_flag=True, help="Our line has no colour anyway.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="TASK… | -- COMMAND [ARG…]")
@click.pass_context
def command(context: click.Context, /, words: tuple[str, ...], **options: Any) -> int:
    """Run COMMAND, or the TASKs and what they depend on, or give back what each gave the last
    time its inputs were the same.

    Inputs and outputs are found out by watching the command. With --observe declared, or where
    watching is refused, those named by --input and --output, or by a task in the settings, are
    the whole truth, and without any the command just runs. The exit status is the command's own.
    """
    plug_closed_streams()
    started_ns = time.time_ns()
    chosen = settings.with_options(settings.load(working_directory(), os.environ), options)
    consulted = signatures(chosen.consulted, started_ns)
    names, argv = split(words, context.meta[BEHIND_DASHES], shell=chosen.shell)
    if argv:
        refuse_task_options(options)
    if names and not is_one_task(chosen, names):
        from buildopt.cli.run_graph import run_graph  # what one task has no need of

        return run_graph(names, options, context.meta[BEHIND_AFFECTED])
    task_name = names[0] if names else ""
    if ACTIVE in os.environ and not chosen.dry_run:
        _join_outer_run(chosen, task_name, argv)
    call = make_call(chosen, argv, task_name=task_name, cache_dir=chosen.cache_dir)
    if chosen.dry_run:
        said, status = _dry_run(call, is_answered=not (chosen.force or chosen.pass_fds))
        if not chosen.quiet:
            tell(f"buildopt: {said}")
        return status
    policy = Policy(
        cache=call.cache,
        force=chosen.force,
        stdin="null" if chosen.no_stdin else "inherit",
        pass_fds=chosen.pass_fds,
        uses_memo=os.environ.get("BUILDOPT_STAT_MEMO") != "0",
        is_quiet=chosen.quiet,
        takes_lists_apart=chosen.lists,
        trouble=trouble_of(call, chosen),
    )
    finished = run_task(call.task, policy, call.observer, call.stores, _interpret)
    result = replace(finished.result, lost_events=call.stores.journal.lost_events)
    call.stores.journal.append(result, subject=result.task)
    if not chosen.quiet:
        did_run = result.outcome == "executed" and call.observer is not None
        unmatched = unmatched_of(call.task) if did_run else Unmatched((), "")
        tell(summary(result) + unmatched.words)
        if chosen.verbose:
            _tell_all(result)
            unmatched.tell_all()
    if finished.fresh and consulted is not None and may_be_remembered(chosen, options, call):
        remember(call, finished.fresh, result, consulted, quiet=chosen.quiet)
    tell_others(call.stores, result, chosen, finished.made)
    return _end(finished)


def is_one_task(chosen: settings.Settings, names: tuple[str, ...]) -> bool:
    """Whether a call is about one task of the settings, which nothing else belongs to."""
    if chosen.filter or chosen.affected or chosen.graph != "none":
        return False
    found = [task for task in chosen.tasks if (task.name,) == names]
    return bool(found) and not found[0].depends_on and not found[0].persistent


def _interpret(asked: StepRequest, around: Stores) -> Joined | Plain:
    """The task of a `buildopt run` inside the command."""
    from buildopt.cli import joined_call  # few commands call us

    return joined_call.interpret(asked, around)


def _join_outer_run(chosen: settings.Settings, task_name: str, argv: tuple[str, ...]) -> NoReturn:
    """Become the command: the run that we are a part of sees all that it does."""
    command = argv
    if task_name:
        task = settings.task_named(chosen, task_name)
        command = task.command
        os.chdir(settings.directory_of(task, chosen.root))
    try:
        replace_process(command, os.environ)
    except OSError as error:
        raise start_error(command, os.environ, error.errno or 0) from None


def _dry_run(call: Call, *, is_answered: bool) -> tuple[str, int]:
    """What the call would do, and the status that says so."""
    if not is_answered or call.cache not in ("read-write", "read"):
        return "would run: the cache is not asked", EXIT_DRY_RUN_MISS
    if call.observer is None:
        return f"would run: {not_stored_words((call.unobserved,))}", EXIT_DRY_RUN_MISS
    found, _ = look_up_only(call.task, call.observer, call.stores)
    if isinstance(found.lookup, Hit):
        return "would hit", 0
    reasons = relative(found.lookup.reasons, call.task.root)
    return f"would run: {miss_words(reasons)}", EXIT_DRY_RUN_MISS


def _tell_all(result: RunFinished) -> None:
    for reason in result.miss_reasons:
        tell(f"  miss: {miss_words((reason,))}")


def _end(finished: Finished) -> int:
    if finished.result.exit_code == 0 and _LOST_OUTPUT in finished.result.not_stored:
        tell("buildopt: not all of the output could be written")
        return EXIT_FAILED
    return end_like(finished.result.exit_code, finished.result.signal)
