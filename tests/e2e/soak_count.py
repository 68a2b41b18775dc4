"""Tells from a soak's log which states were executed more than once, and whether that was due.

    run N COPY TASK                           a run begins
    execution COPY TASK DIGIT PID             its command has read its first input
    disturbed N COPY TASK                     it is about to be killed or stopped
    ended N COPY TASK STATE OUTCOME STORED    it and all that it started are gone
    unlike N COPY TASK WHAT                   it gave something else than its state asks for
    prune-begins, prune-ends                  records may go
    edit COPY STATE                           inputs change, perhaps under a run

A state is executed again where the last execution was disturbed or left no record, or the record
may have been evicted. What a run left that was not recorded is nobody's: the next one depends on
it as on any file of the project, so that its record may hold for none but it. Beside a disturbed
run, whose command may live on and write to the same files, another may give anything; but it must
not be recorded, so whatever comes later is right.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple


class Span(NamedTuple):
    """Lines of the log, from first to last."""

    first: int
    last: int

    def touches(self, other):
        return self.first <= other.last and other.first <= self.last


@dataclass
class Counted:
    """Numbers for people, and what must not be."""

    figures: Counter = field(default_factory=Counter)
    faults: list = field(default_factory=list)


@dataclass
class History:
    """The log, taken apart."""

    runs: dict = field(default_factory=dict)
    executions: dict = field(default_factory=lambda: defaultdict(list))
    disturbed: dict = field(default_factory=lambda: defaultdict(list))
    unlike: list = field(default_factory=list)
    recorded: dict = field(default_factory=lambda: defaultdict(list))
    unrecorded: dict = field(default_factory=lambda: defaultdict(list))
    evictions: list = field(default_factory=list)
    edits: dict = field(default_factory=lambda: defaultdict(list))


def count(lines):
    """What the log comes to."""
    history = read(lines)
    counted = Counted()
    counted.faults += [
        f"unlike its state: run {number} {' '.join(where)} {what}"
        for number, where, what in history.unlike
        if not any(s.touches(history.runs[number]) for s in history.disturbed[where])
    ]
    counted.figures["runs beside a disturbed one that gave something else"] = len(
        history.unlike
    ) - len(counted.faults)
    for (copy, task, digit), starts in history.executions.items():
        counted.figures["executions"] += len(starts)
        for earlier, later in pairwise(starts):
            why = excuse(history, (copy, task), Span(earlier, later))
            counted.figures[f"executed again: {why or 'for no reason'}"] += 1
            if not why:
                counted.faults.append(
                    f"executed twice: {copy} {task} {digit}, lines {earlier + 1} and {later + 1}"
                )
    _count_across_copies(history, counted)
    return counted


def excuse(history, where, span):
    """Why a state was executed again after `span.first`; empty where it should not have been."""
    if any(each.touches(span) for each in history.disturbed[where]):
        return "killed or stopped"
    if any(each.touches(span) for each in history.evictions):
        return "evicted"
    if any(span.first <= line <= span.last for line in history.unrecorded[where]):
        return "not recorded"
    if not _is_clean(history, where, span.first):
        return "after what an unrecorded run left"
    return ""


def _is_clean(history, where, line):
    """Whether what the task finds of its own at `line` was left by a run that was recorded."""
    starts = [s for key, all_ in history.executions.items() if key[:2] == where for s in all_]
    before = Span(max((start for start in starts if start < line), default=0), line)
    if any(each.touches(before) for each in history.disturbed[where]):
        return False
    return not any(before.first <= at <= line for at in history.unrecorded[where])


def _count_across_copies(history, counted):
    """A state that any work tree has a record of is not executed in another one."""
    for (copy, task, digit), starts in history.executions.items():
        for start in starts:
            if not _is_clean(history, (copy, task), start):
                continue
            began = _began(history, copy, task, start)
            for recorded in history.recorded[task, digit]:
                if recorded < began and not any(
                    each.touches(Span(recorded, start)) for each in history.evictions
                ):
                    counted.faults.append(
                        f"recorded in line {recorded + 1}, executed again in {copy} {task} "
                        f"{digit}, line {start + 1}"
                    )
                    break


def _began(history, copy, task, start):
    """Line where the run began that has the execution at `start`: the latest it can be."""
    spans = [
        span
        for number, span in history.runs.items()
        if history.names[number] == (copy, task) and span.first < start <= span.last
    ]
    return min((span.first for span in spans), default=start)


def read(lines):
    """Take the log apart."""
    history = History()
    history.names = {}
    begun, disturbed_at, pruning = {}, {}, []
    for at, line in enumerate(lines):
        kind, *words = line.split(" ", 6)
        if kind == "run":
            begun[words[0]] = at
            history.names[words[0]] = (words[1], words[2])
            history.runs[words[0]] = Span(at, len(lines))
        elif kind == "execution":
            history.executions[words[0], words[1], words[2]].append(at)
        elif kind == "disturbed":
            disturbed_at[words[0]] = at
        elif kind == "ended":
            _end(history, words, Span(begun[words[0]], at), disturbed_at)
        elif kind == "unlike":
            history.unlike.append((words[0], (words[1], words[2]), line.split(" ", 4)[4]))
        elif kind == "prune-begins":
            pruning.append(at)
        elif kind == "prune-ends":
            history.evictions.append(Span(min(pruning), at))
            pruning.pop(0)
        elif kind == "edit":
            history.edits[words[0]].append(at)
    return history


def _end(history, words, span, disturbed_at):
    number, copy, task, state, outcome, stored = words
    history.runs[number] = span
    if number in disturbed_at:
        history.disturbed[copy, task].append(Span(span.first, span.last))
    if outcome == "executed" and stored == "stored":
        starts = [at for at in history.executions[copy, task, state[0]] if at > span.first]
        if state[0] == state[-1] and starts and _is_clean(history, (copy, task), starts[-1]):
            history.recorded[task, state[0]].append(span.last)
    elif outcome == "executed":
        history.unrecorded[copy, task].append(span.last)
