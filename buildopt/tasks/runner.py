"""Runs the tasks of a plan: hits are answered here, each other one in a process of its own.

run
  └ until all is over
      begin     a ready task is looked up; a hit is given back at once, for a miss a worker starts
      wait      for a worker's word or end, a signal, a reader of our output
  └ persistent tasks, and wait for their end
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from buildopt.cache import locks, memo
from buildopt.events import RunFinished, run_of
from buildopt.execute.outlet import Outlet
from buildopt.execute.signals import ENDING, SignalWatch
from buildopt.execute.streams import describe_streams
from buildopt.model import Observation
from buildopt.pipeline import recover_all, recover_plan, try_to_answer
from buildopt.progress import Progress
from buildopt.results import tell_task
from buildopt.session import Finished, Run, Stores, begin, load_memo, seconds_since
from buildopt.tasks import worker as workers
from buildopt.tasks.crossings import Crossings
from buildopt.tasks.model import GraphTask, Plan
from buildopt.tasks.order import Order
from buildopt.tasks.outcome import GraphEnd, Seen, without_spoiled
from buildopt.tasks.prefixed import prefixed_outlets
from buildopt.tasks.printer import Printer
from buildopt.tasks.scheduler import Scheduler
from buildopt.tasks.spool import Piece, Spool
from buildopt.tasks.stages import AnswerStage
from buildopt.tasks.telling import Manner, Teller
from buildopt.tasks.trouble import error_lines, result_without
from buildopt.tasks.work import Work
from buildopt.tasks.worker import Begun, Worker

OWN_SIGNAL_S = 0.1
"""How long, at most, one of ours is behind the same signal of a task that it has ended."""
OWN_SIGNAL_LOOK_MS = 10


class GraphRun:
    """One call of `run` with many tasks."""

    def __init__(
        self, plan: Plan, works: Mapping[str, Work], stores: Stores, manner: Manner
    ) -> None:
        self._plan, self._works = plan, works
        self._stores, self._manner = stores, manner
        self._scheduler = Scheduler(plan, manner.jobs, goes_on=manner.goes_on)
        self._crossings = Crossings(Order(plan))
        self._printer = Printer()
        self._streams = describe_streams()
        self._teller = Teller(
            self._printer, manner, joined=self._streams.is_joined, only=len(plan.tasks) == 1
        )
        self._as_it_comes = manner.as_it_comes
        self._memo: memo.Memo | None = None
        self._workers: dict[str, Worker] = {}
        self._told: dict[str, dict[str, Any]] = {}  # Any: what marshal takes
        self._has_told: set[str] = set()
        self._begun_ns: dict[str, int] = {}
        self._results: dict[str, RunFinished] = {}
        self._spoiled: dict[str, str] = {}
        self._failed: list[str] = []
        self._started_ns = time.monotonic_ns()
        self._asked_to_end = 0
        self._is_output_lost = False
        self._seen: dict[str, Seen] = {}
        self._made: dict[str, frozenset[str]] = {}

    def run(self) -> GraphEnd:
        """Run all; how it ended. What goes wrong with a task is told in its result."""
        with SignalWatch(own_session=False) as signals:
            self._signals = signals
            signals.listen()
            try:
                self._run_all()
                self._hear_own_signal()
            finally:
                self._end_workers()
                self._printer.close()
                if self._memo is not None:
                    self._memo.save()
        order = sorted(self._results, key=self._begun_ns.__getitem__)
        results = {name: self._results[name] for name in order}
        return GraphEnd(
            results=without_spoiled(results, self._spoiled),
            started_s={n: (self._begun_ns[n] - self._started_ns) / 1e9 for n in results},
            failed=tuple(self._failed),
            not_run=tuple(n for n in self._scheduler.not_run() if n not in results),
            crossings=tuple(self._crossings.found),
            signal=self._asked_to_end,
            is_output_lost=self._is_output_lost or self._printer.is_broken,
            made=self._made,
            seen=self._seen,
        )

    def _run_all(self) -> None:
        while not self._scheduler.is_over:
            self._begin_ready()
            if self._scheduler.running or not self._printer.is_idle:
                self._wait()
        self._teller.tell_last()
        self._begin_persistent(self._scheduler.persistent())
        while self._workers or not self._printer.is_idle:
            self._wait()

    def _begin_ready(self) -> None:
        """Begin all for which there is a place; a task that is answered makes room at once."""
        while not (self._as_it_comes and not self._printer.is_idle):
            self._wait(timeout_ms=0)
            task = self._scheduler.next()
            if task is None:
                return
            self._begin(task)

    def _begin(self, task: GraphTask) -> None:
        work = self._works[task.id]
        self._begun_ns[task.id] = time.monotonic_ns()
        self._crossings.began(task.id)
        if work.unobserved or work.observer is None:
            self._start(Begun(work))
            return
        folder = self._stores.layout.checkout(self._plan.root)
        path = os.path.join(folder, f"{work.task.key}.lock")
        lock = locks.try_acquire(path)
        if lock is None:  # another call runs it just now: who waits for that must not be us
            self._start(Begun(work, lock_path=path))
            return
        stage = AnswerStage(self._streams, lambda read, wrote: self._tell(task.id, read, wrote))
        is_first = self._memo is None
        if self._memo is None:
            progress = Progress(is_shown=False)
            self._memo = load_memo(self._stores, self._plan.root, work.policy, progress)
        run = begin(work.task, work.policy, work.observer, self._stores, stage, self._memo)
        answer = try_to_answer(run, recover_all if is_first else _recover_own)
        if isinstance(answer, Finished):
            locks.release(lock)
            tell_task(self._stores.journal, answer.result)
            self._end(task.id, answer.result, stage.pieces)
        else:
            self._start(Begun(work, run, answer, lock, path))

    def _start(self, begun: Begun, outlet_to: Callable[[int], Outlet] | None = None) -> None:
        spool = None
        if outlet_to is None:
            spool = None if self._as_it_comes else Spool(os.environ)
            outlet_to = spool.outlet_to if spool else Outlet
        name = begun.work.graph.id
        number, others = len(self._begun_ns), list(self._workers.values())
        try:
            self._workers[name] = workers.start(
                begun, number, self._stores, spool, outlet_to, self._signals, others
            )
        except OSError as error:  # too many processes, or no memory
            told = {"error": workers.not_forked(error)}
            self._crossings.ended(name, (), is_known=True)
            result = result_without(begun.work.task, self._stores.journal, told, 0, 0.0)
            self._end(name, result, error_lines(told))

    def _begin_persistent(self, tasks: tuple[GraphTask, ...]) -> None:
        width = max((len(task.id) for task in tasks), default=0)
        for task in tasks:
            self._begun_ns[task.id] = time.monotonic_ns()
            self._crossings.began(task.id)
            outlet_to = Outlet if len(tasks) == 1 else prefixed_outlets(task.id.ljust(width))
            self._start(Begun(self._works[task.id]), outlet_to)

    def _wait(self, timeout_ms: int | None = None) -> None:
        poll = select.poll()
        poll.register(self._signals.descriptor, select.POLLIN)
        for worker in self._workers.values():
            if not worker.is_silent:
                poll.register(worker.channel, select.POLLIN)
        for descriptor, events in self._printer.interests():
            poll.register(descriptor, events)
        ready = dict(poll.poll(timeout_ms))
        if not ready:
            return
        self._printer.work()
        for name, worker in list(self._workers.items()):
            self._listen(name, worker)
        if self._signals.descriptor in ready:
            self._react()
        self._reap()

    def _hear_own_signal(self) -> None:
        """Ctrl-C reaches the tasks as well, and they may end before we hear of it ourselves."""
        is_ended = any(result.signal in ENDING for result in self._results.values())
        until_s = time.monotonic() + OWN_SIGNAL_S
        while is_ended and not self._asked_to_end and time.monotonic() < until_s:
            self._wait(timeout_ms=OWN_SIGNAL_LOOK_MS)

    def _react(self) -> None:
        for arrival in self._signals.arrivals():
            if arrival.number not in ENDING:
                continue
            self._scheduler.halt()
            if self._asked_to_end:
                self._printer.drop()
            self._asked_to_end = self._asked_to_end or arrival.number
            # What the kernel sends goes to our process group, and all of them are in it.
            for worker in () if arrival.by_kernel else tuple(self._workers.values()):
                worker.send_signal(arrival.number)

    def _listen(self, name: str, worker: Worker) -> None:
        for kind, content in worker.messages():
            if kind == "told":
                read, wrote = map(frozenset, content)
                self._has_told.add(name)
                worker.answer(self._tell(name, read, wrote))
            else:
                self._told[name] = content
                is_known = name in self._has_told or self._is_unobserved(name) or "error" in content
                self._crossings.ended(name, content.get("withheld", ()), is_known=is_known)
                worker.answer(())

    def _tell(self, name: str, read: frozenset[str], wrote: frozenset[str]) -> tuple[str, ...]:
        self._made[name] = wrote
        below = self._plan.root.rstrip("/") + "/"
        paths, spoiled = self._crossings.told(
            name,
            frozenset(path for path in read if path.startswith(below)),
            frozenset(path for path in wrote if path.startswith(below)),
        )
        for other in spoiled:
            self._spoiled[other] = paths[0].removeprefix(below)
        return paths

    def _is_unobserved(self, name: str) -> bool:
        return bool(self._works[name].unobserved)

    def _reap(self) -> None:
        for name, worker in list(self._workers.items()):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                self._listen(name, worker)
                worker.channel.close()
                del self._workers[name]
                self._worker_ended(name, worker, status)

    def _end_workers(self) -> None:
        """Leave nobody behind where trouble of ours ends the call."""
        for worker in self._workers.values():
            worker.send_signal(signal.SIGTERM)
        for worker in self._workers.values():
            os.waitpid(worker.pid, 0)

    def _worker_ended(self, name: str, worker: Worker, wait_status: int) -> None:
        told = self._told.pop(name, {})
        work = worker.begun.work
        pieces: list[Piece] = []
        if "result" in told:
            result = run_of(told["result"])
            if self._memo is not None:
                self._memo.learn(told["news"])
            if "seen" in told:
                rows, made = told["seen"]
                self._seen[name] = Seen(tuple(Observation(*row) for row in rows), frozenset(made))
        else:
            took_s = seconds_since(self._begun_ns[name])
            result = result_without(work.task, self._stores.journal, told, wait_status, took_s)
            if not told:
                self._crossings.ended(name, (), is_known=self._is_unobserved(name))
            pieces = error_lines(told)
        self._stores.journal.unfit += told.get("lost_events", 0)
        self._is_output_lost = self._is_output_lost or told.get("is_output_lost", False)
        printed = worker.spool.pieces() if worker.spool else ()
        self._end(name, result, (*printed, *pieces) if pieces else printed)

    def _end(self, name: str, result: RunFinished, pieces: Iterable[Piece]) -> None:
        is_well = result.exit_code == 0 and not result.signal
        if result.outcome != "executed":
            self._crossings.ended(name, (), is_known=True)
        self._results[name] = result
        if name in self._scheduler.running:
            self._scheduler.ended(name, well=is_well)
        if not is_well:
            self._failed.append(name)
        is_persistent = self._works[name].graph.is_persistent
        self._teller.tell(name, result, pieces, alone=is_persistent, last=not is_well)


def _recover_own(run: Run) -> None:
    """Put right what a killed run left of this very task; the others' was at the beginning."""
    if os.path.lexists(run.plan_path):
        recover_plan(run, run.plan_path)
