"""Verdicts on what this call consists of: versions, settings, clock, terminal."""

from __future__ import annotations

import codecs
import time

from buildopt.doctor.check import Check, ok, problem, unknown, warning
from buildopt.doctor.facts import Folder, Surroundings, Terminal, Trouble
from buildopt.quantities import duration, moment

MOST_SKEW_S = 2.0
"""FAT keeps times in steps of two seconds; what differs more has another clock."""
FIRST_YEAR = 2024
"""The first release is later: a clock that tells an earlier year was never set."""


def judge_versions(around: Surroundings) -> tuple[Check, ...]:
    """Ours and Python's."""
    machine = around.machine
    return (
        ok("buildopt", f"{machine.buildopt_version} ({machine.buildopt_folder})"),
        ok("python", f"{machine.python_version} ({machine.python_program})"),
    )


def judge_settings(around: Surroundings) -> tuple[Check, ...]:
    """The files and variables that say something; never their values."""
    chosen = around.settings
    if isinstance(chosen, Trouble):
        return (problem("settings", chosen.message, mend=chosen.hint),)
    said = [*chosen.files, *chosen.variables]
    return (ok("settings", ", ".join(said) if said else "none: the defaults hold"),)


def judge_clock(around: Surroundings) -> tuple[Check, ...]:
    """Our clock against the calendar and against that of the file systems."""
    now = moment(int(around.now_s * 1e9))
    if time.gmtime(around.now_s).tm_year < FIRST_YEAR:
        return (problem("clock", f"it is never {now}", mend="set the clock of this machine"),)
    skews = [
        folder.ahead_s
        for folder in (around.cache, around.state)
        if isinstance(folder, Folder) and folder.ahead_s is not None
    ]
    if not skews:
        mend = "see `cache-folder` and `state-folder`"
        return (unknown("clock", f"{now}; no file could be made to compare with", mend=mend),)
    ahead_s = max(skews, key=abs)
    if abs(ahead_s) > MOST_SKEW_S:
        side = "ahead of" if ahead_s > 0 else "behind"
        found = f"{now}; a file's time is {duration(abs(ahead_s))} {side} it"
        mend = "let this machine and the file server take their time from one source (NTP)"
        return (warning("clock", found, mend=mend),)
    return (ok("clock", f"{now}, as the file system"),)


def judge_terminal(around: Surroundings) -> tuple[Check, ...]:
    """Where our words go; the command's own bytes are never changed."""
    terminal = around.terminal
    return (_terminal(terminal), ok("colours", has_colours(terminal)[1]), _encoding(terminal))


def has_colours(terminal: Terminal) -> tuple[bool, str]:
    """Whether to colour our words, and why."""
    if terminal.no_color:
        return False, "no, since NO_COLOR is set"
    if terminal.force_color:
        return True, "yes, since FORCE_COLOR is set"
    if not terminal.is_terminal:
        return False, "no, since stdout is no terminal"
    if terminal.term in ("", "dumb"):
        return False, "no, since the terminal is not told to have any"
    return True, "yes"


def is_utf8(encoding: str) -> bool:
    """Whether our words may hold more than ASCII."""
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def _terminal(terminal: Terminal) -> Check:
    if not terminal.is_terminal:
        return ok("terminal", "stdout is no terminal")
    found = f"{terminal.term or 'TERM is not set'}, {terminal.columns} columns"
    if terminal.term in ("", "dumb"):
        return warning(
            "terminal", found, mend="set TERM to what your terminal is, as in TERM=xterm-256color"
        )
    return ok("terminal", found)


def _encoding(terminal: Terminal) -> Check:
    if is_utf8(terminal.encoding):
        return ok("encoding", terminal.encoding)
    found = f"{terminal.encoding}: other characters than ASCII are written out"
    return warning("encoding", found, mend="set LC_ALL=C.UTF-8, and no PYTHONIOENCODING")
