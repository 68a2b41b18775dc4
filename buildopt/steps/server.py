"""Answers each step of a run, or has it run, client by client.

Each connection has a thread. What touches the stores happens under one lock, so that nothing but
the steps themselves goes on at the same time.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import time
from collections.abc import Callable, Iterator
from itertools import count
from threading import RLock
from typing import NamedTuple

from buildopt import frames
from buildopt.cache import locks
from buildopt.cache.task_key import task_key
from buildopt.events import RunFinished, TaskResult
from buildopt.model import NotStored, Task
from buildopt.results import as_step, result_of
from buildopt.session import Policy, Run, Stores, begin, seconds_since
from buildopt.steps import joining, worth
from buildopt.steps.hazards import Hazards
from buildopt.steps.requests import (
    Interpret,
    Joined,
    Plain,
    Start,
    StepRequest,
    order_to_run,
    receive,
    tell_answered,
    tell_to_go_on,
)
from buildopt.steps.stage import Request, StepStage, exit_code_of
from buildopt.steps.step_stdin import is_known_stdin
from buildopt.steps.wiring import StepStreams

AnswerOrRun = Callable[[Run], RunFinished]
"""The pipeline's way from look-up to record."""
STDIN_UNKNOWN = NotStored(kind="stdin", subject="step")
NO_CACHE = NotStored(kind="settings", subject="cache")
INSIDE_ITSELF = NotStored(kind="incomplete", subject="call of itself")


class Work(NamedTuple):
    """A step to be done: its task, how it is to be, and how its client starts it."""

    task: Task
    policy: Policy
    stores: Stores
    start: Start | None = None
    result_file: str = ""
    against: tuple[NotStored, ...] = ()
    """Why it has no record."""


class StepServer:
    """The steps of one run."""

    def __init__(
        self,
        run: Run,
        request: Request,
        answer_or_run: AnswerOrRun,
        interpret: Interpret | None = None,
    ) -> None:
        """Without `interpret` a `buildopt run` inside has no record of its own."""
        self._run = run
        self._request = request
        self._answer_or_run = answer_or_run
        self._interpret = interpret
        self._lock = RLock()
        self._hazards = Hazards()
        self._numbers = count(1)
        self._results: dict[int, TaskResult] = {}
        self._under_way = {run.task.key}
        self._stages: list[StepStage] = []

    def results(self) -> tuple[TaskResult, ...]:
        """Those of all steps, in the order in which they began."""
        results = dict(self._results)  # one that still runs may end meanwhile
        return tuple(results[number] for number in sorted(results))

    def resized(self) -> None:
        """Give the terminals of all steps the size of ours."""
        for stage in list(self._stages):
            stage.resized()

    def serve(self, client: socket.socket) -> None:
        """Answer one client after the other part, until it is gone."""
        with client:
            while True:
                try:
                    received = receive(client)
                    if received is None:
                        return
                    self._step(client, *received)
                except (OSError, ValueError, EOFError):
                    return  # the client goes on by itself

    def _step(self, client: socket.socket, asked: StepRequest, streams: StepStreams) -> None:
        try:
            with self._lock:
                number, started_s = next(self._numbers), seconds_since(self._run.started_ns)
                work = self._work(asked, streams)
            if work is None:
                tell_to_go_on(client)
                return
            result = self._done(client, asked, streams, work, number)
            self._results[number] = as_step(result, started_s)
            if work.result_file:
                joining.tell_result(self._request, asked.client_pid, work.result_file, result)
            if result.outcome == "executed":
                frames.send(client, b"")
            else:
                tell_answered(client)
        finally:
            streams.close()

    def _work(self, asked: StepRequest, streams: StepStreams) -> Work | None:
        """What is to be done; None where the client has to see for itself."""
        if asked.kind != "run":
            return self._script(asked, streams)
        joined = self._joined(asked)
        joining.tell_around(self._request, asked, joined, self._run)
        return None if isinstance(joined, Plain) else self._call(joined, streams)

    def _script(self, asked: StepRequest, streams: StepStreams) -> Work:
        policy = self._run.policy._replace(stdin="null", is_quiet=True)
        against = () if is_known_stdin(streams) else (STDIN_UNKNOWN,)
        return Work(_task_of(self._run, asked), policy, self._run.stores, against=against)

    def _call(self, joined: Joined, streams: StepStreams) -> Work:
        has_null_stdin = joined.policy.stdin == "null"
        against: tuple[NotStored, ...] = ()
        if not has_null_stdin and not is_known_stdin(streams):
            against += (STDIN_UNKNOWN,)
        if not joined.is_recorded:
            against += (NO_CACHE,)
        task = joining.task_within(self._run.task, joined.task)
        task = task._replace(key=task_key(task, joined.stores.tokens, self._run.observer.name))
        return Work(
            task,
            joining.policy_within(self._run.policy, joined.policy),
            joined.stores,
            start=joining.start_of(task, self._run.policy, has_null_stdin=has_null_stdin),
            result_file=joined.result_file,
            against=against,
        )

    def _joined(self, asked: StepRequest) -> Joined | Plain:
        if self._interpret is None:
            return Plain()
        try:
            return self._interpret(asked, self._run.stores)
        except Exception:  # noqa: BLE001  # promise 3: then it sees for itself
            return Plain()

    def _done(
        self,
        client: socket.socket,
        asked: StepRequest,
        streams: StepStreams,
        work: Work,
        number: int,
    ) -> RunFinished:
        """Answer a step from its record, or have the client run it."""
        if work.against:
            return self._leave_alone(client, work)
        with self._only_one(work.task) as is_free:
            if not is_free:
                return self._leave_alone(client, work._replace(against=(INSIDE_ITSELF,)))
            with self._lock:
                stage = StepStage(
                    client, asked.client_pid, streams, self._request, number, self._lock,
                    self._hazards, work.start,
                )  # fmt: skip
                lock = self._acquire(work)
                self._stages.append(stage)
                try:
                    run = begin(work.task, work.policy, self._run.observer, work.stores, stage)
                    run.owned.reclaim(self._run.owned.states)
                    return self._found_worth(run)
                finally:
                    self._stages.remove(stage)
                    locks.release(lock)

    def _found_worth(self, run: Run) -> RunFinished:
        """Answer a step or run it, as it has paid before, and take note whether it did now."""
        path = os.path.join(run.folder, f"{run.task.key}.worth")
        known = worth.load(path)
        if run.policy.reads and not known.is_answered:
            policy = run.policy._replace(is_worth_answering=False)
            result = self._answer_or_run(run._replace(policy=policy))
            worth.keep(path, known.after_run(), known)
            return result
        result = self._answer_or_run(run)
        if result.outcome != "executed":
            worth.keep(path, known.after_answer(result.time_saved_s), known)
        return result

    @contextlib.contextmanager
    def _only_one(self, task: Task) -> Iterator[bool]:
        """Whether no other step under way is this very task, as one around it would be.

        That one has the task's lock and waits for this one.
        """
        with self._lock:
            is_free = task.key not in self._under_way
            self._under_way.add(task.key)
        try:
            yield is_free
        finally:
            if is_free:
                self._under_way.discard(task.key)

    def _leave_alone(self, client: socket.socket, work: Work) -> RunFinished:
        """Have the client run what has no record."""
        started_ns = time.monotonic_ns()
        order_to_run(client, {}, work.start)
        exit_code = exit_code_of(frames.receive(client))
        return result_of(
            work.task,
            self._run.stores.journal,
            "executed",
            exit_code=exit_code,
            not_stored=work.against,
            duration_s=seconds_since(started_ns),
        )

    def _acquire(self, work: Work) -> int:
        """The task's lock; others of our own steps may go on while it is waited for."""
        folder = work.stores.layout.checkout(work.task.root)
        self._lock.release()
        try:
            return locks.acquire(os.path.join(folder, f"{work.task.key}.lock"))
        finally:
            self._lock.acquire()


def _task_of(run: Run, asked: StepRequest) -> Task:
    task = run.task._replace(
        name=_name(asked),
        argv=asked.words,
        directory=asked.directory,
        environment=asked.environment,
        umask=asked.umask,
        inputs=(),
        outputs=(),
    )
    return task._replace(key=task_key(task, run.stores.tokens, run.observer.name))


def _name(asked: StepRequest) -> str:
    """As the package manager calls it, and the command: a script may have many parts."""
    package = asked.environment.get("npm_package_name", "")
    command = asked.words[-1] if len(asked.words) == 3 else shlex.join(asked.words)
    return f"{package}: {command}" if package else command
