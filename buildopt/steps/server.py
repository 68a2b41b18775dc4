"""Listens for the clients of a run, and answers each step or has it run.

One thread takes connections, and each connection has one. What touches the stores happens under
one lock, so that nothing but the steps themselves goes on at the same time.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import shlex
import socket
import struct
import time
from collections.abc import Callable
from itertools import count
from threading import RLock, Thread
from typing import NamedTuple

from buildopt import frames
from buildopt.cache import locks
from buildopt.cache.task_key import task_key
from buildopt.events import RunFinished, TaskResult
from buildopt.execute.streams import STDIN
from buildopt.model import NotStored, Task
from buildopt.results import as_step, result_of
from buildopt.session import Run, begin, seconds_since
from buildopt.steps.client import address_of
from buildopt.steps.hazards import Hazards
from buildopt.steps.stage import (
    Request,
    StepStage,
    exit_code_of,
    order_to_run,
    tell_answered,
)
from buildopt.steps.wiring import StepStreams

BACKLOG = 64
PARTING_S = 5.0
"""How long a step that ends is waited for when the command has ended."""
_credentials = struct.Struct("3i")

AnswerOrRun = Callable[[Run], RunFinished]
"""The pipeline's way from look-up to record."""


class StepRequest(NamedTuple):
    """What a client asks for."""

    argv: tuple[str, ...]
    directory: str
    environment: dict[bytes, bytes]
    umask: int
    client_pid: int


class StepServer:
    """The steps of one run."""

    def __init__(self, run: Run, request: Request, answer_or_run: AnswerOrRun) -> None:
        """Listen; raises OSError where there is no abstract namespace."""
        self._run = run
        self._request = request
        self._answer_or_run = answer_or_run
        self._lock = RLock()
        self._hazards = Hazards()
        self._numbers = count(1)
        self._results: dict[int, TaskResult] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(address_of(run.stores.journal.active_id.encode()))
        self._listener.listen(BACKLOG)
        self._clients: list[Thread] = []
        self._thread = Thread(target=self._accept, daemon=True)

    def start(self) -> None:
        """Take connections, once the command was forked."""
        self._thread.start()

    def stop(self) -> tuple[TaskResult, ...]:
        """Take no more; the results of all steps, in the order in which they began."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join(PARTING_S)
        for client in self._clients:
            client.join(PARTING_S)
        self._listener.close()
        results = dict(self._results)  # one that still runs may end meanwhile
        return tuple(results[number] for number in sorted(results))

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if _uid_of(client) not in (os.getuid(), 0):
                client.close()
                continue
            thread = Thread(target=self._serve, args=(client,), daemon=True)
            self._clients.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        """Answer one client after the other part, until it is gone."""
        with client:
            while True:
                try:
                    received = _receive(client)
                    if received is None:
                        return
                    self._step(client, *received)
                except (OSError, ValueError, EOFError):
                    return  # the client goes on by itself

    def _step(self, client: socket.socket, asked: StepRequest, streams: StepStreams) -> None:
        try:
            if self._answer(client, asked, streams):
                frames.send(client, b"")
        finally:
            streams.close()

    def _answer(self, client: socket.socket, asked: StepRequest, streams: StepStreams) -> bool:
        """Whether the client ran it, and waits to be told that it may go on."""
        with self._lock:
            number, started_s = next(self._numbers), seconds_since(self._run.started_ns)
            task = _task_of(self._run, asked)
        if not _is_known_stdin(streams):
            result = self._leave_alone(client, task)
        else:
            result = self._step_of(client, asked, streams, task, number)
        self._results[number] = as_step(result, started_s)
        if result.outcome == "executed":
            return True
        tell_answered(client)
        return False

    def _step_of(
        self,
        client: socket.socket,
        asked: StepRequest,
        streams: StepStreams,
        task: Task,
        number: int,
    ) -> RunFinished:
        """Answer a step from its record, or have the client run it."""
        with self._lock:
            stage = StepStage(
                client,
                asked.client_pid,
                streams,
                self._request,
                number,
                self._lock,
                self._hazards,
            )
            lock = self._acquire(task)
            try:
                run = begin(
                    task,
                    self._run.policy._replace(stdin="null", is_quiet=True),
                    self._run.observer,
                    self._run.stores,
                    stage,
                )
                return self._answer_or_run(run)
            finally:
                locks.release(lock)

    def _leave_alone(self, client: socket.socket, task: Task) -> RunFinished:
        """Have the client run what may read something that nobody knows."""
        started_ns = time.monotonic_ns()
        order_to_run(client, {})
        exit_code = exit_code_of(frames.receive(client))
        return result_of(
            task,
            self._run.stores.journal,
            "executed",
            exit_code=exit_code,
            not_stored=(NotStored(kind="stdin", subject="step"),),
            duration_s=seconds_since(started_ns),
        )

    def _acquire(self, task: Task) -> int:
        """The task's lock; others of our own steps may go on while it is waited for."""
        path = os.path.join(self._run.folder, f"{task.key}.lock")
        self._lock.release()
        try:
            return locks.acquire(path)
        finally:
            self._lock.acquire()


def _receive(client: socket.socket) -> tuple[StepRequest, StepStreams] | None:
    mark, descriptors, _, _ = socket.recv_fds(client, 1, 3)
    data = frames.receive(client) if mark else None
    if data is None:
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    argv, directory, environment, umask, client_pid, numbers = marshal.loads(data)
    asked = StepRequest(tuple(argv), directory, environment, umask, client_pid)
    return asked, StepStreams(dict(zip(numbers, descriptors, strict=True)))


def _task_of(run: Run, asked: StepRequest) -> Task:
    environment = {os.fsdecode(n): os.fsdecode(v) for n, v in asked.environment.items()}
    task = run.task._replace(
        name=_name(asked, environment),
        argv=asked.argv,
        directory=asked.directory,
        environment=environment,
        umask=asked.umask,
        inputs=(),
        outputs=(),
    )
    return task._replace(key=task_key(task, run.stores.tokens, run.observer.name))


def _name(asked: StepRequest, environment: dict[str, str]) -> str:
    """As the package manager calls it, and the command: a script may have many parts."""
    package = environment.get("npm_package_name", "")
    command = asked.argv[-1] if len(asked.argv) == 3 else shlex.join(asked.argv)
    return f"{package}: {command}" if package else command


def _is_known_stdin(streams: StepStreams) -> bool:
    """Whether nothing can come from there but what somebody types."""
    descriptor = streams.descriptors.get(STDIN)
    if descriptor is None or os.isatty(descriptor):
        return True
    status, null = os.fstat(descriptor), os.stat(os.devnull)
    if status.st_rdev == null.st_rdev:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLRDHUP)
    events = dict(poll.poll(0)).get(descriptor, 0)
    return bool(events & (select.POLLHUP | select.POLLRDHUP)) and not events & select.POLLIN


def _uid_of(client: socket.socket) -> int:
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _credentials.size)
    return int(_credentials.unpack(credentials)[1])
