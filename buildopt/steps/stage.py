"""Where a step runs: in its client's place, with what it prints going through us."""

from __future__ import annotations

import marshal
import os
import select
import socket
import time
from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from buildopt import frames
from buildopt.execute.attendance import SURVIVOR_WAIT_S
from buildopt.execute.process import MAXRSS_UNIT_BYTES, SIGNAL_EXIT_BASE
from buildopt.execute.pump import Pump
from buildopt.execute.recording import Recording
from buildopt.execute.terminal import copy_size
from buildopt.hit import write_all
from buildopt.model import Chunk, Execution, Hit, NotStored, Observation, Observed, Usage
from buildopt.observe.decoding import decode
from buildopt.observe.traced import TracedObserver, with_declared
from buildopt.session import Run
from buildopt.steps.footprint import (
    looked_at,
    paths_of,
    really_looked_at,
    reasons_of,
)
from buildopt.steps.hazards import Footprint, Hazards
from buildopt.steps.requests import Start, order_to_run
from buildopt.steps.shell import renamed_shell
from buildopt.steps.wiring import StepStreams, StepWiring

Request = Callable[[bytes], bytes]
"""Asks the supervisor; raises OSError (`seccomp/watch.py`)."""


CLIENT_GONE = 9
"""The signal that is taken to have ended a step whose client says nothing any more."""


class StepStage:
    """One step: its client, the streams it got, and the supervisor that watches it.

    `lock` is held whenever something is done with the stores; not while the step runs.
    """

    keeps_fresh_state = False

    def __init__(
        self,
        client: socket.socket,
        client_pid: int,
        streams: StepStreams,
        request: Request,
        number: int,
        lock: RLock,
        hazards: Hazards,
        start: Start | None = None,
    ) -> None:
        """`start`: how the client starts it, where it does not know by itself."""
        self.streams = streams.kinds()
        self._client = client
        self._client_pid = client_pid
        self._streams = streams
        self._request = request
        self._number = number
        self._lock = lock
        self._hazards = hazards
        self._start = start
        self._masters: tuple[int, ...] = ()
        self._began = hazards.now()
        self._around: frozenset[int] = frozenset(marshal.loads(self._ask("around")))

    def execute(self, run: Run, _usual_s: float) -> tuple[Execution, Observed]:
        """Have the client run the step, and pass on what it prints; how it ended, what it did."""
        observer, digest, own = run.observer, run.states().digest, run.owned.paths()
        assert isinstance(observer, TracedObserver)  # no other has steps
        declared = observer.declared_inputs(run.task, digest, own)
        if declared.observations:
            self._ask("meet", [tuple(o[:3]) for o in declared.observations], [], [])
        policy = observer.policy_for(run.task).fields()
        self._ask("begin", self._number, sorted(own), policy)
        wiring, recording = StepWiring(self._streams), Recording()
        self._masters = wiring.masters()
        order_to_run(self._client, wiring.child, self._start)
        wiring.close_child()
        self._lock.release()
        try:
            started_s = time.monotonic()
            renamed = renamed_shell(run.task.environment)
            ended, is_survived = self._attend(Pump(wiring.routes, recording, renamed=renamed))
            duration_s = time.monotonic() - started_s
        finally:
            self._masters = ()
            self._lock.acquire()
        observed = decode(self._ask("end", self._number), run.task, digest)
        observed = self._with_hazards(run, with_declared(observed, declared))
        return _execution(ended, duration_s, recording, is_survived=is_survived), observed

    def resized(self) -> None:
        """Give the step's terminals the size that ours has now."""
        for ours in [number for number in range(3) if os.isatty(number)][:1]:
            for master in self._masters:
                copy_size(ours, master)

    def meet(self, found: Hit, removals: Iterable[str]) -> None:
        """Tell the run around of what the step would have looked at, and is about to make."""
        rows = [tuple(o[:3]) for o in found.trace.observations if o.kind != "environment"]
        made = [output.path for output in found.entry.outputs]
        self._ask("meet", rows, made, sorted({*found.entry.removed, *removals}))

    def made(self, found: Hit) -> None:
        """Tell it that all is in place."""
        made = [output.path for output in found.entry.outputs]
        self._ask("made", made)
        self._note(found.trace.task_key, found.trace.observations, made)

    def replay(self, chunks: Iterable[Chunk]) -> None:
        """Write what the step printed when it ran."""
        for chunk in chunks:
            number = 2 if chunk.stream == "stderr" else 1
            if number in self._streams.descriptors:
                write_all(self._streams.descriptors[number], chunk.data)

    def _with_hazards(self, run: Run, observed: Observed) -> Observed:
        made = (*observed.outputs, *observed.removed)
        found = self._note(run.task.key, really_looked_at(observed), made)
        return observed._replace(incomplete=(*observed.incomplete, *reasons_of(found)))

    def _note(
        self, task_key: str, observations: Iterable[Observation], made: Iterable[str]
    ) -> tuple[str, ...]:
        footprint = Footprint(
            task_key,
            self._began,
            self._hazards.now(),
            looked_at(observations),
            frozenset(made),
            number=self._number,
            around=self._around,
        )
        return paths_of(self._hazards.add(footprint))

    def _ask(self, what: str, *arguments: Any) -> bytes:  # Any: what marshal takes
        return self._request(marshal.dumps((what, self._client_pid, *arguments)))

    def _attend(self, pump: Pump) -> tuple[tuple[int, float, int], bool]:
        """The client's word of how the step ended; whether somebody could still print."""
        ended = None
        try:
            while ended is None:
                if self._client.fileno() in _serve(pump, None, self._client.fileno()):
                    ended = frames.receive(self._client)
                    break
            pump.let_go()
            until_s = time.monotonic() + SURVIVOR_WAIT_S
            while pump.is_open and (left_s := until_s - time.monotonic()) > 0:
                _serve(pump, left_s)
            is_survived = pump.finish()
            while pump.is_pending:
                _serve(pump, None)
        finally:
            pump.close()
        return (marshal.loads(ended) if ended else (CLIENT_GONE, 0.0, 0)), is_survived


def exit_code_of(ended: bytes | None) -> int:
    """The exit status in a client's word of how a step ended, as a shell tells it."""
    status = marshal.loads(ended)[0] if ended else CLIENT_GONE
    exit_code = os.waitstatus_to_exitcode(status)
    return exit_code if exit_code >= 0 else SIGNAL_EXIT_BASE - exit_code


def _serve(pump: Pump, timeout_s: float | None, also: int = -1) -> dict[int, int]:
    poll = select.poll()
    for descriptor, events in pump.interests():
        poll.register(descriptor, events)
    if also >= 0:
        poll.register(also, select.POLLIN)
    ready = dict(poll.poll(None if timeout_s is None else timeout_s * 1000))
    pump.serve(ready)
    return ready


def _execution(
    ended: tuple[int, float, int], duration_s: float, recording: Recording, *, is_survived: bool
) -> Execution:
    status, cpu_s, peak_memory = ended
    exit_code = os.waitstatus_to_exitcode(status)
    number = max(0, -exit_code)
    reasons = []
    if is_survived:
        reasons.append(NotStored(kind="survivor", subject="output"))
    if recording.is_too_long:
        reasons.append(NotStored(kind="storage", subject="output"))
    elif not recording.is_whole:
        reasons.append(NotStored(kind="incomplete", subject="output"))
    return Execution(
        exit_code=SIGNAL_EXIT_BASE + number if number else exit_code,
        signal=number,
        usage=Usage(
            duration_s=duration_s,
            cpu_s=cpu_s,
            peak_memory_bytes=peak_memory * MAXRSS_UNIT_BYTES,
        ),
        chunks=recording.chunks(),
        not_stored=tuple(reasons),
    )
