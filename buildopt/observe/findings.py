"""What a run comes to, as it is put together path by path.

An *own* path here is one that an earlier run of this task made. An `absent` holds where nothing
is there, and furthermore, by its value:

    own     where something is there that this task made earlier (of a folder: nothing else in it)
    kept    where what is there is as this record's outputs say
    EACCES  and other names of errors: where looking fails with that error
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from buildopt.model import PRESENT, NotStoredKind, ObservationKind, StatSignature
from buildopt.observe.first_touch import (
    EXECUTED,
    FILE,
    FOLDER,
    KIND,
    LINK,
    LISTED,
    READ,
    TIMED,
    TYPE,
    Touch,
)
from buildopt.observe.ignored import Place
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


class Findings:
    """Puts a conclusion together; `adoptable` are own outputs, None where nothing is adopted.

    `mixed` are own folders that held something of others as the run began.
    `listed` are the folders whose listings count, and `exempt` the paths that they leave out.
    """

    def __init__(
        self, adoptable: frozenset[str] | None, mixed: frozenset[str], placement: Placement
    ) -> None:
        self._placement = placement
        self.conclusion = Conclusion()
        self.adoptable = adoptable or frozenset()
        self.mixed = mixed
        self.is_strict = adoptable is None
        self.listed: list[Touch] = []
        self.exempt: set[str] = set()

    def observe(self, kind: ObservationKind, subject: str, value: str = "") -> None:
        """Add an observation."""
        self.conclusion.rows.append(Row(kind, subject, value))

    def give_up_on(self, path: str) -> None:
        """Have the run not stored, for what cannot be said of a path."""
        self.conclusion.incomplete.append(("incomplete", path))

    def admit(self, path: str, now: StatSignature) -> None:
        """Add an output, if a record can hold such a thing."""
        if now.mode & TYPE in (FILE, FOLDER, LINK):
            self.conclusion.outputs.add(path)
        else:
            self.give_up_on(path)

    def is_exempt(self, touch: Touch) -> bool:
        """Whether an earlier run of this task made it and this one did not read it."""
        if touch.path not in self.adoptable:
            return False
        if touch.kind in (FILE, LINK):
            return not touch.did & (READ | EXECUTED)
        return touch.kind == FOLDER

    def spare(self, touch: Touch, value: str) -> None:
        """Have a path count by an `absent` of that value, not by what it was."""
        if touch.did:
            self.observe("absent", touch.path, value)
        self.exempt.add(touch.path)
        if touch.did & LISTED:
            self.listed.append(touch)

    def depend(self, touch: Touch) -> None:
        """Have the first state of a path be an input."""
        if touch.kind not in (0, FILE, LINK) and not _counts_as_place(touch):
            return
        if touch.error == "ENAMETOOLONG":
            return  # the name itself decides, and it is in the command
        if touch.first is None:
            self.observe("absent", touch.path, touch.error)
        elif touch.kind == FILE:
            self._depend_on_file(touch, touch.first)
        elif touch.kind == LINK:
            self.observe("link", touch.path, touch.value)
        elif touch.kind == FOLDER:
            self.observe("directory", touch.path, self._mode_of(touch.path, touch.first))
            if touch.did & LISTED:
                self.listed.append(touch)
        else:
            self.give_up_on(touch.path)

    def depend_on_mode(self, touch: Touch) -> None:
        """Have a file count by its permission bits, which it kept when it was overwritten."""
        assert touch.first is not None
        self.conclusion.probed.append(touch.path)
        value = f"{PRESENT}+{touch.first.mode & 0o7777:o}"
        self.conclusion.rows.append(Row("file", touch.path, value, touch.first))

    def _mode_of(self, folder: str, first: StatSignature) -> str:
        """The permission bits of a folder where they count: in the project.

        Elsewhere a folder is there or not, so that a record holds on another machine.
        """
        return f"{first.mode & 0o7777:o}" if self._placement.is_inside(folder) else ""

    def _depend_on_file(self, touch: Touch, first: StatSignature) -> None:
        kind: ObservationKind = "tool" if touch.did & EXECUTED else "file"
        value = touch.value
        if not touch.did & (READ | EXECUTED):
            self.conclusion.probed.append(touch.path)
            if touch.did & TIMED:
                value = f"{EMPTY_DIGEST}+{first.mode & 0o7777:o}@{first.mtime_ns}"
            elif touch.did == KIND:
                value = PRESENT
        self.conclusion.rows.append(Row(kind, touch.path, value, first))


def _counts_as_place(touch: Touch) -> bool:
    """Whether a folder, or what is no file, counts by being there.

    In the temporary folder it does where it was merely looked at. What was to be made there may
    have been left by any earlier run.
    """
    if touch.place is Place.TEMPORARY:
        return not touch.is_attempted
    return touch.place is Place.PLAIN
