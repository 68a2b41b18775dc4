"""A task of a plan, made ready to be looked up and run."""

from __future__ import annotations

from typing import NamedTuple

from buildopt.model import NotStored, Task
from buildopt.observe.observer import Observer
from buildopt.pipeline import why_unobserved
from buildopt.session import Policy
from buildopt.steps.requests import Interpret
from buildopt.tasks.model import GraphTask

PERSISTENT = NotStored(kind="settings", subject="persistent")


class Work(NamedTuple):
    """All that decides how one task of a call is run."""

    graph: GraphTask
    task: Task
    policy: Policy
    observer: Observer | None
    interpret: Interpret | None = None
    """Makes tasks of the calls of `buildopt run` inside."""
    keeps_seen: bool = False
    """Whether it matters what a run saw that leaves no record."""

    @property
    def unobserved(self) -> NotStored | None:
        """Why it is neither looked up nor watched; None: it is."""
        return (
            PERSISTENT if self.graph.is_persistent else why_unobserved(self.policy, self.observer)
        )
