"""From what was observed to a footprint, and from clashes to the reasons against a record."""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.model import NotStored, Observation, Observed
from buildopt.steps.hazards import Clash

LOOKS = ("file", "tool", "link", "absent", "directory")
MOST_HAZARDS = 5
"""So many paths tell well enough what two are about."""


def looked_at(observations: Iterable[Observation]) -> frozenset[str]:
    """Paths of which it counts what is there."""
    return frozenset(o.subject for o in observations if o.kind in LOOKS)


def really_looked_at(observed: Observed) -> list[Observation]:
    """What a run observed, but for what it only found to be there."""
    probed = frozenset(observed.probed)
    return [o for o in observed.observations if o.subject not in probed]


def paths_of(clashes: Iterable[Clash]) -> tuple[str, ...]:
    """The paths, each once."""
    return tuple(sorted({clash.path for clash in clashes}))


def reasons_of(paths: Iterable[str]) -> tuple[NotStored, ...]:
    """Why a run that clashes with another over these must not be stored."""
    return tuple(NotStored(kind="hazard", subject=path) for path in list(paths)[:MOST_HAZARDS])
