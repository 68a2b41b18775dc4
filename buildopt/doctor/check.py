"""One row of the examination: what was looked at, what was found, how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "problem", "unknown"]
"""`ok`: nothing to do. `warning`: works, but slower or less of it. `problem`: does not work.
`unknown`: could not be found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was found under a name that stays the same from version to version."""

    name: str
    status: Status
    found: str
    mend: str = ""
    """One line that says what to do; empty only where the status is `ok`."""


def ok(name: str, found: str) -> Check:
    """A check that found nothing to mend."""
    return Check(name=name, status="ok", found=found)


def warning(name: str, found: str, *, mend: str) -> Check:
    """A check that found something which works less well than it could."""
    return Check(name=name, status="warning", found=found, mend=mend)


def problem(name: str, found: str, *, mend: str) -> Check:
    """A check that found something which does not work."""
    return Check(name=name, status="problem", found=found, mend=mend)


def unknown(name: str, found: str, *, mend: str) -> Check:
    """A check that could not find out."""
    return Check(name=name, status="unknown", found=found, mend=mend)


def worst(checks: Iterable[Check]) -> Literal["ok", "warning", "problem"]:
    """The status of all of them together; what is unknown is worth a look, so a warning."""
    statuses = {check.status for check in checks}
    if "problem" in statuses:
        return "problem"
    return "warning" if statuses & {"warning", "unknown"} else "ok"
