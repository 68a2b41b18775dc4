"""Our own words: the one summary line, errors with their hint, numbers with their unit."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from buildopt.cli.signs import WRITTEN_OUT
from buildopt.phrases import miss_phrase, not_stored_phrase
from buildopt.quantities import counted, duration

if TYPE_CHECKING:
    from buildopt.events import RunFinished
    from buildopt.model import MissReason, NotStored


def tell(line: str) -> None:
    """One line of ours on stderr; nobody hears it where that is closed or full."""
    if sys.stderr is None:
        return
    encoding = sys.stderr.encoding or "ascii"
    line = line.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    with contextlib.suppress(OSError):
        sys.stderr.write(as_told(line).decode(encoding))
        sys.stderr.flush()


def as_told(line: str) -> bytes:
    """The bytes by which `tell` tells a line."""
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    return line.encode(encoding, WRITTEN_OUT) + "\n".encode(encoding)


def tell_error(message: str, hint: str, slug: str) -> None:
    """What happened and what to do."""
    tell(f"buildopt: {message}")
    end = "" if hint.endswith("?") else "."
    tell(f"hint: {hint}{end} See docs/messages.md#{slug}")


def tell_note(message: str, slug: str) -> None:
    """What may be a mistake and stops nothing, in one line."""
    tell(f"buildopt: {message}. See docs/messages.md#{slug}")


def summary(result: RunFinished) -> str:
    """The one line after a run: result, time, time saved, reason."""
    took = duration(result.duration_s)
    if result.outcome == "executed":
        why = f", {miss_words(result.miss_reasons)}" if result.miss_reasons else ""
        kept = "stored" if result.stored else f"not stored: {not_stored_words(result.not_stored)}"
        return f"buildopt: executed in {took}{steps_words(result)}{why}; {kept}"
    return f"buildopt: {result.outcome} in {took}{saved_words(result.time_saved_s)}"


def saved_words(saved_s: float) -> str:
    """`, saved 2.41 s`, or nothing where nothing was saved."""
    return f", saved {duration(saved_s)}" if saved_s > 0.0005 else ""


def steps_words(result: RunFinished) -> str:
    """`, 2 of 3 steps answered, saved 2.41 s`, or nothing where none was."""
    hits = sum(1 for step in result.tasks if step.outcome != "executed")
    if not hits:
        return ""
    count = counted(len(result.tasks), "step" if result.command else "task")
    return f", {hits:,} of {count} answered{saved_words(result.time_saved_s)}"


def miss_words(reasons: tuple[MissReason, ...]) -> str:
    """The first reason as words, and how many more there are."""
    if not reasons:
        return "no reason known"
    words = miss_phrase(reasons[0]).text
    more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return words[0].lower() + words[1:] + more


def not_stored_words(reasons: tuple[NotStored, ...]) -> str:
    """The first reason as words."""
    return not_stored_phrase(reasons[0]).text if reasons else "no reason known"
