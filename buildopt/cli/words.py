"""Our own words: the one summary line, errors with their hint, numbers with their unit."""

from __future__ import annotations

import sys

from buildopt.events import RunFinished
from buildopt.model import MissReason, NotStored

_NOT_STORED = {
    "failed": "it failed",
    "signal": "it was ended by a signal",
    "undeclared": "no inputs are declared; name them with --input, and --output what it makes",
    "input-changed": "`{}` changed while it ran",
    "survivor": "a process of it still runs",
    "network": "it talked to `{}`",
    "stdin": "it may have read its stdin ({}); --no-stdin gives it an empty one",
    "hazard": "`{}` is written by another task too",
    "incomplete": "`{}` cannot be followed",
    "storage": "it cannot be kept: {}",
    "settings": "the {} is switched off",
}
_MISS = {
    "no-record": "first run of this command here",
    "command": "other {} than recorded",
    "environment": "variable `{}` changed",
    "file-changed": "`{}` changed",
    "file-appeared": "`{}` appeared",
    "file-vanished": "`{}` is gone",
    "listing-changed": "`{}` has other entries",
    "link-changed": "link `{}` changed",
    "mode-changed": "mode of `{}` changed",
    "tool-changed": "tool `{}` changed",
    "settings": "recorded for another {}",
    "evicted": "its record was evicted",
    "damaged": "its record is damaged ({})",
    "forced": "forced",
    "format": "recorded by another version",
}


def tell(line: str) -> None:
    """One line of ours on stderr."""
    encoding = sys.stderr.encoding or "ascii"
    sys.stderr.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stderr.flush()


def tell_error(message: str, hint: str, slug: str) -> None:
    """What happened and what to do."""
    tell(f"buildopt: {message}")
    end = "" if hint.endswith("?") else "."
    tell(f"hint: {hint}{end} See docs/messages.md#{slug}")


def summary(result: RunFinished) -> str:
    """The one line after a run: result, time, time saved, reason."""
    took = duration(result.duration_s)
    if result.outcome == "executed":
        why = f", {miss_words(result.miss_reasons)}" if result.miss_reasons else ""
        kept = "stored" if result.stored else f"not stored: {not_stored_words(result.not_stored)}"
        return f"buildopt: executed in {took}{why}; {kept}"
    return f"buildopt: {result.outcome} in {took}{saved_words(result.time_saved_s)}"


def saved_words(saved_s: float) -> str:
    """`, saved 2.41 s`, or nothing where nothing was saved."""
    return f", saved {duration(saved_s)}" if saved_s > 0.0005 else ""


def miss_words(reasons: tuple[MissReason, ...]) -> str:
    """The first reason as words, and how many more there are."""
    if not reasons:
        return "no reason known"
    words = _MISS[reasons[0].kind].format(reasons[0].subject)
    return words + (f" and {len(reasons) - 1} more" if len(reasons) > 1 else "")


def not_stored_words(reasons: tuple[NotStored, ...]) -> str:
    """The first reason as words."""
    return _NOT_STORED[reasons[0].kind].format(reasons[0].subject) if reasons else "no reason"


def duration(seconds: float) -> str:
    """Three significant digits with a unit."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms" if seconds >= 0.001 else f"{seconds * 1000:.1g} ms"
    if seconds < 99.95:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def size(count_bytes: int) -> str:
    """Three significant digits in powers of 1,000."""
    value = float(count_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"
