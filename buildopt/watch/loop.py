"""What happens when something changed: the state machine of `buildopt watch`, without effects.

    idle ──changes──> settling ──quiet──> checking ──nothing differs──> idle
                                             │ something does
                                             v
              queued <──changes────────── running ──ended──> checking, or idle
                 └──ended──> settling

With `restart` changes during a run stop it, and another run follows; with `ignore` what differs
when a run ends is taken as it is. A run that changes its own inputs three times in a row pauses
the loop, until somebody asks for a run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from buildopt.watch.inbox import Changes
from buildopt.watch.settling import Settling

OnChange = Literal["queue", "restart", "ignore"]
Phase = Literal["idle", "settling", "checking", "running", "stopping", "paused"]
MOST_SELF_CAUSED = 3
"""Runs in a row of which nothing but the run before was the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Where the loop stands. `advance` makes the next one."""

    phase: Phase = "idle"
    settling: Settling | None = None
    """What has changed, while it is not looked at yet: in `settling`, and waiting in `running`."""
    self_caused: int = 0
    culprits: frozenset[str] = frozenset()
    """Why it is paused: what the runs changed for themselves; empty where somebody wished it."""
    is_due: bool = False
    """One more run follows whatever the check says: this one was stopped, or another asked for."""
    is_accepting: bool = False
    """The check says what is taken as it is, and starts nothing."""
    is_hasty: bool = False
    """The check did not wait for quiet: where it finds something, another one does."""
    is_pausing: bool = False
    """Somebody wishes a pause when the run has ended."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Paths were told to have changed."""

    changes: Changes


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""

    is_locked: bool = False
    """Whether git is at work."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The inputs were compared with the last run."""

    differing: frozenset[str]
    """Subjects that are not as that run met or left them; nothing else makes a run."""
    by_run: frozenset[str] = frozenset()
    """Those of them that the run itself wrote."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over, and so is everything that it had started."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wants a run now, whatever has changed."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Somebody wants no runs for now, or wants them again."""


Happening = Changed | Tick | Checked | Ended | Asked | Pause
Order = Literal["check", "accept", "start", "stop", "tell-paused"]
"""What the loop wants to be done next; its end is told by `Checked` or `Ended`.

`accept` is a check too, after which what differs counts as seen.
"""


def advance(
    loop: Loop, happening: Happening, now_s: float, on_change: OnChange = "queue"
) -> tuple[Loop, Order | None]:
    """The loop after something happened, and what is to be done about it."""
    match happening:
        case Changed(changes):
            return _changed(loop, changes, now_s, on_change)
        case Tick(is_locked):
            return _ticked(loop, now_s, is_locked=is_locked)
        case Checked():
            return _checked(loop, happening, now_s)
        case Ended():
            return _ended(loop, now_s, on_change)
        case Asked():
            return _asked(loop, now_s)
        case Pause():
            return _paused(loop)
        case _:
            assert_never(happening)


def due_s(loop: Loop, *, is_locked: bool = False) -> float | None:
    """The moment at which a `Tick` changes something; None: not before something else happens."""
    if loop.phase != "settling" or loop.settling is None:
        return None
    return loop.settling.due_s(is_locked=is_locked)


def _changed(
    loop: Loop, changes: Changes, now_s: float, on_change: OnChange
) -> tuple[Loop, Order | None]:
    if loop.phase == "paused" or not changes:
        return loop, None
    if loop.phase == "running" and on_change == "ignore":
        return loop, None
    known = loop.settling
    settling = known.with_more(changes, now_s) if known else Settling(changes, now_s, now_s)
    if loop.phase == "running" and on_change == "restart":
        return replace(loop, settling=settling), "check"
    phase: Phase = "settling" if loop.phase == "idle" else loop.phase
    return replace(loop, phase=phase, settling=settling), None


def _ticked(loop: Loop, now_s: float, *, is_locked: bool) -> tuple[Loop, Order | None]:
    due = due_s(loop, is_locked=is_locked)
    if due is None or now_s < due:
        return loop, None
    return replace(loop, phase="checking", settling=None), "check"


def _checked(loop: Loop, checked: Checked, now_s: float) -> tuple[Loop, Order | None]:
    if loop.phase == "running":  # a check beside the run: is it still about what is there?
        if checked.differing - checked.by_run:
            return replace(loop, phase="stopping", is_due=True), "stop"
        return loop, None
    if loop.phase != "checking":
        return loop, None
    if loop.is_accepting or not (checked.differing or loop.is_due):
        return _rest(replace(loop, self_caused=0, is_accepting=False, is_hasty=False)), None
    if loop.is_hasty:
        settling = loop.settling or Settling(Changes(checked.differing), now_s, now_s)
        return replace(loop, phase="settling", settling=settling, is_hasty=False), None
    is_self_caused = bool(checked.differing) and checked.differing <= checked.by_run
    count = loop.self_caused + 1 if is_self_caused else 0
    if count >= MOST_SELF_CAUSED:
        paused = replace(loop, phase="paused", settling=None, self_caused=0)
        return replace(paused, culprits=checked.differing), "tell-paused"
    return replace(loop, phase="running", self_caused=count, is_due=False), "start"


def _ended(loop: Loop, now_s: float, on_change: OnChange) -> tuple[Loop, Order | None]:
    if loop.phase not in ("running", "stopping"):
        return loop, None
    if loop.is_pausing:
        return replace(loop, phase="paused", settling=None, is_pausing=False), "tell-paused"
    if loop.settling is not None:
        settling = loop.settling.with_more(Changes(), now_s)
        return replace(loop, phase="settling", settling=settling), None
    if on_change == "ignore":
        return replace(loop, phase="checking", is_accepting=True), "accept"
    return replace(loop, phase="checking", is_hasty=True), "check"


def _asked(loop: Loop, now_s: float) -> tuple[Loop, Order | None]:
    if loop.phase in ("running", "stopping"):
        settling = loop.settling or Settling(Changes(is_rescan=True), now_s, now_s)
        return replace(loop, settling=settling, is_due=True, is_pausing=False), None
    return Loop(phase="running"), "start"


def _paused(loop: Loop) -> tuple[Loop, Order | None]:
    if loop.phase == "paused":
        return replace(loop, phase="checking", culprits=frozenset(), is_hasty=True), "check"
    if loop.phase in ("running", "stopping"):
        return replace(loop, is_pausing=not loop.is_pausing), None
    kept = replace(loop, settling=None, is_accepting=False, is_hasty=False)
    return replace(kept, phase="paused"), "tell-paused"


def _rest(loop: Loop) -> Loop:
    return replace(loop, phase="settling" if loop.settling else "idle")
