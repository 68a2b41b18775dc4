"""How tasks ended: what names a failure, what it may come of, and when it is over.

A step that failed is over when it passes, and also when the run around it passes without it: what
was answered whole names no steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from buildopt.events import BY_USER
from monitor_plugins.alert.alert import digest
from monitor_plugins.alert.inputs import Occurrence, tables

ENDED, INTERRUPTED = "buildopt.build.ended", "buildopt.build.interrupted"
INTERRUPTED_STATUS = 130
"""Exit status of a command that ended itself upon an interrupt."""
MOST_RUNS = 500
MOST_STEPS = 100
NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+")
"""What differs between two words about one failure: lines, times, addresses."""

Data = Mapping[str, Any]  # Any: JSON


@dataclass(slots=True, kw_only=True)
class Failures:
    """Steps that failed and have not passed since, by the run that they are a part of."""

    steps: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    """By runs that go on: what those said that failed in them so far."""

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it; the lists in it are never changed, but replaced."""
        return {"steps": dict(self.steps), "told": dict(self.told)}

    def of_task(self, event: Occurrence) -> Iterator[Occurrence]:
        """A task ended by itself. What failed like one before it in its run may be what is around
        that: the end of the run tells.
        """
        if has_failed(event.data) and event.run:
            name = str(event.data.get("error") or fingerprint(event.data))
            known = self.told.get(event.run, [])
            if name in known:
                return
            if len(self.told) >= MOST_RUNS:
                del self.told[next(iter(self.told))]
            self.told[event.run] = [*known, name][-MOST_STEPS:]
        yield ended(event, event.data)

    def of_run(self, event: Occurrence) -> Iterator[Occurrence]:
        """A run ended, with its tasks and steps; one in which a step failed fails for that."""
        data = event.data
        project = {"project": data.get("project", "")}
        tasks = [{**project, **one} for one in tables(data.get("tasks"))]
        failed = [str(one.get("task", "")) for one in tasks if has_failed(one)]
        around = {str(one["inside"]) for one in tasks if has_failed(one) and one.get("inside")}
        self.told.pop(str(data.get("run_id") or event.run), None)
        if not failed:
            yield ended(event, data)
        for one in tasks:
            if not (has_failed(one) and str(one.get("task", "")) in around):
                yield ended(event, one)
        told = {str(one.get("task", "")) for one in tasks}
        for task in self._over(data, failed, told):
            yield ended(event, {**project, "task": task, "exit_code": 0})

    def _over(self, data: Data, failed: Sequence[str], told: Iterable[str]) -> list[str]:
        """Steps that failed before, and about which this run that passed says nothing."""
        around = f"{data.get('project', '')}/{data.get('task', '')}"
        before = [task for task in self.steps.pop(around, []) if task not in told]
        has_passed = data.get("exit_code") == 0 and not data.get("signal")
        left = list(failed) if has_passed else [*before, *failed]
        if left and len(self.steps) < MOST_RUNS:
            self.steps[around] = left[-MOST_STEPS:]
        return before if has_passed else []


def ended(event: Occurrence, data: Data) -> Occurrence:
    """How a task ended, with what names its failure."""
    task = str(data.get("task", ""))
    failed, command = has_failed(data), data.get("command")
    told = {
        "project": str(data.get("project", "")),
        "task": task,
        "failed": failed,
        "fingerprint": fingerprint(data) if failed else "",
        "exit_code": data.get("exit_code"),
        "signal": data.get("signal"),
        "error": str(data.get("error", "")),
        "command": " ".join(map(str, command)) if isinstance(command, list | tuple) else "",
        "directory": data.get("directory", ""),
        "changed": changed(tables(data.get("miss_reasons"))),
    }
    mark = f"{event.run}/{task}" if event.run else event.id
    if is_by_user(data):
        told = {**told, "failed": None, "fingerprint": ""}
        return Occurrence(INTERRUPTED, told, mark, event.late_s, event.run)
    return Occurrence(ENDED, told, mark, event.late_s, event.run)


def has_failed(data: Data) -> bool:
    """Whether a task failed, and nobody ended it."""
    return bool(data.get("exit_code") or data.get("signal")) and not is_by_user(data)


def is_by_user(data: Data) -> bool:
    """Whether somebody ended it."""
    return data.get("signal") in BY_USER or data.get("exit_code") == INTERRUPTED_STATUS


def fingerprint(data: Data) -> str:
    """Names a failure: as the event does, else by how it ended and what it said first."""
    for name in ("failure_fingerprint", "fingerprint"):
        if data.get(name):
            return str(data[name])
    said = NUMBERS.sub("#", str(data.get("error", "")))
    return digest(str(data.get("exit_code")), str(data.get("signal")), said)


def changed(reasons: Sequence[Data]) -> str:
    """What changed since the last run, in a few words: the likely cause of a failure."""
    subjects = [
        str(one["subject"]) for one in reasons
        if one.get("subject") and one.get("kind") not in ("no-record",)
    ]  # fmt: skip
    more = f" and {len(subjects) - 3} more" if len(subjects) > 3 else ""
    return ", ".join(subjects[:3]) + more
