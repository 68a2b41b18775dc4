"""The tasks of a plan that a change since a revision touches: `--affected`.

A task is passed over only where a record proves it: one that holds now, of whose inputs none
changed since the revision, so that it held there as well. In doubt a task is affected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from buildopt.cache import lookup
from buildopt.cache.artifacts import Damaged
from buildopt.cache.records import variables_digest
from buildopt.model import CacheEntry, Observation, Trace
from buildopt.session import Run, variable_observations
from buildopt.tasks.git_changes import Base, changes_since
from buildopt.tasks.given import Given
from buildopt.tasks.model import GraphTask, Plan
from buildopt.tasks.touches import Touches

ReasonKind = Literal[
    "changed", "entries", "settings", "lock-file", "no-record", "other-state", "dependency"
]
_WORDS: Mapping[ReasonKind, str] = {
    "changed": "`{}` changed",
    "entries": "`{}` has other entries",
    "settings": "`{}` changed, which may say something else of it",
    "lock-file": "`{}` changed, and it reads what is installed from that",
    "no-record": "no record tells what it reads",
    "other-state": "no record of this state: `{}` is another one than recorded",
    "dependency": "it depends on `{}`",
}
BeginTask = Callable[[GraphTask], Run | None]
"""Takes stock for a task as `session.begin` does; None where nothing of it is observed."""


class Reason(NamedTuple):
    """Why a task is affected; `subject` is a path below the root, a variable, or a task's id."""

    kind: ReasonKind
    subject: str = ""

    @property
    def text(self) -> str:
        """In words."""
        return _WORDS[self.kind].format(self.subject)


class Affected(NamedTuple):
    """The affected tasks of a plan by their ids, in its order, and since when."""

    reasons: Mapping[str, Reason]
    base: Base

    @property
    def ids(self) -> frozenset[str]:
        """The ids alone."""
        return frozenset(self.reasons)


def affected_tasks(
    plan: Plan, ref: str, begin_task: BeginTask, environ: Mapping[str, str]
) -> Affected:
    """What changed since `ref` (empty: since the main branch) affects; raises BuildoptError."""
    changes = changes_since(plan.root, ref, environ)
    judge = _Judge(plan.root, Touches(changes), Given())
    reasons: dict[str, Reason] = {}
    for task in plan.tasks:
        reason = _dependency(task, reasons) or judge.reason(task, begin_task(task))
        if reason:
            reasons[task.id] = reason
    return Affected(reasons, changes.base)


def narrowed(plan: Plan, affected: Affected) -> Plan:
    """The plan with the affected tasks that were asked for, and what these depend on."""
    requested = tuple(task_id for task_id in plan.requested if task_id in affected.reasons)
    kept = set(requested)
    for task in reversed(plan.tasks):  # each after those that depend on it
        if task.id in kept:
            kept.update(task.depends_on)
    return plan._replace(
        tasks=tuple(task for task in plan.tasks if task.id in kept), requested=requested
    )


def _dependency(task: GraphTask, affected: Mapping[str, Reason]) -> Reason | None:
    found = next((each for each in task.depends_on if each in affected), "")
    return Reason("dependency", found) if found else None


class _Judge(NamedTuple):
    """What every task of a call is held against."""

    root: str
    touches: Touches
    given: Given

    def reason(self, task: GraphTask, run: Run | None) -> Reason | None:
        """Why a task whose dependencies are not affected is; else what it gives is noted."""
        if path := self.touches.of_manifests(task.settings.directory, self.root):
            return Reason("settings", self._shown(path))
        if run is None:
            return Reason("no-record")
        patterns = run.task.inputs, run.task.ignored_inputs
        if path := self.touches.of_patterns(*patterns, self.root):
            return Reason("changed", self._shown(path))
        newest: Reason | None = None
        for trace, entry in _records(run):
            reason = self._against(run, trace, entry)
            if reason is None:
                self.given.add(entry.outputs)
                return None
            newest = newest or reason
        return newest or Reason("no-record")

    def _against(self, run: Run, trace: Trace, entry: CacheEntry) -> Reason | None:
        """Why a record does not prove that nothing changed for its task."""
        seen = trace.observations
        outputs = (output.path for output in entry.outputs)
        own = lookup.own_paths(seen, outputs, run.owned, run.task.told_files)
        if touched := self.touches.of_observations(seen, own, self.given):
            kind: ReasonKind = "entries" if touched.kind == "listing" else "changed"
            return Reason(kind, self._shown(touched.subject))
        if path := self.touches.of_lock_files(seen):
            return Reason("lock-file", self._shown(path))
        other = self._other_state(run, trace, entry)
        return Reason("other-state", self._shown(other.subject)) if other else None

    def _other_state(self, run: Run, trace: Trace, entry: CacheEntry) -> Observation | None:
        """The first observation that will not hold once what comes before is made."""
        states = run.states(trace, entry)
        return next(
            (
                observation
                for observation in states.with_new_variables(trace.observations)
                if not self.given.answers(observation, states.value(observation))
            ),
            None,
        )

    def _shown(self, path: str) -> str:
        if path == self.root:
            return "."
        return path.removeprefix(self.root.rstrip("/") + "/")


def _records(run: Run) -> Iterator[tuple[Trace, CacheEntry]]:
    """The task's records of this environment, newest first."""
    variables = variables_digest(variable_observations(run.variables))
    names = run.records.candidates(run.task, variables)
    for name in names[: lookup.CANDIDATES]:
        if not name.startswith(variables + "-"):
            return
        try:
            trace = run.records.read_trace(run.task, name)
            yield trace, run.records.read_entry(trace.entry_key)
        except Damaged:
            continue
