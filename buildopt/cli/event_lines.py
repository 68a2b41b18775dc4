"""One event as one line for people: when it happened, its type, and what matters of it.

What others wrote stays text: a character that would move the cursor, ring or hide something is
shown as its code.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from buildopt.quantities import duration

if TYPE_CHECKING:
    from buildopt.monitor.records import Envelope

ENDED = ("buildopt.run.finished", "buildopt.task.finished")
_BRIEF = 100
"""Characters of plain values; a terminal has 80 to 200 columns."""


def line_of(told: Envelope) -> str:
    """The line of one event."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(told.time / 1e9))
    mark = "" if told.severity == "info" else f"{told.severity}: "
    return printable(f"{when}  {told.type:<26}  {mark}{_words(told)}".rstrip())


def printable(text: str) -> str:
    """The text on one line, with codes in the place of what is no visible character."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _words(told: Envelope) -> str:
    if told.type in ENDED and (ending := _ending(told.data)):
        project = told.source.lstrip("/").partition("/")[2].rpartition("/")[0]
        return f"{told.subject or told.data.get('task', '')}  {ending}  ({project})"
    plain = _brief({k: v for k, v in told.data.items() if v != told.subject})
    return "  ".join(part for part in (told.subject, plain) if part)


def _ending(data: Mapping[str, Any]) -> str:  # Any: JSON
    """`executed in 2.1 s, exit status 1`; empty where the data does not say."""
    outcome, took_s = data.get("outcome"), data.get("duration_s")
    if not isinstance(outcome, str) or not isinstance(took_s, int | float):
        return ""
    words = f"{outcome} in {duration(took_s)}"
    saved_s = data.get("time_saved_s")
    if isinstance(saved_s, int | float) and saved_s > 0:
        words += f", saved {duration(saved_s)}"
    if data.get("signal"):
        return f"{words}, ended by signal {data['signal']}"
    return f"{words}, exit status {data['exit_code']}" if data.get("exit_code") else words


def _brief(data: Mapping[str, Any]) -> str:  # Any: JSON
    """The first plain values of the data."""
    plain = [
        f"{name}={value}" for name, value in data.items() if isinstance(value, str | int | float)
    ]
    return " ".join(plain)[:_BRIEF]
