"""What is known of the last round until the next one: what it read and made, and when it ended."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from buildopt.model import Observation
from buildopt.watch.round_process import RoundEnd
from buildopt.watch.wanted import Inputs, inputs_of


class LastRound(NamedTuple):
    """Before the first one: nothing."""

    inputs: Inputs = Inputs()
    made: frozenset[str] = frozenset()
    unknown: bool = False
    """Whether there is a task of which nothing was seen."""
    task: str = ""
    since: str = ""
    """The time of day."""

    def after(self, end: RoundEnd, root: str) -> LastRound:
        """What is known when a round has ended; one that could not begin has read nothing new."""
        inputs, task = self.inputs, self.task
        if end.result is not None:
            rows = [Observation(kind, subject, "") for kind, subject in end.rows]  # type: ignore[arg-type]  # as they were told
            inputs, task = inputs_of(rows, root), end.result["task"]
        inputs = inputs._replace(subjects=inputs.subjects | frozenset(end.consulted))
        return LastRound(inputs, end.made, end.unknown, task, time.strftime("%H:%M"))

    def touched(self, paths: frozenset[str]) -> frozenset[str]:
        """Those of changed paths that it read and did not write."""
        listed = (path for path in paths if os.path.dirname(path) in self.inputs.listed)
        return (paths & self.inputs.subjects | frozenset(listed)) - self.made
