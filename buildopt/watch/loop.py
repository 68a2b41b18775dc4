"""What happens when something changed: the state machine of `buildopt watch`, without effects.

    idle ──changes──> settling ──quiet──> checking ──nothing differs──> idle
                                             │ something does
                                             v
              queued <──changes────────── running ──ended──> checking, or idle
                 └──ended──> settling

With `restart` changes during a run stop it, and what they changed runs next; with `ignore` they
are looked at by the check after the run only. A run that changes its own inputs three times in
a row pauses the loop, until somebody asks for a run.
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
Order = Literal["check", "start", "stop", "tell-paused"]
"""What the loop wants to be done next; its end is told by `Checked` or `Ended`."""


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
            return _checked(loop, happening)
        case Ended():
            return _ended(loop, now_s)
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


def _checked(loop: Loop, checked: Checked) -> tuple[Loop, Order | None]:
    if loop.phase == "running":  # a check beside the run: is it still about what is there?
        if checked.differing - checked.by_run:
            return replace(loop, phase="stopping"), "stop"
        return loop, None
    if loop.phase != "checking":
        return loop, None
    if not checked.differing:
        return _rest(replace(loop, self_caused=0)), None
    is_self_caused = checked.differing <= checked.by_run
    count = loop.self_caused + 1 if is_self_caused else 0
    if count >= MOST_SELF_CAUSED:
        paused = replace(loop, phase="paused", settling=None, self_caused=0)
        return replace(paused, culprits=checked.differing), "tell-paused"
    return replace(loop, phase="running", self_caused=count), "start"


def _ended(loop: Loop, now_s: float) -> tuple[Loop, Order | None]:
    if loop.phase not in ("running", "stopping"):
        return loop, None
    if loop.settling is not None:
        settling = loop.settling.with_more(Changes(), now_s)
        return replace(loop, phase="settling", settling=settling), None
    return replace(loop, phase="checking"), "check"


def _asked(loop: Loop, now_s: float) -> tuple[Loop, Order | None]:
    if loop.phase in ("running", "stopping"):
        settling = loop.settling or Settling(Changes(is_rescan=True), now_s, now_s)
        return replace(loop, settling=settling), None
    started = replace(loop, phase="running", settling=None, self_caused=0, culprits=frozenset())
    return started, "start"


def _paused(loop: Loop) -> tuple[Loop, Order | None]:
    if loop.phase == "paused":
        return replace(loop, phase="checking", culprits=frozenset()), "check"
    if loop.phase in ("idle", "settling"):
        return replace(loop, phase="paused", settling=None), "tell-paused"
    return loop, None


def _rest(loop: Loop) -> Loop:
    return replace(loop, phase="settling" if loop.settling else "idle")
