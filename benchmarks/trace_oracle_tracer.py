"""What the mechanism saw of a build: every access that it told."""

from __future__ import annotations

import marshal
import multiprocessing
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor

from trace_oracle_seen import Kind, Pair
from workloads import Workload

from buildopt.execute.command import Command
from buildopt.execute.process import execute
from buildopt.model import Observed, Task
from buildopt.observe.access import Access, Operation
from buildopt.observe.seccomp.observer import SeccompObserver

KINDS: Mapping[Operation, Kind] = {
    Operation.OPEN: "read", Operation.STAT: "look", Operation.READLINK: "look",
    Operation.ENTER: "look", Operation.CHANGE_FOLDER: "look", Operation.READ_ATTRIBUTE: "look",
    Operation.LIST: "list", Operation.EXECUTE: "execute", Operation.LOAD: "execute",
    Operation.UNLINK: "delete", Operation.REMOVE_FOLDER: "delete",
}  # fmt: skip
"""All others write."""
CHANGING = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC


class Collector:
    """A recorder that keeps every access, and says what made the run incomplete."""

    def __init__(self) -> None:
        self._seen: set[Pair] = set()
        self._trouble: set[Pair] = set()

    def access(self, access: Access) -> None:
        """Keep what is done to one path, or to two."""
        operation = access.operation
        if operation is Operation.RENAME:
            self._seen |= {("delete", access.path), ("write", access.other)}
        elif operation is Operation.LINK:
            self._seen |= {("look", access.path), ("write", access.other)}
        elif operation is Operation.OPEN and access.flags & CHANGING:
            self._seen.add(("write", access.path))
        else:
            self._seen.add((KINDS.get(operation, "write"), access.path))

    def incomplete(self, kind: str, subject: str) -> None:
        """Keep why."""
        self._trouble.add((kind, subject))

    def connects(self, *_: object, **__: object) -> bool:
        """Sockets are not compared, and every call goes on."""
        return True

    def process_started(self, *_: object) -> None:
        """Processes are not compared."""

    def process_ended(self, *_: object, **__: object) -> None:
        """Processes are not compared."""

    def result(self) -> bytes:
        """All of it, for `_trace_here`."""
        return marshal.dumps((list(self._seen), list(self._trouble)))


def trace(workload: Workload) -> tuple[set[Pair], list[Pair]]:
    """What a clean run did, by the mechanism; and its trouble. In a process of its own."""
    workload.clean()
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        data = pool.submit(_trace_here, workload).result()
    seen, trouble = marshal.loads(data)
    return set(seen), trouble


def _trace_here(workload: Workload) -> bytes:
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    results = []

    def keep(data: bytes, *_: object) -> Observed:
        results.append(data)
        return Observed()

    watch = SeccompObserver(lambda _: Collector(), keep).watch(_task(workload), lambda _: "")
    command = Command(
        argv=workload.argv,
        directory=str(workload.directory),
        environment=workload.environment,
        stdin="null",
    )
    execution = execute(command, watch)
    watch.finish()
    if execution.exit_code:
        raise RuntimeError(f"{workload.name}: exit {execution.exit_code} under the tracer")
    return results[0]


def _task(workload: Workload) -> Task:
    folder = str(workload.directory)
    return Task(
        name=workload.name, argv=workload.argv, directory=folder, root=folder, project="",
        environment=workload.environment, umask=0o022,
    )  # fmt: skip
