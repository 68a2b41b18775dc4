"""What follows from all touches of a run, once it has ended.

    path            first state counts as                         output
    left alone      itself: file, link, directory, listing …      no
    ├ own, probed   `absent`, `kept`                              yes: adopted
    changed, made   absent: `own` where it was only probed        yes
    ├ overwritten   nothing                                       yes
    ├ own, probed   `absent`, `own`                               yes
    └ else          itself, digested before the change            yes
    removed         as changed                                    tombstone

An *own* path here is one that an earlier run of this task made. An `absent` holds where nothing
is there, and furthermore, by its value:

    own     where something is there that this task made earlier (of a folder: nothing else in it)
    kept    where what is there is as this record's outputs say
    EACCES  and other names of errors: where looking fails with that error

A path of state whose content the run changed is a `file` with two values, `FOUND|LEFT`, and
holds with either; an empty one means that nothing is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from buildopt.model import NotStoredKind, ObservationKind, StatSignature
from buildopt.observe.first_touch import (
    ATTRIBUTES,
    EXECUTED,
    FILE,
    FOLDER,
    KEPT_MODE,
    LINK,
    LISTED,
    READ,
    SET_MODE,
    STAT,
    TIMED,
    TYPE,
    Touch,
    Touches,
    look,
)
from buildopt.observe.ignored import Place
from buildopt.observe.listing import LETTERS, LISTED_PLACES, OTHER_LETTER, as_text, counted_entries
from buildopt.observe.observer import DigestFile
from buildopt.observe.placement import Placement

EMPTY_DIGEST = "99aa06d3014798d86001c324468d497f"
"""XXH3-128 of no bytes (xxHash's specification)."""
OWN = "own"
KEPT = "kept"


class Row(NamedTuple):
    """An observation to be; a file without a value is digested if it still has its signature."""

    kind: ObservationKind
    subject: str
    value: str
    signature: StatSignature | None = None


@dataclass(slots=True)
class Conclusion:
    """What is to be handed over, in plain values."""

    rows: list[Row] = field(default_factory=list)
    outputs: set[str] = field(default_factory=set)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    probed: list[str] = field(default_factory=list)
    remade: list[str] = field(default_factory=list)
    incomplete: list[tuple[NotStoredKind, str]] = field(default_factory=list)


def conclude(
    touches: Touches, placement: Placement, digest: DigestFile, adoptable: frozenset[str] | None
) -> Conclusion:
    """Sum up; `adoptable` are own outputs of earlier runs, None where nothing is adopted."""
    summing = _Summing(touches, placement, digest, adoptable)
    for touch in list(touches.all.values()):
        if touch.place is not Place.HIDDEN and (touch.did or touch.is_attempted or touch.is_born):
            summing.add(touch)
    summing.add_listings()
    found = summing.conclusion
    found.incomplete += [("incomplete", path) for path in touches.unreadable]
    return found


class _Summing:
    def __init__(
        self,
        touches: Touches,
        placement: Placement,
        digest: DigestFile,
        adoptable: frozenset[str] | None,
    ) -> None:
        self.conclusion = Conclusion()
        self._touches = touches
        self._placement = placement
        self._digest = digest
        self._adoptable = adoptable or frozenset()
        self._is_strict = adoptable is None
        self._listed: list[Touch] = []
        self._exempt: set[str] = set()
        self._folders_needed: set[str] = set()

    def add(self, touch: Touch) -> None:
        now = look(touch.path)[0]
        if touch.did & KEPT_MODE and not touch.did & SET_MODE:
            touch.did |= READ
        if touch.did & ATTRIBUTES and touch.place is Place.PLAIN and touch.first is not None:
            self.conclusion.rows.append(Row("attributes", touch.path, ""))
        if self._is_made(touch, now):
            touch.is_own = True
            self._add_made(touch, now)
        elif not touch.is_born:
            self._add_left(touch, now)

    def add_listings(self) -> None:
        """Listings come last: they leave out all that is an output."""
        seen = {row.subject for row in self.conclusion.rows} | self.conclusion.outputs
        for folder in sorted(self._folders_needed - seen):
            self.conclusion.rows.append(Row("directory", folder, ""))
        outputs, adoptable = self.conclusion.outputs, self._adoptable
        alike = self._left_alike()
        observed = {row.subject for row in self.conclusion.rows}
        made: dict[str, list[str]] = {}
        for path in outputs - observed:
            folder, _, name = path.rpartition("/")
            made.setdefault(folder, []).append(name)
        for touch in self._listed:
            base = touch.path.rstrip("/") + "/"
            letters = {**(touch.listing or {}), **alike.get(touch.path, {})}
            names = [
                name
                for name in letters
                if (path := base + name) not in outputs
                and path not in self._exempt
                and (path not in adoptable or path in observed)
            ]
            self.conclusion.rows.append(Row("listing", touch.path, as_text(letters, names)))
            for name in made.get(touch.path, ()):
                if name not in letters and name not in touch.made_names:
                    self._add_unseen(base + name)
            self._compare_listing(touch, letters)

    def _left_alike(self) -> dict[str, dict[str, str]]:
        """By folder the letters of names that the run made anew just as they were at first.

        They are no outputs, so a listing must have them whether they were there when it was taken.
        """
        gone = self.conclusion.outputs.union(self.conclusion.removed)
        alike: dict[str, dict[str, str]] = {}
        for path, touch in self._touches.all.items():
            if touch.is_own and touch.kind and touch.place in LISTED_PLACES and path not in gone:
                folder, _, name = path.rpartition("/")
                alike.setdefault(folder or "/", {})[name] = LETTERS.get(touch.kind, OTHER_LETTER)
        return alike

    def _add_unseen(self, path: str) -> None:
        """A listing did not show what came to be an output, and leaves it out: so it counts."""
        self.conclusion.rows.append(Row("absent", path, "" if self._is_strict else OWN))

    def _is_made(self, touch: Touch, now: StatSignature | None) -> bool:
        if touch.is_own:
            return True
        if touch.is_attempted:
            return self._touches.has_changed(touch, now)
        above = touch.path.rpartition("/")[0]
        return touch.first is None and now is not None and self._touches.is_own_folder(above)

    def _add_left(self, touch: Touch, now: StatSignature | None) -> None:
        """A path that is as it was: whatever was attempted or done was at most a look."""
        if touch.is_disturbed or _is_other(touch, now):
            self.conclusion.changed.append(touch.path)
        if touch.is_attempted:
            touch.did |= STAT
        if touch.place is Place.PLAIN and now is not None:
            if self._is_exempt(touch):
                self._admit(touch.path, now)
                self._exempted(touch, KEPT)
                self._need_folder_of(touch.path)
                return
            if touch.did & SET_MODE:
                self._admit(touch.path, now)
        self._depend(touch)

    def _need_folder_of(self, path: str) -> None:
        """What is given back where it is missing needs its folder, unless that comes back too."""
        folder = path.rpartition("/")[0]
        if folder not in self._adoptable and not self._placement.is_root(folder):
            self._folders_needed.add(folder)

    def _add_made(self, touch: Touch, now: StatSignature | None) -> None:
        if touch.is_disturbed:
            self.conclusion.changed.append(touch.path)
        if touch.place is Place.STATE:
            self._add_state(touch, now)
            return
        if touch.place is Place.PLAIN:
            self._add_output(touch, now)
        if touch.is_born:
            return
        if touch.place is Place.TEMPORARY:
            if touch.kind == FILE and touch.did & (READ | EXECUTED):
                self._depend(touch)
        elif touch.first is None and not touch.error:
            self._add_absence(touch, now)
        elif self._is_exempt(touch):
            self._exempted(touch, OWN)
        elif touch.did & ~KEPT_MODE:
            self._depend(touch)

    def _add_output(self, touch: Touch, now: StatSignature | None) -> None:
        if now is None:
            if touch.first is not None:
                self.conclusion.removed.append(touch.path)
        elif self._has_same_content(touch, now) and not self._is_exempt(touch):
            self.conclusion.remade.append(touch.path)
        else:
            self._admit(touch.path, now)
            if now.mode & TYPE == FOLDER and not touch.is_born:
                self._admit_below(touch.path)

    def _add_absence(self, touch: Touch, now: StatSignature | None) -> None:
        """Nothing was there. Who merely overwrites need not know, unless no file is left of it."""
        is_other = now is not None and now.mode & TYPE != FILE
        counts = touch.did or is_other if self._is_strict else touch.did & (READ | EXECUTED)
        if counts and not self._is_strict and now is not None and self._came_to_all(touch, now):
            counts = 0
        if now is None or counts:
            self.conclusion.rows.append(Row("absent", touch.path, ""))
        elif touch.did or is_other:
            touch.did |= STAT
            self._exempted(touch, OWN)

    def _came_to_all(self, folder: Touch, now: StatSignature) -> bool:
        """Whether all that was tried below a missing folder was done once the run had made it.

        So do compilers: write a file, in vain, make its folder, write again.
        """
        if now.mode & TYPE != FOLDER:
            return False
        below = folder.path + "/"
        tried = [t for t in self._touches.all.values() if t.path.startswith(below)]
        return all(self._is_made(t, look(t.path)[0]) for t in tried if t.is_attempted)

    def _add_state(self, touch: Touch, now: StatSignature | None) -> None:
        kept = self._placement.is_restored(touch.path)
        if kept and now is not None and now.mode & TYPE == FILE:
            self.conclusion.outputs.add(touch.path)
        if kept and now is None and touch.first is not None:
            self.conclusion.removed.append(touch.path)
        if not touch.did or touch.is_born or touch.kind not in (0, FILE):
            return
        left = ""
        if now is not None and now.mode & TYPE == FILE:
            try:
                left = self._digest(touch.path)
            except OSError:
                self.conclusion.incomplete.append(("incomplete", touch.path))
        self.conclusion.rows.append(Row("file", touch.path, f"{touch.value}|{left}"))

    def _is_exempt(self, touch: Touch) -> bool:
        """Whether an earlier run of this task made it and this one did not read it."""
        if touch.path not in self._adoptable:
            return False
        if touch.kind in (FILE, LINK):
            return not touch.did & (READ | EXECUTED)
        return touch.kind == FOLDER

    def _exempted(self, touch: Touch, value: str) -> None:
        if touch.did:
            self.conclusion.rows.append(Row("absent", touch.path, value))
        self._exempt.add(touch.path)
        if touch.did & LISTED:
            self._listed.append(touch)

    def _depend(self, touch: Touch) -> None:
        """The first state is an input."""
        if touch.place is not Place.PLAIN and touch.kind not in (0, FILE, LINK):
            return
        rows, kind = self.conclusion.rows, touch.kind
        if touch.error == "ENAMETOOLONG":
            return  # the name itself decides, and it is in the command
        if touch.first is None:
            rows.append(Row("absent", touch.path, touch.error))
        elif kind == FILE:
            name: ObservationKind = "tool" if touch.did & EXECUTED else "file"
            value = touch.value
            if not touch.did & (READ | EXECUTED):
                self.conclusion.probed.append(touch.path)
                if touch.did & TIMED:
                    value = f"{EMPTY_DIGEST}+{touch.first.mode & 0o7777:o}@{touch.first.mtime_ns}"
            rows.append(Row(name, touch.path, value, touch.first))
        elif kind == LINK:
            rows.append(Row("link", touch.path, touch.value))
        elif kind == FOLDER:
            rows.append(Row("directory", touch.path, ""))
            if touch.did & LISTED:
                self._listed.append(touch)
        else:
            self.conclusion.incomplete.append(("incomplete", touch.path))

    def _has_same_content(self, touch: Touch, now: StatSignature) -> bool:
        """Whether a change was one of times only, or by another name of the file."""
        if touch.did & SET_MODE or not touch.value or touch.first is None:
            return False
        if touch.first.mode != now.mode:
            return False
        if touch.kind == LINK:
            return _target(touch.path) == touch.value
        try:
            return touch.kind == FILE and self._digest(touch.path) == touch.value
        except OSError:
            return False

    def _admit(self, path: str, now: StatSignature) -> None:
        if now.mode & TYPE in (FILE, FOLDER, LINK):
            self.conclusion.outputs.add(path)
        else:
            self.conclusion.incomplete.append(("incomplete", path))

    def _admit_below(self, folder: str) -> None:
        """Everything in a folder that the run made, also what came there by a rename."""
        for path in _walk(folder):
            place = self._placement.of(path)
            if place is Place.PLAIN or (place is Place.STATE and self._placement.is_restored(path)):
                now = look(path)[0]
                if now is not None:
                    self._admit(path, now)

    def _compare_listing(self, touch: Touch, letters: dict[str, str]) -> None:
        """Find names that came or went without the run's doing."""
        now = look(touch.path)[0]
        if now == touch.first or touch.is_own:
            return
        base = touch.path.rstrip("/") + "/"
        after = counted_entries(self._placement, touch.path)
        for name in letters.keys() ^ after.keys():
            other = self._touches.all.get(base + name)
            if other is None or not (other.is_attempted or other.is_own):
                self.conclusion.changed.append(base + name)


def _is_other(touch: Touch, now: StatSignature | None) -> bool:
    """Whether somebody else changed what the run met and left alone."""
    if touch.error:
        return False
    if touch.first is None or now is None:
        return touch.first is not now
    if touch.kind == FOLDER:
        return now.mode & TYPE != FOLDER
    if touch.kind == LINK:
        return now != touch.first and _target(touch.path) != touch.value
    return touch.first != now


def _walk(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as items:
            below = [(item.path, item.is_dir(follow_symlinks=False)) for item in items]
    except OSError:
        return
    for path, is_folder in below:
        yield path
        if is_folder:
            yield from _walk(path)


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""
