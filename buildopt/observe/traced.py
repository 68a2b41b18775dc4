"""The tracing observer: the seccomp mechanism, the ledger's meaning, and declared inputs beside.

What a run read, listed, looked for in vain and wrote is found out by itself; inputs that are
declared as well count too, whether the run touches them or not.
"""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass
from typing import ClassVar

from buildopt.model import Observed, ObserverName, Task
from buildopt.observe.access import Recorder
from buildopt.observe.declared import scope_of, survey_inputs
from buildopt.observe.decoding import decode
from buildopt.observe.ignored import PRIVATE, STATE, TEMPORARY_FOLDERS, TracePolicy
from buildopt.observe.ledger import Ledger
from buildopt.observe.listing import list_folder
from buildopt.observe.observer import DigestFile, Watch
from buildopt.observe.placement import Placement
from buildopt.observe.seccomp.observer import SeccompObserver
from buildopt.observe.steps import StepLedger
from buildopt.script_starters import starts_scripts


@dataclass(frozen=True, slots=True)
class TracedObserver:
    """Watches every access; `ignored_folders` are our own, `in_thread`: see `seccomp/watch.py`.

    `client` is the path of the program that starts steps inside a run, empty for none.
    """

    ignored_folders: tuple[str, ...]
    in_thread: bool = False
    client: str = ""

    name: ClassVar[ObserverName] = "seccomp"

    def watch(self, task: Task, digest: DigestFile, own: frozenset[str]) -> Watch:
        """Start the supervisor, and meet the inputs that are declared beside."""
        policy = self._policy(task)

        def ledger(own: frozenset[str]) -> Ledger:
            return Ledger(policy, digest, own)

        def recorder(_: Task) -> Recorder:
            if not (self.client and starts_scripts(" ".join(task.argv))):
                return ledger(own)
            return StepLedger(ledger(own), ledger, self.client)

        mechanism = SeccompObserver(recorder, decode, supervises_in_thread=self.in_thread)
        declared = survey_inputs(scope_of(task), digest) if task.inputs else Observed()
        placement = Placement(policy)
        declared = declared._replace(
            observations=tuple(
                o._replace(value=list_folder(placement, o.subject, own))
                if o.kind == "listing"
                else o
                for o in declared.observations
            )
        )
        return _TracedWatch(mechanism.watch(task, digest), declared)

    def list_folder(self, task: Task, folder: str, own: Container[str]) -> str:
        """Value of a listing, without what tools keep for themselves."""
        return list_folder(Placement(self._policy(task)), folder, own)

    def _policy(self, task: Task) -> TracePolicy:
        temporary = task.environment.get("TMPDIR", "")
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
            private=() if task.strict_private else (*PRIVATE, *task.private),
            state=(*STATE, *task.state),
            network=task.network,
            allow_hosts=task.allowed_hosts,
        )


class _TracedWatch:
    """A traced run whose declared inputs are added at the end."""

    def __init__(self, traced: Watch, declared: Observed) -> None:
        self._traced = traced
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
        observed = self._traced.finish()
        if not self._declared.observations:
            return observed
        met = {(o.kind, o.subject) for o in observed.observations}
        written = {*observed.outputs, *observed.removed}
        more = tuple(
            o
            for o in self._declared.observations
            if (o.kind, o.subject) not in met and o.subject not in written and o.kind != "tool"
        )
        return observed._replace(
            observations=(*observed.observations, *more),
            incomplete=(*observed.incomplete, *self._declared.incomplete),
        )
