"""One suggestion, and the order of several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from buildopt.quantities import duration

DOMINATING = "dominating-step"
Basis = Literal["measured", "estimated", "bounded", "unknown"]
"""`measured`: so long it took; `bounded`: at most so much, since no more was spent on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What to change, why we think so, and what that gains; names stand in backticks.

    `gain_s` is for one run, or for all within 30 days where `per_days` says so.
    """

    kind: str
    title: str
    evidence: str
    action: str
    gain_s: float | None = None
    basis: Basis = "unknown"
    per_days: int = 0

    @property
    def gain(self) -> str:
        """`at most 1.2 s a run (bounded)`."""
        if self.gain_s is None:
            return "not known"
        mark = {"bounded": "at most ", "estimated": "≈ "}.get(self.basis, "")
        span = f"in {self.per_days} days" if self.per_days else "a run"
        return f"{mark}{duration(self.gain_s)} {span} ({self.basis})"


def ranked(found: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """What was measured before what is only bounded, of each the largest gain first.

    What dominates comes behind all that says what to do, and last what nobody knows the gain of.
    """
    order: dict[Basis, int] = {"measured": 0, "estimated": 0, "bounded": 1, "unknown": 3}
    return tuple(
        sorted(
            found,
            key=lambda each: (
                2 if each.kind == DOMINATING else order[each.basis],
                -(each.gain_s or 0.0),
                each.title,
            ),
        )
    )


def named(name: str) -> str:
    """A name in backticks, which it cannot leave."""
    return f"`{name.replace('`', chr(39))}`"
