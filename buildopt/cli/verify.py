"""`buildopt verify`: whether a command gives the same twice."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from buildopt.cli.call import Call
from buildopt.cli.trials import begin_trial, call_for, made_earlier
from buildopt.cli.words import tell
from buildopt.errors import EXIT_FAILED, BuildoptError
from buildopt.events import SCHEMA
from buildopt.model import Execution, Observed
from buildopt.phrases import printable, signal_name
from buildopt.quantities import counted
from buildopt.repeat import Unequal, Verdict, repeat
from buildopt.session import variable_observations
from buildopt.watched import run_watched

EPILOG = """\b
Examples:
  buildopt verify -- npm run build
  buildopt verify --json -- python -m build -n
"""
MOST_SHOWN = 50
CLOCK_STEP_S = 2.0
"""Between the runs: the times in a zip archive go by two seconds, most others by one."""
HINTS = {
    "time stamp": "set SOURCE_DATE_EPOCH, or leave the time out of what is built",
    "path": "build at a fixed path, or map it out (-ffile-prefix-map, sourceRoot)",
    "order": "sort what is collected from folders, sets or parallel work",
    "random": "derive names and identifiers from content, or fix the seed",
}
REFUSALS = {
    "failed": "the command failed with {}",
    "incomplete": "the command could not be watched to the end: {}",
    "changes-inputs": "the command changes what it reads, so its inputs are never the same: {}",
    "input-changed": "inputs changed between the two runs: {}",
}


@click.command("verify", epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.option("--json", "as_json", is_flag=True, help="One object on stdout, and nothing else.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARG…]")
def command(words: tuple[str, ...], as_json: bool) -> int:
    """Run COMMAND twice from the same inputs and say whether it gives the same.

    Its outputs are put aside between the runs, and where the first run met outputs of an earlier
    one it is run a third time. For each file that differs it is told where, and whether a time
    stamp, a path, another order or a random value stands there. Durations in what it prints do
    not count. Stdin is empty. Exit status: 0 where both runs gave the same, 1 where they did not
    or could not be compared.
    """
    call = call_for(words, name="verify")
    with _folder_beside_the_cache(call) as place, _command_output_dropped(as_json):
        verdict = _repeat(call, made_earlier(words), place)
    found = _object(call, verdict)
    _journal(call, found)
    if as_json:
        click.echo(json.dumps(found))
    else:
        _tell(call, verdict)
    return EXIT_FAILED if verdict.refused or verdict.unequal else 0


def _journal(call: Call, found: dict[str, Any]) -> None:  # Any: JSON
    """Tell it to whoever reads the journal: reports advise by it."""
    told = {name: value for name, value in found.items() if name != "schema"}
    where = {"task": call.task.name, "project": call.task.project, "root": call.task.root}
    call.stores.journal.emit("buildopt.verify.finished", where | told, subject=call.task.name)


def _repeat(call: Call, earlier: frozenset[str], place: str) -> Verdict:
    run = begin_trial(call, no_stdin=True)

    def trial() -> tuple[Execution, Observed]:
        return run_watched(run)

    def changed_inputs(observed: Observed) -> list[str]:
        states = run.states(own=frozenset({*observed.outputs, *observed.removed}))
        observations = (*variable_observations(run.variables), *observed.observations)
        return [reason.subject for reason in states.differences(observations)]

    def pause() -> None:
        time.sleep(CLOCK_STEP_S)

    try:
        return repeat(trial, changed_inputs, earlier, place, pause)
    except OSError as error:
        raise BuildoptError(
            f"cannot put the outputs aside: {error.strerror}: `{error.filename}`",
            hint="the cache folder and the project must be writable, and have room for them",
            slug="verify-aside",
        ) from error
    finally:
        run.memo.save()


@contextmanager
def _folder_beside_the_cache(call: Call) -> Iterator[str]:
    """A folder that no watched command sees; what could not be put back stays, and is told."""
    import tempfile

    folder = tempfile.mkdtemp(prefix="verify-", dir=call.stores.layout.base)
    try:
        yield folder
    except BaseException:
        if any(names for _, _, names in os.walk(folder)):
            tell(f"buildopt: interrupted: what was put aside and not put back is in `{folder}`")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _command_output_dropped(wanted: bool) -> Iterator[None]:
    """With `wanted` the command's stdout goes nowhere of ours, so that stdout holds the object."""
    if not wanted:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _object(call: Call, verdict: Verdict) -> dict[str, Any]:  # Any: JSON
    return {
        "schema": SCHEMA,
        "command": call.task.argv,
        "equal": not verdict.refused and not verdict.unequal,
        "runs": verdict.runs,
        "compared_files": verdict.compared_files,
        "differences": [_json_of(unequal, call.task.root) for unequal in verdict.unequal],
        "refused": verdict.refused or None,
        "subjects": [_shown(subject, call.task.root) for subject in verdict.subjects],
    }


def _json_of(unequal: Unequal, root: str) -> dict[str, Any]:  # Any: JSON
    found = {
        "subject": _shown(unequal.subject, root),
        "kind": unequal.kind,
        "before": unequal.before,
        "after": unequal.after,
    }
    if unequal.where is None:
        return found
    where = unequal.where
    return {**found, "cause": where.cause, "offset": where.offset, "member": where.member or None}


def _tell(call: Call, verdict: Verdict) -> None:
    if verdict.refused:
        tell(f"buildopt: cannot compare: {_refusal(verdict, call.task.root)}")
        return
    runs, files = counted(verdict.runs, "run"), counted(verdict.compared_files, "file")
    if not verdict.unequal and not verdict.compared_files:
        tell(f"buildopt: same after {runs}, which made no file: what it makes may be there already")
        return
    if not verdict.unequal:
        tell(f"buildopt: same after {runs}: {files}, the output and the exit status are equal")
        return
    differ = counted(len(verdict.unequal), "difference")
    tell(f"buildopt: not the same after {runs}: {differ}, {files} compared")
    for unequal in verdict.unequal[:MOST_SHOWN]:
        tell(f"  {_line(unequal, call.task.root)}")
    if len(verdict.unequal) > MOST_SHOWN:
        tell(f"  and {len(verdict.unequal) - MOST_SHOWN} more: --json has them all")
    for cause in dict.fromkeys(unequal.cause for unequal in verdict.unequal):
        if cause in HINTS:
            tell(f"hint: {cause}: {HINTS[cause]}")


def _refusal(verdict: Verdict, root: str) -> str:
    """Why the runs cannot be compared."""
    ending = verdict.subjects[0].removeprefix("signal ") if verdict.subjects else ""
    if verdict.refused == "failed" and ending.isdigit():
        return f"the command was ended by `{signal_name(int(ending))}`"
    subjects = ", ".join(f"`{_shown(s, root)}`" for s in verdict.subjects[:5])
    return REFUSALS[verdict.refused].format(subjects)


def _line(unequal: Unequal, root: str) -> str:
    subject = _shown(unequal.subject, root)
    values = f"`{printable(unequal.before)}` and then `{printable(unequal.after)}`"
    if unequal.where is None:
        return f"{subject}: {unequal.kind}: {values}"
    member = f" in `{printable(unequal.where.member)}`" if unequal.where.member else ""
    return f"{subject}: {unequal.cause} at byte {unequal.where.offset:,}{member}: {values}"


def _shown(subject: str, root: str) -> str:
    return printable(subject.removeprefix(root.rstrip("/") + "/"))
