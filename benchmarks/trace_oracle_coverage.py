"""Says by what a record covers what a run did: the columns of the second table."""

from __future__ import annotations

import os
from collections.abc import Iterable

from trace_oracle_record import Record
from trace_oracle_seen import Seen, above, resolved

from buildopt.observe.ignored import Place
from buildopt.observe.placement import Placement

COLUMNS = (
    "observed", "output", "ignored", "below absent", "in own folder", "made and gone",
    "temporary", "above project",
)  # fmt: skip
NOT_COVERED = "not covered"


class Coverage:
    """Says by what a record covers what a run did, by the rules of observe/ignored.py.

    `before` is what was there: whatever of it the run read before it wrote it is an input.
    """

    def __init__(
        self, placement: Placement, before: set[str], held: Record, seen: Iterable[Seen]
    ) -> None:
        self._placement = placement
        self._before = before
        self._held = held
        self._made_folders = held.outputs - before
        self._written = {s.path for s in seen if s.kind == "write" and s.outcome == "done"}

    def by_what(self, seen: Seen) -> str:
        """One of the columns of the second table; `not covered` if there is no rule."""
        links, path = resolved(seen.path, follows=seen.follows)
        reasons = [self._of_path(Seen("look", link), link) for link in links]
        reasons.append(self._of_path(seen, path))
        return NOT_COVERED if NOT_COVERED in reasons else reasons[-1]

    def _of_path(self, seen: Seen, path: str) -> str:
        place = self._placement.of(path)
        if place in (Place.HIDDEN, Place.STATE):
            return "ignored"
        if any(folder in self._made_folders for folder in above(path)):
            return "in own folder"
        if self._is_observed(seen, path):
            return "observed"
        if self._is_output(seen, path):
            return "output"
        if any(self._is_obstacle(folder) for folder in above(path)):
            return "below absent"
        is_own = any(each in self._written for each in (path, *above(path)))
        if is_own and not os.path.lexists(path):
            return "made and gone"
        if place is Place.TEMPORARY and (is_own or not os.path.isfile(path)):
            return "temporary"
        if seen.kind == "list" and self._placement.lists_by_membership(path):
            return "above project"
        return NOT_COVERED

    def _is_observed(self, seen: Seen, path: str) -> bool:
        kinds = self._held.kinds.get(path, set())
        if seen.outcome == "vain":
            return "absent" in kinds
        if seen.kind == "list":
            return "listing" in kinds
        if seen.kind in ("read", "execute") and os.path.isfile(path):
            return bool(kinds & {"file", "tool"})
        return bool(kinds if seen.outcome == "failed" else kinds - {"absent"})

    def _is_output(self, seen: Seen, path: str) -> bool:
        """Whether the run made or removed it, and did not depend on what it was before."""
        if seen.outcome == "vain" and seen.kind in ("look", "read"):
            return False
        if seen.kind in ("read", "execute") and seen.outcome == "done" and path in self._before:
            return False
        return path in self._held.outputs or path in self._held.removed

    def _is_obstacle(self, folder: str) -> bool:
        """Whether nothing can be below a path, as the record holds it."""
        return bool(self._held.kinds.get(folder, set()) & {"absent", "file", "tool"})
