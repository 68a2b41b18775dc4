"""A run's facts as events tell them: counts, and paths relative to the project's root."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, NamedTuple

from buildopt import blobs, input_table
from buildopt.cache.store import Stored
from buildopt.checkout import revision_of
from buildopt.events import (
    CacheStored,
    Ignored,
    InputCounts,
    Outcome,
    OutputCounts,
    RunFinished,
    StoredOutput,
    TaskFinished,
    TaskResult,
)
from buildopt.journal import Journal
from buildopt.machine_facts import machine_facts
from buildopt.model import (
    CacheEntry,
    Execution,
    MissReason,
    NotStored,
    Observation,
    Observed,
    OutputState,
    Process,
    Task,
    Trace,
)
from buildopt.secrets_found import Secrets, masked


def result_of(task: Task, journal: Journal, outcome: Outcome, **values: Any) -> RunFinished:
    """The result of a run of `task`: what every outcome has, and `values` besides, masked."""
    known = {
        "task": task.name,
        "command": task.argv,
        "directory": task.directory,
        "project": task.project,
        "root": task.root,
        "ignored": ignored_by(task),
    }
    result = RunFinished(
        run_id=journal.run_id, outcome=outcome, **masked({**known, **values}, journal.secrets)
    )
    return with_revision(result, task.environment)


def ignored_by(task: Task) -> Ignored:
    """What the settings of a task leave out of its record."""
    return Ignored(
        input=task.ignored_inputs, output=task.ignored_outputs, env=task.ignored_variables
    )


def with_revision(result: RunFinished, environ: Mapping[str, str]) -> RunFinished:
    """The result of a run that took place, with branch and commit of its checkout."""
    if result.outcome != "executed":
        return result
    revision = revision_of(result.root, environ)
    return replace(result, branch=revision.branch or None, commit=revision.commit or None)


def ended(execution: Execution, secrets: Secrets) -> dict[str, Any]:
    """How a command that really ran ended, and what it cost: values for `result_of`."""
    return {
        "error": _error_of(execution, secrets),
        "exit_code": execution.exit_code,
        "signal": execution.signal or None,
        "cpu_s": execution.usage.cpu_s,
        "peak_memory_bytes": execution.usage.peak_memory_bytes,
    }


def _error_of(execution: Execution, secrets: Secrets) -> str:
    if not (execution.exit_code or execution.signal):
        return ""
    from buildopt.execute.first_error import first_error  # compiles its patterns

    return first_error(execution.chunks or (), lambda line: str(masked(line, secrets)))


class Seen(NamedTuple):
    """What is known of a run that was watched; `size_of` is of a file that it read."""

    observed: Observed
    home: str
    size_of: Callable[[str], int | None]


def tell_task(journal: Journal, result: RunFinished, seen: Seen | None = None) -> None:
    """Journal that a task ended, with all that is known of it beyond what its event can hold."""
    if seen is None:
        journal.append(TaskFinished(**_of_a_task(result)))
        return

    def kept(rows: Any) -> str:  # Any: JSON
        content = json.dumps(masked(rows, journal.secrets), separators=(",", ":"))
        return blobs.put(journal.state, content.encode("ascii"), time.time())

    observed = seen.observed
    tables = input_table.encode(
        observed.observations, result.root, home=seen.home, size_of=seen.size_of
    )
    journal.append(
        TaskFinished(
            **_of_a_task(result),
            processes=kept(process_rows(observed.processes)) if observed.processes else "",
            inputs=tuple(kept(table) for table in tables if table["kinds"]),
            machine=kept(machine_facts(result.root)),
        )
    )


def as_step(result: RunFinished, started_s: float) -> TaskResult:
    """The result of a step, as that of the run around it tells it, and when in that it began."""
    return TaskResult(**_of_a_task(result), time_saved_s=result.time_saved_s, started_s=started_s)


def _of_a_task(result: RunFinished) -> dict[str, Any]:
    """What a result tells of a task, whatever it is a part of."""
    return {
        "task": result.task,
        "command": result.command,
        "directory": result.directory,
        "outcome": result.outcome,
        "exit_code": result.exit_code,
        "stored": result.stored,
        "not_stored": result.not_stored,
        "miss_reasons": result.miss_reasons,
        "duration_s": result.duration_s,
        "error": result.error,
    }


def with_steps(result: RunFinished, steps: tuple[TaskResult, ...]) -> RunFinished:
    """The result of a run with those of the steps inside it: how many of them were hits, and what
    these saved, which is all that a run saves which really takes place.
    """
    if not steps:
        return result
    hits = sum(1 for step in steps if step.outcome != "executed")
    saved_s = sum(step.time_saved_s for step in steps)
    return replace(
        result,
        tasks=steps,
        hit_ratio=hits / len(steps),
        time_saved_s=result.time_saved_s or saved_s,
    )


def process_rows(processes: Sequence[Process]) -> list[dict[str, Any]]:
    """Processes as JSON: seconds since the run began, bytes; an unknown exit code is null."""
    return [
        {
            "pid": process.pid,
            "parent_pid": process.parent_pid,
            "command": process.argv,
            "start_s": process.started_ns / 1e9,
            "end_s": process.ended_ns / 1e9,
            "cpu_s": process.cpu_s,
            "peak_memory_bytes": process.peak_memory_bytes,
            "exit_code": process.exit_code,
        }
        for process in processes
    ]


def stored_event(task: Task, trace: Trace, stored: Stored, duration_s: float) -> CacheStored:
    """What a record holds, for the report and the cache's figures."""
    return CacheStored(
        task=task.name,
        record=trace.key,
        entry=trace.entry_key,
        outputs=tuple(
            StoredOutput(path=_relative_path(o.path, task.root), kind=o.kind, bytes=o.size_bytes)
            for o in stored.entry.outputs
        ),
        bytes_added=stored.grown_bytes,
        duration_s=duration_s,
        content=_content_of(stored.entry.outputs),
    )


def _content_of(outputs: Sequence[OutputState]) -> str:
    """Equal for the same files in the same places."""
    rows = sorted((o.kind, o.path, o.digest, o.mode) for o in outputs)
    return blake2b(repr(rows).encode(errors="surrogateescape"), digest_size=8).hexdigest()


def count_inputs(observations: Sequence[Observation], more_variables: int = 0) -> InputCounts:
    """How many of each kind a run depended on."""

    def count(*kinds: str) -> int:
        return sum(1 for observation in observations if observation.kind in kinds)

    return InputCounts(
        files=count("file", "tool"),
        absent=count("absent"),
        listings=count("listing"),
        links=count("link"),
        variables=count("environment") + more_variables,
    )


def count_outputs(entry: CacheEntry, removed: int) -> OutputCounts:
    """How many files a record gives back, and their bytes."""
    made = [output for output in entry.outputs if output.kind == "file"]
    return OutputCounts(
        files=len(made), bytes=sum(output.size_bytes for output in made), removed=removed
    )


def relative(reasons: Sequence[MissReason], root: str) -> tuple[MissReason, ...]:
    """The reasons with their paths relative to the project's root."""
    return tuple(
        reason._replace(subject=_relative_path(reason.subject, root)) for reason in reasons
    )


def relative_subjects(reasons: Sequence[NotStored], root: str) -> tuple[NotStored, ...]:
    """The reasons with their paths relative to the project's root."""
    return tuple(
        reason._replace(subject=_relative_path(reason.subject, root)) for reason in reasons
    )


def _relative_path(subject: str, root: str) -> str:
    if subject == root:
        return "."
    return subject.removeprefix(root.rstrip("/") + "/") if subject.startswith("/") else subject
