"""What a graph of tasks does next: a state machine without clock, process or output.

waiting ── all before it ended well, a place is free ──> running ──> ended well
   │                                                        └──────> failed
   └── one before it failed; after a failure or a signal everybody ──> not run

Persistent tasks wait for all others, and nothing waits for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from buildopt.tasks.model import GraphTask, Plan


class Scheduler:
    """The tasks of one call; `goes_on`: a failure stops only what depends on it."""

    def __init__(self, plan: Plan, jobs: int, *, goes_on: bool) -> None:
        self._tasks = {task.id: task for task in plan.tasks}
        self._jobs, self._goes_on = jobs, goes_on
        self._missing = {task.id: len(set(task.depends_on)) for task in plan.tasks}
        self._behind: dict[str, list[str]] = {task.id: [] for task in plan.tasks}
        for task in plan.tasks:
            for other in set(task.depends_on):
                self._behind[other].append(task.id)
        self._positions = {task.id: number for number, task in enumerate(plan.tasks)}
        self._ready = deque(t.id for t in plan.tasks if not t.depends_on and not t.is_persistent)
        self._well: set[str] = set()
        self._out: set[str] = set()
        """Failed, or behind one that did."""
        self._is_halted = False
        self.running: set[str] = set()
        self.failed: list[str] = []
        """In the order in which they failed."""

    def next(self) -> GraphTask | None:
        """A task to begin now, which counts as running from now on; None: not now, or none."""
        if self._is_halted or not self._ready or len(self.running) >= self._jobs:
            return None
        task = self._tasks[self._ready.popleft()]
        self.running.add(task.id)
        return task

    def ended(self, name: str, *, well: bool) -> None:
        """Take note of the end of a running task."""
        self.running.remove(name)
        if not well:
            self.failed.append(name)
            self._leave_out(name)
            self._is_halted = self._is_halted or not self._goes_on
            return
        self._well.add(name)
        new = []
        for other in self._behind[name]:
            self._missing[other] -= 1
            if not self._missing[other] and not self._tasks[other].is_persistent:
                new.append(other)
        self._make_ready(new)

    def halt(self) -> None:
        """Begin nothing any more."""
        self._is_halted = True

    @property
    def is_over(self) -> bool:
        """Whether nothing runs and nothing but persistent tasks will."""
        return not self.running and (self._is_halted or not self._ready)

    def persistent(self) -> tuple[GraphTask, ...]:
        """What is to be started when all else is over, and left running."""
        if self._is_halted:
            return ()
        return tuple(
            task
            for task in self._tasks.values()
            if task.is_persistent and not self._missing[task.id] and task.id not in self._out
        )

    def not_run(self) -> tuple[str, ...]:
        """What was not run when all is over, but for persistent tasks that were to be."""
        begun = self._well | self.running | {*self.failed}
        begun |= {task.id for task in self.persistent()}
        return tuple(name for name in self._tasks if name not in begun)

    def _leave_out(self, name: str) -> None:
        todo = [name]
        while todo:
            each = todo.pop()
            if each not in self._out:
                self._out.add(each)
                todo += self._behind[each]

    def _make_ready(self, names: Iterable[str]) -> None:
        """Queue tasks in the plan's order, whichever became ready first."""
        names = list(names)
        if names:
            merged = sorted([*self._ready, *names], key=self._positions.__getitem__)
            self._ready = deque(merged)
