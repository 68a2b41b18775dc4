"""Steps inside a watched run: each has a ledger of its own beside that of the whole run.

::

    access ─> the run's ledger
          └─> the ledger of the step whose process makes it, and of the steps around that one

    around  which steps a client's step is a part of
    begin   a client (steps/client.py) is about to start a step: what it starts belongs to it
    end     the step is over: sum up its ledger
    meet    a step is answered from a record: the ledgers around it take the record's
            observations for looks, and its outputs for attempts, before anything is given back
    refuse  whatever is around must not be stored
    made    all of it was given back: the outputs are the run's own

So the run's record is as whole where a step was answered as where it ran.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from buildopt.frames import STEPS_PREFIX
from buildopt.model import NotStoredKind
from buildopt.observe.access import Access, Advice
from buildopt.observe.ledger import Ledger

MakeLedger = Callable[[frozenset[str], tuple[Any, ...]], Ledger]  # Any: as `TracePolicy.fields`
"""A ledger for a step, of the paths that its earlier runs made and the fields of its policy."""

OUR_SOCKETS = f"unix:@{STEPS_PREFIX}"
CLIENT_CALLS = (("-c",), ("run",))
"""First words of those calls of ours that ask the main process about a step."""

PROGRAM_PLACES = 4
"""Among so many first words the program's path stands, behind its interpreter and that one's
options."""
LOST = "process"
"""Subject of the reason against a step when a process cannot be told to belong to it or not."""


@dataclass(slots=True)
class Step:
    """A step that runs: its ledger, the client that started it, and the step around it."""

    number: int
    ledger: Ledger
    client_pid: int
    around: Step | None


class StepLedger:
    """The recorder of a run whose steps have records; see `access.Recorder`.

    `client` is the path of the program that starts steps: what it does itself is not the run's.
    """

    def __init__(self, run: Ledger, make_ledger: MakeLedger, client: str) -> None:
        self._run = run
        self._make_ledger = make_ledger
        self._client = client
        self._steps: dict[int, Step] = {}
        self._by_client: dict[int, Step] = {}
        self._by_process: dict[int, Step | None] = {}
        self._clients: dict[int, tuple[str, ...]] = {}

    def access(self, access: Access) -> Advice | None:
        """Take note of an access, before the call executes.

        A repeat is one to all steps that go on: the next may come from the process of any.
        """
        if access.pid in self._clients:
            return None
        step = self._by_process.get(access.pid)
        if step is None and not self._steps:
            return self._run.access(access)
        told = [self._run, *(each.ledger for each in _outwards(step))]
        answers = [ledger.access(access) for ledger in told]
        if Advice.FORGET_REPEATS in answers:
            return Advice.FORGET_REPEATS
        is_repeat = answers.count(Advice.SKIP_REPEATS) == len(self._steps) + 1
        return Advice.SKIP_REPEATS if is_repeat else None

    def incomplete(self, kind: NotStoredKind, subject: str) -> None:
        """Take note that neither the run nor a step that goes on must be stored."""
        self._run.incomplete(kind, subject)
        for step in self._steps.values():
            step.ledger.incomplete(kind, subject)

    def connects(self, pid: int, address: str, *, is_own: bool) -> bool:
        """Take note of a connection; one to us does not count."""
        if pid in self._clients or address.startswith(OUR_SOCKETS):
            return True
        for step in _outwards(self._by_process.get(pid)):
            step.ledger.connects(pid, address, is_own=is_own)
        return self._run.connects(pid, address, is_own=is_own)

    def process_started(
        self, pid: int, parent_pid: int, argv: tuple[str, ...], started_ns: int
    ) -> None:
        """Take note of a process, and of the step that it belongs to."""
        self._assign(pid, parent_pid, argv)
        self._run.process_started(pid, parent_pid, argv, started_ns)
        for step in _outwards(self._by_process.get(pid)):
            step.ledger.process_started(pid, parent_pid, argv, started_ns)

    def process_ended(
        self,
        pid: int,
        ended_ns: int,
        *,
        cpu_s: float,
        peak_memory_bytes: int,
        exit_code: int | None,
    ) -> None:
        """Take note of an end."""
        self._clients.pop(pid, None)
        ledgers = [self._run]
        ledgers += [step.ledger for step in _outwards(self._by_process.pop(pid, None))]
        for ledger in ledgers:
            ledger.process_ended(
                pid,
                ended_ns,
                cpu_s=cpu_s,
                peak_memory_bytes=peak_memory_bytes,
                exit_code=exit_code,
            )

    def result(self) -> bytes:
        """Sum up the run."""
        return self._run.result()

    def request(self, data: bytes) -> bytes:
        """Do what the main process asks (see the module's head); the answer."""
        what, client_pid, *rest = marshal.loads(data)
        if what == "around":
            return marshal.dumps([s.number for s in _outwards(self._by_process.get(client_pid))])
        if what == "begin":
            number, own, policy = rest
            self._begin(number, client_pid, self._make_ledger(frozenset(own), policy))
        elif what == "end":
            return self._end(rest[0])
        elif what == "meet":
            for ledger in self._around(client_pid):
                ledger.meet(*rest)
        elif what == "refuse":
            for ledger in self._around(client_pid):
                ledger.incomplete(*rest)
        else:
            for ledger in self._around(client_pid):
                ledger.made(*rest)
        return b""

    def _begin(self, number: int, client_pid: int, ledger: Ledger) -> None:
        around = self._by_process.get(client_pid)
        step = Step(number, ledger, client_pid, around)
        self._steps[number] = self._by_client[client_pid] = step

    def _end(self, number: int) -> bytes:
        step = self._steps.pop(number)
        if self._by_client.get(step.client_pid) is step:
            del self._by_client[step.client_pid]
        left = [pid for pid, own in self._by_process.items() if step in _outwards(own)]
        if left:
            step.ledger.incomplete("survivor", LOST)
        for pid in left:
            if self._by_process[pid] is step:
                self._by_process[pid] = step.around
        return step.ledger.result()

    def _assign(self, pid: int, parent_pid: int, argv: tuple[str, ...]) -> None:
        is_new = pid not in self._by_process
        if is_new:
            self._by_process[pid] = self._step_of_child(parent_pid)
        if self._is_client(argv) and self._clients.get(parent_pid) != argv:
            self._clients[pid] = argv
        elif not is_new:
            self._clients.pop(pid, None)

    def _is_client(self, argv: tuple[str, ...]) -> bool:
        """Whether a process only asks us about a step; of another call of ours all counts."""
        if not self._client or self._client not in argv[:PROGRAM_PLACES]:
            return False
        return argv[argv.index(self._client) + 1 :][:1] in CLIENT_CALLS

    def _step_of_child(self, parent_pid: int) -> Step | None:
        """The step of a process by its parent; one whose parent is gone may be of any step."""
        step = self._by_client.get(parent_pid)
        if step is None and parent_pid not in self._by_process:
            for each in self._steps.values():
                each.ledger.incomplete("survivor", LOST)
        return step or self._by_process.get(parent_pid)

    def _around(self, client_pid: int) -> Iterator[Ledger]:
        yield self._run
        for step in _outwards(self._by_process.get(client_pid)):
            yield step.ledger


def _outwards(step: Step | None) -> Iterator[Step]:
    while step is not None:
        yield step
        step = step.around
