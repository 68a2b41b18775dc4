"""`buildopt run`: the wrapper."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import click

from buildopt import hit, settings
from buildopt.cache import hit_index
from buildopt.cache.layout import Layout
from buildopt.cache.memo import RACY, flags_for, signature_of
from buildopt.cli.call import WAYS, Call, make_call, working_directory
from buildopt.cli.report_option import RunCommand, report_option
from buildopt.cli.size_option import require_size
from buildopt.cli.words import miss_words, saved_words, summary, tell
from buildopt.errors import EXIT_DRY_RUN_MISS, EXIT_FAILED, UsageError
from buildopt.events import Event, RunFinished, data_of, encode
from buildopt.execute.cursor import line_end
from buildopt.execute.environment import ACTIVE
from buildopt.execute.process import end_like
from buildopt.execute.program import replace_process, start_error
from buildopt.execute.streams import describe_streams, plug_closed_streams
from buildopt.model import Hit, NotStored, StatSignature
from buildopt.pipeline import look_up_only, run_task
from buildopt.results import relative
from buildopt.session import Finished, Fresh, Policy, Stores

if TYPE_CHECKING:
    from buildopt.steps.requests import Joined, Plain, StepRequest

EPILOG = """\b
Examples:
  buildopt run -- npm run build
  buildopt run --observe declared --input 'src/**' --output dist -- ./build.sh
  buildopt run docs                     the command of [tasks.docs] in buildopt.toml
  buildopt run --dry-run docs           say hit or miss and why; exit 0 or 3
  buildopt run --report -- pytest       write buildopt-report.html about it
  buildopt run --report=out/pytest.html -- pytest
"""
_LOST_OUTPUT = NotStored(kind="incomplete", subject="output")
SWEEP_EVERY_S = 3_600
"""A cache grows over its limit within hours, and a sweep reads all that is recorded in it."""
Signatures = list[tuple[str, StatSignature | None]]
_PASSED_FDS = NotStored(kind="settings", subject="pass-fds")


@click.command(
    "run",
    cls=RunCommand,
    epilog=EPILOG,
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
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
@click.option("--no-stdin", is_flag=True, help="Give the command an empty stdin.")
@click.option("--pass-fds", is_flag=True, help="Keep inherited descriptors beyond 2.")
@click.option("--result-file", metavar="FILE", help="Write one JSON object about the run.")
@report_option
@click.option("--dry-run", is_flag=True, help="Say hit or miss and why; run nothing.")
@click.option("--shell", is_flag=True, help="COMMAND is one text for `sh -c`.")
@click.option("--quiet", "-q", is_flag=True, help="No line of ours.")
@click.option("--verbose", "-v", is_flag=True, help="All reasons, not only the first.")
@click.option("--no-color", is_flag=True, help="Our line has no colour anyway.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="TASK | -- COMMAND [ARG…]")
def command(words: tuple[str, ...], **options: Any) -> int:
    """Run COMMAND, or give back what it gave the last time its inputs were the same.

    Inputs and outputs are found out by watching the command. With --observe declared, or where
    watching is refused, those named by --input and --output, or by a task in the settings, are
    the whole truth, and without any the command just runs. The exit status is the command's own.
    """
    plug_closed_streams()
    started_ns = time.time_ns()
    chosen = settings.with_options(settings.load(working_directory(), os.environ), options)
    consulted = _signatures(chosen.consulted, started_ns)
    task_name, argv = _split(words, shell=chosen.shell)
    if ACTIVE in os.environ and not chosen.dry_run:
        _join_outer_run(chosen, task_name, argv)
    call = make_call(chosen, argv, task_name=task_name, cache_dir=chosen.cache_dir)
    trouble = _PASSED_FDS if chosen.pass_fds else call.trouble
    if chosen.dry_run:
        return _dry_run(call, trouble, forced=chosen.force)
    policy = Policy(
        cache=call.cache,
        force=chosen.force,
        stdin="null" if chosen.no_stdin else "inherit",
        pass_fds=chosen.pass_fds,
        uses_memo=os.environ.get("BUILDOPT_STAT_MEMO") != "0",
        is_quiet=chosen.quiet,
        takes_lists_apart=chosen.lists,
        trouble=trouble,
    )
    finished = run_task(call.task, policy, call.observer, call.stores, _interpret)
    result = replace(finished.result, lost_events=call.stores.journal.lost_events)
    call.stores.journal.append(result, subject=result.task)
    if not chosen.quiet:
        tell(summary(result))
        if chosen.verbose:
            _tell_all(result)
    if finished.fresh and consulted is not None and _may_be_remembered(chosen, options, call):
        _remember(call, finished.fresh, result, consulted, quiet=chosen.quiet)
    if chosen.result_file:
        _write_result(chosen.result_file, result)
    if chosen.report:
        _write_report(call, result, _report_path(chosen))
    if result.stored:
        _sweep_where_due(call.stores.layout, chosen)
    return _end(finished)


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


def _split(words: tuple[str, ...], *, shell: bool) -> tuple[str, tuple[str, ...]]:
    """The task's name, or the command; click has taken the `--` away."""
    given = sys.argv[1:]
    if "--" in given and tuple(given[given.index("--") + 1 :]) == words:
        if not words:
            raise UsageError(
                "no command behind `--`", hint="buildopt run -- COMMAND", slug="no-command"
            )
        if shell and len(words) > 1:
            raise UsageError(
                "with `--shell` the command is one text",
                hint="put it in quotes: --shell -- 'make && make test'",
                slug="shell-text",
            )
        return ("", ("/bin/sh", "-c", words[0])) if shell else ("", words)
    if len(words) == 1:
        return words[0], ()
    if not words:
        raise UsageError("nothing to run", hint="buildopt run -- COMMAND", slug="no-command")
    if "--" in words:
        raise UsageError(
            f"`{words[0]}` stands before options that follow it",
            hint="put patterns in quotes, so that the shell leaves them alone: --input 'src/*.c'",
            slug="unquoted-pattern",
        )
    raise UsageError(
        f"cannot run {len(words)} tasks in one call yet",
        hint=f"for a command put `--` in front: buildopt run -- {' '.join(words)}",
        slug="no-dashes",
    )


def _dry_run(call: Call, trouble: NotStored | None, *, forced: bool) -> int:
    if forced or trouble != call.trouble or call.cache not in ("read-write", "read"):
        tell("buildopt: would run: the cache is not asked")
        return EXIT_DRY_RUN_MISS
    if call.observer is None:
        why = call.trouble.subject if call.trouble else "no inputs are declared"
        tell(f"buildopt: would run: {why}")
        return EXIT_DRY_RUN_MISS
    found, _ = look_up_only(call.task, call.observer, call.stores)
    if isinstance(found.lookup, Hit):
        tell("buildopt: would hit")
        return 0
    tell(f"buildopt: would run: {miss_words(relative(found.lookup.reasons, call.task.root))}")
    return EXIT_DRY_RUN_MISS


def _tell_all(result: RunFinished) -> None:
    for reason in result.miss_reasons:
        tell(f"  miss: {miss_words((reason,))}")


def _signatures(paths: Iterable[str], started_ns: int) -> Signatures | None:
    """Signatures of the settings files that were just read, None for absent ones.

    None at all where one may have changed since `started_ns`: then nobody knows which was read.
    """
    found: list[tuple[str, StatSignature | None]] = []
    for path in paths:
        try:
            signature = signature_of(os.lstat(path))
        except OSError:
            found.append((path, None))
            continue
        if flags_for(path, signature, started_ns) & RACY or stat.S_ISLNK(signature.mode):
            return None
        found.append((path, signature))
    return found


def _may_be_remembered(chosen: settings.Settings, options: dict[str, Any], call: Call) -> bool:
    """Whether the fast path can do all that this call asks for."""
    if not hit.is_allowed(os.environb) or options["cache_dir"]:
        return False
    # The name of an index holds no variable that is left out else, nor knows of a pattern.
    if not all(name.isidentifier() and hit.counts(name.encode()) for name in call.task.variables):
        return False
    return not (chosen.result_file or chosen.report or chosen.force or chosen.pass_fds)


def _remember(
    call: Call, fresh: Fresh, result: RunFinished, consulted: Signatures, *, quiet: bool
) -> None:
    """Write the hit index for this very call; without one the next takes the full path."""
    try:
        record = signature_of(os.lstat(fresh.record_path))
    except OSError:
        return  # dropped meanwhile
    for path, signature in consulted:
        if signature is not None:
            fresh.states.keep(path, signature)
    absent = [path for path, signature in consulted if signature is None]
    fresh.states.keep(fresh.record_path, record)
    usual_s = fresh.entry.usage.duration_s
    ours = describe_streams()
    answer = hit_index.Answer(
        chunks=fresh.chunks if quiet else (*fresh.chunks, *line_end(fresh.chunks, ours)),
        words=hit.QUIET if quiet else saved_words(usual_s).encode(),
        event=_event_with_marks(call, result),
        usual_ns=int(usual_s * 1e9),
    )
    try:
        path_bytes = hit.index_path(os.fsencode(call.stores.layout.top), sys.argv[1:])
        hit_index.write(path_bytes, fresh.observations, fresh.states, absent, answer)
    except OSError:
        return


def _event_with_marks(call: Call, result: RunFinished) -> bytes:
    """The event of a later hit, with the marks that hit.py replaces by that run's values."""
    journal = call.stores.journal
    answer = replace(
        result,
        run_id="@RUN@",
        outcome="fresh",
        stored=False,
        not_stored=(),
        miss_reasons=(),
        tasks=(),
        hit_ratio=None,
        restore_s=0.0,
        cpu_s=0.0,
        peak_memory_bytes=0,
        outputs=result.outputs._replace(removed=0),
    )
    data = data_of(answer) | {
        "duration_s": "@TOOK@", "lookup_s": "@TOOK@", "time_saved_s": "@SAVED@",
    }  # fmt: skip
    event = Event(
        id="@ID@",
        time_ns="@TIME@",  # type: ignore[arg-type]  # a mark, replaced with its quotes
        mono_ns="@MONO@",  # type: ignore[arg-type]  # a mark, replaced with its quotes
        boot=hit.boot_hash().decode(),
        type=RunFinished.type,
        source=journal.source.rpartition("/")[0] + "/@PID@",
        subject=result.task,
        run="@RUN@",
        n=1,
        data=data,
    )
    return encode(event)


def _write_result(path: str, result: RunFinished) -> None:
    import json

    from buildopt.cache import files

    try:
        files.put(os.path.abspath(path), json.dumps(data_of(result)).encode() + b"\n")
    except OSError as error:
        tell(f"buildopt: cannot write the result file `{path}`: {error.strerror}")


def _report_path(chosen: settings.Settings) -> str:
    """Where the report goes: a file's path is seen from the project, a call's from here."""
    if chosen.report is True:
        return ""
    path = str(chosen.report)
    return path if "report" in chosen.overrides else os.path.join(chosen.root, path)


def _write_report(call: Call, result: RunFinished, path: str) -> None:
    try:
        from buildopt.report.write import write_report

        written = write_report(call.stores.journal.state, result.run_id, path)
        tell(f"buildopt: report in {written}")
    except (OSError, ValueError) as error:
        tell(f"buildopt: cannot write the report: {error}")


def _sweep_where_due(layout: Layout, chosen: settings.Settings) -> None:
    """Start what keeps the cache within its limits, once an hour; a look at one file tells."""
    try:
        age_s = time.time() - os.stat(layout.sweep_mark).st_mtime
    except OSError:
        age_s = SWEEP_EVERY_S
    if abs(age_s) < SWEEP_EVERY_S:  # a clock may have been set back
        return
    from buildopt.cache import background
    from buildopt.cache.eviction import DAY_S, Limits

    limits = Limits(chosen.cache_limit_bytes, chosen.cache_max_age_days * DAY_S)
    background.start(layout, limits)


def _end(finished: Finished) -> int:
    if finished.result.exit_code == 0 and _LOST_OUTPUT in finished.result.not_stored:
        tell("buildopt: not all of the output could be written")
        return EXIT_FAILED
    return end_like(finished.result.exit_code, finished.result.signal)
