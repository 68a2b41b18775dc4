"""Whether a step is worth an answer: one that runs sooner than it is looked up and given back is
simply run.

TASK.worth   two numbers: answers in a row that saved nothing, and runs since the last look-up
"""

from __future__ import annotations

from typing import NamedTuple

from buildopt.cache import files

STRIKES = 4
"""So many answers in a row that saved nothing tell; one alone may have met a busy machine."""
RUNS_UNTIL_RETRY = 20
"""Then a step is looked up once more: what it costs to run or to give back may have changed."""


class Worth(NamedTuple):
    """What is known of one step in one checkout."""

    strikes: int = 0
    runs: int = 0

    @property
    def is_answered(self) -> bool:
        """Whether it is looked up the next time."""
        return self.strikes < STRIKES or self.runs >= RUNS_UNTIL_RETRY

    def after_answer(self, time_saved_s: float) -> Worth:
        """What is known after an answer that saved so much."""
        return Worth() if time_saved_s > 0 else Worth(min(self.strikes + 1, STRIKES))

    def after_run(self) -> Worth:
        """What is known after a run without a look-up."""
        return self._replace(runs=self.runs + 1)


def load(path: str) -> Worth:
    """What is known; nothing where that cannot be read."""
    try:
        strikes, runs = map(int, files.read(path).split())
    except (OSError, ValueError):
        return Worth()
    return Worth(strikes, runs)


def keep(path: str, worth: Worth, before: Worth) -> None:
    """Take note, where something has changed; raises nothing."""
    if worth == before:
        return
    try:
        files.publish(path, b"%d %d" % worth)
    except OSError:
        pass  # then it is found out again
