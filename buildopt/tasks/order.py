"""Which task of a plan comes before which, over any number of others."""

from __future__ import annotations

from buildopt.tasks.model import Plan


class Order:
    """The order that `depends_on` gives; a plan's tasks stand behind those that they depend on."""

    def __init__(self, plan: Plan) -> None:
        self._bits: dict[str, int] = {}
        self._before: dict[str, int] = {}
        for position, task in enumerate(plan.tasks):
            self._bits[task.id] = 1 << position
            before = 0
            for other in task.depends_on:
                before |= self._before[other] | self._bits[other]
            self._before[task.id] = before

    def is_before(self, earlier: str, later: str) -> bool:
        """Whether the task `later` cannot begin before `earlier` has ended."""
        return bool(self._before[later] & self._bits[earlier])
