"""The tracing observer: the seccomp mechanism, the ledger's meaning, and declared inputs beside.

What a run read, listed, looked for in vain and wrote is found out by itself; inputs that are
declared as well count too, whether the run touches them or not.
"""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any, ClassVar

from buildopt.journal import Journal
from buildopt.model import Observed, ObserverName, Task
from buildopt.observe import roster
from buildopt.observe.access import Recorder
from buildopt.observe.declared import scope_of, survey_inputs
from buildopt.observe.decoding import decode
from buildopt.observe.ignored import (
    PRIVATE,
    STATE,
    TEMPORARY_FOLDERS,
    TracePolicy,
    policy_of,
)
from buildopt.observe.ledger import Ledger
from buildopt.observe.listing import list_folder
from buildopt.observe.moved_caches import moved_caches
from buildopt.observe.observer import DigestFile, Watch
from buildopt.observe.placement import placement_for
from buildopt.observe.seccomp.observer import SeccompObserver
from buildopt.observe.steps import StepLedger


@dataclass(frozen=True, slots=True)
class TracedObserver:
    """Watches every access; `ignored_folders` are our own, `in_thread`: see `seccomp/watch.py`.

    `client` is the path of the program that starts steps inside a run, empty for none. Whoever
    reads `journal` may learn which processes its run has (`roster.py`).
    """

    ignored_folders: tuple[str, ...]
    in_thread: bool = False
    client: str = ""
    journal: Journal | None = field(default=None, compare=False)

    name: ClassVar[ObserverName] = "seccomp"

    def watch(self, task: Task, digest: DigestFile, own: frozenset[str]) -> Watch:
        """Start the supervisor, and meet the inputs that are declared beside."""
        policy = self.policy_for(task)
        told = roster.new_path(self.journal.state, self.journal.run_id) if self.journal else ""

        def ledger(own: frozenset[str], policy: TracePolicy, told: str = "") -> Ledger:
            return Ledger(policy, digest, own, roster_path=told)

        def ledger_of_step(own: frozenset[str], fields: tuple[Any, ...]) -> Ledger:  # Any: plain
            return ledger(own, policy_of(fields))

        def recorder(_: Task) -> Recorder:
            whole = ledger(own, policy, told)
            return StepLedger(whole, ledger_of_step, self.client) if self.client else whole

        mechanism = SeccompObserver(recorder, decode, supervises_in_thread=self.in_thread)
        declared = self.declared_inputs(task, digest, own)
        return _TracedWatch(mechanism.watch(task, digest), declared, told)

    def declared_inputs(self, task: Task, digest: DigestFile, own: frozenset[str]) -> Observed:
        """The inputs that are declared beside, as they are now."""
        if not task.inputs:
            return Observed()
        declared = survey_inputs(scope_of(task), digest)
        placement = placement_for(self.policy_for(task))
        files = {o.subject for o in declared.observations if o.kind == "file"}
        left_out = own.union(path for path in task.told_files if path not in files)
        return declared._replace(
            observations=tuple(
                o._replace(value=list_folder(placement, o.subject, left_out))
                if o.kind == "listing"
                else o
                for o in declared.observations
            )
        )

    def list_folder(self, task: Task, folder: str, own: Container[str]) -> str:
        """Value of a listing, without what tools keep for themselves."""
        return list_folder(placement_for(self.policy_for(task)), folder, own)

    def policy_for(self, task: Task) -> TracePolicy:
        """What counts in a run of the task."""
        temporary = task.environment.get("TMPDIR", "")
        moved = moved_caches(task.environment)
        return TracePolicy(
            root=task.root,
            home=task.environment.get("HOME", ""),
            temporary_folders=(*TEMPORARY_FOLDERS, *([temporary] if temporary else [])),
            ignored_folders=self.ignored_folders,
            ignore=tuple(
                os.path.join(task.root, pattern)
                for pattern in (*task.ignored_inputs, *task.ignored_outputs)
            ),
            umask=task.umask,
            strict_outputs=task.strict_outputs,
            told_files=task.told_files,
            private=() if task.strict_private else (*PRIVATE, *moved, *task.private),
            state=(*STATE, *task.state),
            network=task.network,
            allow_hosts=task.allowed_hosts,
        )


class _TracedWatch:
    """A traced run whose declared inputs are added at the end."""

    def __init__(self, traced: Watch, declared: Observed, roster_path: str) -> None:
        self._traced = traced
        self._roster_path = roster_path
        self._declared = declared

    def child_setup(self) -> None:
        """Install the filter."""
        self._traced.child_setup()

    def started(self, pid: int) -> None:
        """Take note of the child."""
        self._traced.started(pid)

    def request(self, data: bytes) -> bytes:
        """Have the ledger do something meanwhile."""
        return self._traced.request(data)

    def finish(self) -> Observed:
        """What was traced, and what was declared and not met by itself."""
        roster.remove(self._roster_path)
        return with_declared(self._traced.finish(), self._declared)


def with_declared(observed: Observed, declared: Observed) -> Observed:
    """What was traced, and what was declared and not met by itself."""
    if not declared.observations:
        return observed
    met = {(o.kind, o.subject) for o in observed.observations}
    written = {*observed.outputs, *observed.removed}
    more = tuple(
        o
        for o in declared.observations
        if (o.kind, o.subject) not in met and o.subject not in written and o.kind != "tool"
    )
    return observed._replace(
        observations=(*observed.observations, *more),
        incomplete=(*observed.incomplete, *declared.incomplete),
    )
