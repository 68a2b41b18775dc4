"""How each component is: looked at when it is due, told as an event when it changes.

    pass   works            warn   works, but less well than it could          fail   does not work

Over all it is as bad as the worst component that is critical; any other lets it warn at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple

from buildopt.monitor.hookspecs import HealthCheck, HealthState

RANK = {"pass": 0, "warn": 1, "fail": 2}
SILENT_S = 30.0
"""A round of checks that lasts longer hangs; each has two seconds."""
NANOSECONDS = 1_000_000_000


class Component(NamedTuple):
    """A check, and whether nothing works without what it looks at."""

    check: HealthCheck
    is_critical: bool = False


class Known(NamedTuple):
    """What a look has shown: since when the status is that, and when it was looked."""

    state: HealthState
    since_ns: int
    looked_ns: int


class Change(NamedTuple):
    """A component has another status than before; `before` is empty at the first look."""

    name: str
    before: str
    state: HealthState


class Health:
    """All components of one monitor."""

    def __init__(
        self,
        components: Iterable[Component],
        tell: Callable[[Change], None],
        *,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tell` hears of each change; a component that works from the start is none."""
        self._components = {component.check.name: component for component in components}
        self._tell = tell
        self._mono_s = mono_s
        self._known: dict[str, Known] = {}
        self._due_s = dict.fromkeys(self._components, 0.0)
        self._looking: tuple[str, float] | None = None
        self._lock = Lock()

    def look(self, now_ns: int) -> float:
        """Look at what is due; in how many seconds the next one is."""
        for name, component in self._components.items():
            if self._due_s[name] > self._mono_s():
                continue
            self._looking = (name, self._mono_s())
            state = _state_of(component.check, now_ns)
            self._looking = None
            self._due_s[name] = self._mono_s() + component.check.interval_s
            self._learn(name, state, now_ns)
        return max(0.0, min(self._due_s.values(), default=SILENT_S) - self._mono_s())

    def report(self) -> dict[str, Any]:  # Any: JSON
        """What `buildopt monitor health --json` prints."""
        with self._lock:
            known = dict(self._known)
        rows = [_row(name, state) for name, state in sorted(known.items())]
        statuses = [
            each.state.status
            if self._components[name].is_critical or each.state.status == "pass"
            else "warn"
            for name, each in known.items()
        ]
        if (looking := self._looking) is not None and self._mono_s() - looking[1] > SILENT_S:
            rows.append(_hanging(looking[0]))
            statuses.append("fail")
        return {"status": max(statuses, key=RANK.__getitem__, default="pass"), "components": rows}

    def _learn(self, name: str, state: HealthState, now_ns: int) -> None:
        before = self._known.get(name)
        is_same = before is not None and before.state.status == state.status
        since_ns = before.since_ns if before is not None and is_same else now_ns
        with self._lock:
            self._known[name] = Known(state, since_ns, now_ns)
        if not is_same and (before is not None or state.status != "pass"):
            self._tell(Change(name, before.state.status if before else "", state))


def _state_of(check: HealthCheck, now_ns: int) -> HealthState:
    try:
        return check.check(now_ns)
    except Exception as error:  # noqa: BLE001  # a plugin's code; what cannot be told is not well
        return HealthState("fail", f"cannot be looked at: {type(error).__name__}: {error}"[:200])


def _row(name: str, known: Known) -> dict[str, Any]:  # Any: JSON
    row = {
        "name": name,
        "status": known.state.status,
        "since": timestamp(known.since_ns),
        "observed": known.state.observed,
        "output": known.state.output,
    }
    return row | {"looked": timestamp(known.looked_ns)}


def _hanging(name: str) -> dict[str, Any]:  # Any: JSON
    output = f"the check of `{name}` has not answered for {SILENT_S:.0f} s"
    return {"name": "health", "status": "fail", "since": "", "observed": None, "output": output}


def timestamp(time_ns: int) -> str:
    """RFC 3339, in UTC."""
    return datetime.fromtimestamp(time_ns / NANOSECONDS, UTC).isoformat(timespec="milliseconds")
