"""A process of its own for a task that has to run, forked from the main one.

    worker -> main   told    what the task read and wrote
    main -> worker           the paths for which it must not be stored
    worker -> main   ended   the result, or why the command could not be started
    main -> worker           its record can be found now: it lets go of the task's lock and exits

It stays in our process group: Ctrl-C reaches it and its command as it reaches us.
"""

from __future__ import annotations

import marshal
import os
import select
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, NoReturn

from buildopt import frames
from buildopt.cache import locks, lookup
from buildopt.errors import EXIT_NOT_STARTED, BuildoptError
from buildopt.events import data_of
from buildopt.execute.signals import SignalWatch
from buildopt.journal import Journal, source_of
from buildopt.model import Observed
from buildopt.pipeline import answer_or_run, really_run, run_unobserved
from buildopt.results import with_steps
from buildopt.session import Finished, Run, Stores, begin, named
from buildopt.tasks.spool import Spool
from buildopt.tasks.stages import WorkerStage
from buildopt.tasks.work import Work
from buildopt.watched import OutletTo


class Begun(NamedTuple):
    """A task as the main process leaves it: what was looked up, and the lock that is held.

    Without a `found` somebody else has the lock, or nothing is looked up.
    """

    work: Work
    run: Run | None = None
    found: lookup.Found | None = None
    lock: int = -1
    lock_path: str = ""


class Worker:
    """One of them, as the main process sees it. `is_silent`: it will say nothing any more."""

    def __init__(self, begun: Begun, spool: Spool | None, pid: int, channel: socket.socket) -> None:
        self.begun, self.spool = begun, spool
        self.pid, self.channel = pid, channel
        self.is_silent = False

    def messages(self) -> Iterable[tuple[str, Any]]:  # Any: what marshal takes
        """What it has said since the last call, without waiting for more."""
        while not self.is_silent and _is_readable(self.channel):
            data = frames.receive(self.channel)
            if data is None:
                self.is_silent = True
                return
            yield marshal.loads(data)

    def answer(self, paths: Iterable[str]) -> None:
        """Tell it for what it must not be stored."""
        try:
            frames.send(self.channel, marshal.dumps(tuple(paths)))
        except OSError:
            pass  # it is gone, and stores nothing

    def send_signal(self, number: int) -> None:
        """Pass a signal on."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            pass  # it has ended, and we have not noticed yet


def start(
    begun: Begun,
    number: int,
    stores: Stores,
    spool: Spool | None,
    outlet_to: OutletTo,
    signals: SignalWatch,
    others: Iterable[Worker],
) -> Worker:
    """Fork a process for the task, the `number`-th of this call."""
    ours, theirs = socket.socketpair()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    pid = os.fork()
    if pid == 0:
        ours.close()
        for other in others:
            other.channel.close()
        _become_worker(theirs, begun, number, stores, spool, outlet_to, signals)
    theirs.close()
    locks.release(begun.lock)  # the worker has it
    return Worker(begun, spool, pid, ours)


def not_forked(error: OSError) -> tuple[str, str, str, int]:
    """What is told where the system refuses a process: message, hint, slug, status."""
    trouble = BuildoptError(
        f"cannot make a process for the task: {error.strerror}",
        hint="fewer tasks at once need less: --jobs 1",
        slug="command-not-started",
    )
    return trouble.message, trouble.hint, trouble.slug, trouble.run_exit_code


def _become_worker(
    channel: socket.socket,
    begun: Begun,
    number: int,
    stores: Stores,
    spool: Spool | None,
    outlet_to: OutletTo,
    signals: SignalWatch,
) -> NoReturn:
    status = 1
    try:
        signals.leave_to_parent()
        journal = Journal(
            state=stores.journal.state,
            source=source_of(begun.work.task.project),
            run_id=stores.journal.run_id,
            secrets=stores.journal.secrets,
            environment=stores.journal.environment,
            machine=stores.journal.machine,
            part=str(number),
        )
        withheld: list[Any] | None = None if spool is None else []  # Any: see `Withheld`
        stores = stores._replace(journal=journal, withheld=withheld)
        told = _work(channel, begun, stores, outlet_to)
        told |= {
            "withheld": withheld or [],
            "lost_events": journal.lost_events,
            "is_output_lost": spool is not None and spool.is_lost,
        }
        frames.send(channel, marshal.dumps(("ended", told)))
        frames.receive(channel)
        status = 0
    except BrokenPipeError:
        pass  # the main process is gone
    finally:
        os._exit(status)


def _work(
    channel: socket.socket, begun: Begun, stores: Stores, outlet_to: OutletTo
) -> dict[str, Any]:  # Any: what marshal takes
    run = begun.run
    if run is not None:
        run.memo.forget_news()
    try:
        finished, observed = _finished(_teller(channel), begun, stores, outlet_to)
    except BuildoptError as error:
        return {"error": (error.message, error.hint, error.slug, error.run_exit_code)}
    except Exception as error:  # noqa: BLE001  # told in the task's name, and the others go on
        why = (named(error), "that is a mistake of buildopt's own", "command-not-started")
        return {"error": (*why, EXIT_NOT_STARTED)}
    told: dict[str, Any] = {"result": data_of(finished.result)}  # Any: as above
    told["news"] = run.memo.news() if run else []
    if begun.work.keeps_seen and observed and not finished.result.stored:
        told["seen"] = _rows_of(observed)
    return told


def _rows_of(observed: Observed) -> tuple[list[tuple[Any, ...]], list[str]]:
    rows = [tuple(o[:3]) for o in observed.observations]
    return rows, [*observed.outputs, *observed.removed]


def _finished(
    tell: Callable[[frozenset[str], frozenset[str]], tuple[str, ...]],
    begun: Begun,
    stores: Stores,
    outlet_to: OutletTo,
) -> tuple[Finished, Observed | None]:
    work = begun.work
    reason = work.unobserved
    if reason or work.observer is None:
        assert reason
        return run_unobserved(work.task, work.policy, stores, reason, outlet_to), None
    stage = WorkerStage(lambda step: answer_or_run(step).result, outlet_to, tell, work.interpret)
    if begun.run is not None and begun.found is not None:
        withheld = begun.run.records._replace(withheld=stores.withheld)
        run = begun.run._replace(stores=stores, stage=stage, records=withheld)
        finished = really_run(run, begun.found)
    else:
        locks.acquire(begun.lock_path)  # until we exit
        run = begin(work.task, work.policy, work.observer, stores, stage)
        finished = answer_or_run(run)
    finished = finished._replace(result=with_steps(finished.result, stage.steps))
    return finished, stage.observed


def _teller(
    channel: socket.socket,
) -> Callable[[frozenset[str], frozenset[str]], tuple[str, ...]]:
    def tell(read: frozenset[str], wrote: frozenset[str]) -> tuple[str, ...]:
        frames.send(channel, marshal.dumps(("told", (list(read), list(wrote)))))
        answer = frames.receive(channel)
        if answer is None:
            os._exit(1)  # the main process is gone
        paths: tuple[str, ...] = marshal.loads(answer)
        return paths

    return tell


def _is_readable(channel: socket.socket) -> bool:
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    return bool(poll.poll(0))
