"""What follows from the folders that a run listed: the names shown that were not its own.

Listings are summed up last, for they leave out all that is an output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from buildopt.observe.findings import OWN, Findings
from buildopt.observe.first_touch import Touch, Touches, look
from buildopt.observe.listing import LETTERS, LISTED_PLACES, OTHER_LETTER, as_text, counted_entries
from buildopt.observe.placement import Placement


class ShownNames:
    """Adds the listings to the findings."""

    def __init__(self, findings: Findings, touches: Touches, placement: Placement) -> None:
        self._findings = findings
        self._touches = touches
        self._placement = placement

    def add_all(self) -> None:
        """Sum up the listings of all folders that are `listed` in the findings."""
        conclusion = self._findings.conclusion
        alike = self._left_alike()
        observed = frozenset(row.subject for row in conclusion.rows)
        made: dict[str, list[str]] = {}
        for path in conclusion.outputs - observed:
            folder, _, name = path.rpartition("/")
            made.setdefault(folder, []).append(name)
        for touch in self._findings.listed:
            letters = {**(touch.listing or {}), **alike.get(touch.path, {})}
            names = self._counting(touch, letters, observed)
            self._findings.observe("listing", touch.path, as_text(letters, names))
            self._add_unseen(touch, letters, made.get(touch.path, ()))
            self._compare(touch, letters)

    def _left_alike(self) -> dict[str, dict[str, str]]:
        """By folder the letters of names that the run made anew just as they were at first.

        They are no outputs, so a listing must have them whether they were there when it was taken.
        """
        conclusion = self._findings.conclusion
        gone = conclusion.outputs.union(conclusion.removed)
        alike: dict[str, dict[str, str]] = {}
        for path, touch in self._touches.all.items():
            if touch.is_own and touch.kind and touch.place in LISTED_PLACES and path not in gone:
                folder, _, name = path.rpartition("/")
                alike.setdefault(folder or "/", {})[name] = LETTERS.get(touch.kind, OTHER_LETTER)
        return alike

    def _counting(
        self, folder: Touch, letters: Mapping[str, str], observed: frozenset[str]
    ) -> list[str]:
        """The names that are no outputs, neither of this run nor, unlooked at, of earlier ones, nor
        what we wrote about those.
        """
        findings, base = self._findings, _below(folder)
        return [
            name
            for name in letters
            if (path := base + name) not in findings.conclusion.outputs
            and path not in findings.exempt
            and (path in observed or not self._is_left_out(path))
        ]

    def _is_left_out(self, path: str) -> bool:
        return path in self._findings.adoptable or self._placement.is_told(path)

    def _add_unseen(self, folder: Touch, letters: Mapping[str, str], made: Iterable[str]) -> None:
        """A listing did not show what came to be an output, and leaves it out: so it counts."""
        value = "" if self._findings.is_strict else OWN
        for name in made:
            if name not in letters and name not in folder.made_names:
                self._findings.observe("absent", _below(folder) + name, value)

    def _compare(self, folder: Touch, letters: Mapping[str, str]) -> None:
        """Find names that came or went without the run's doing."""
        now = look(folder.path)[0]
        if now == folder.first or folder.is_own:
            return
        after = counted_entries(self._placement, folder.path)
        for name in letters.keys() ^ after.keys():
            path = _below(folder) + name
            other = self._touches.all.get(path)
            if other is None or not (other.is_attempted or other.is_own):
                self._findings.conclusion.changed.append(path)


def _below(folder: Touch) -> str:
    return folder.path.rstrip("/") + "/"
