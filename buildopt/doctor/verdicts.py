"""All verdicts, in the order and under the titles in which they are shown."""

from __future__ import annotations

from collections.abc import Callable

from buildopt.doctor.caller_verdicts import (
    judge_clock,
    judge_settings,
    judge_terminal,
    judge_versions,
)
from buildopt.doctor.check import Check
from buildopt.doctor.facts import Surroundings
from buildopt.doctor.folder_verdicts import judge_folders
from buildopt.doctor.tool_verdicts import judge_tools
from buildopt.doctor.watching_verdicts import judge_kernel, judge_watching

Judge = Callable[[Surroundings], tuple[Check, ...]]

SECTIONS: tuple[tuple[str, tuple[Judge, ...]], ...] = (
    ("Watching commands", (judge_watching, judge_kernel)),
    ("Folders", (judge_folders, judge_clock)),
    ("Tools", (judge_tools,)),
    ("This call", (judge_versions, judge_settings, judge_terminal)),
)
"""To add a check: a fact, a probe that finds it, a judge; a new judge gets its place here."""


def judge(around: Surroundings) -> tuple[tuple[str, tuple[Check, ...]], ...]:
    """The checks of each section."""
    return tuple(
        (title, tuple(check for judge_one in judges for check in judge_one(around)))
        for title, judges in SECTIONS
    )
