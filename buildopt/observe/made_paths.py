"""What follows from the paths that a run made, changed or removed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

from buildopt.model import StatSignature
from buildopt.observe.findings import OWN, Findings
from buildopt.observe.first_touch import (
    EXECUTED,
    FILE,
    FOLDER,
    KEPT_MODE,
    LINK,
    READ,
    SET_MODE,
    STAT,
    TYPE,
    Touch,
    Touches,
    look,
    target_of,
)
from buildopt.observe.ignored import Place
from buildopt.observe.observer import DigestFile
from buildopt.observe.placement import Placement


class MadePaths:
    """Adds them to the findings."""

    def __init__(
        self, findings: Findings, touches: Touches, placement: Placement, digest: DigestFile
    ) -> None:
        self._findings = findings
        self._touches = touches
        self._placement = placement
        self._digest = digest
        self._overwritten: list[str] = []

    def has(self, touch: Touch, now: StatSignature | None) -> bool:
        """Whether a path is one of them."""
        if touch.is_attempted:
            return touch.is_own or self._touches.has_changed(touch, now)
        if touch.first is not None or not self._touches.is_moved_here(touch.path):
            return False  # of what others put into a folder of the run nothing is its own
        return now is not None and self._touches.is_own_folder(touch.path.rpartition("/")[0])

    def add(self, touch: Touch, now: StatSignature | None) -> None:
        """Sum up one path: what it is now is an output, and what it was may be an input."""
        if touch.is_disturbed:
            self._findings.conclusion.changed.append(touch.path)
        if touch.place is Place.STATE:
            self._add_state(touch, now)
            return
        if touch.place is Place.PLAIN:
            self._add_output(touch, now)
        if not touch.is_born:
            self._add_input(touch, now)

    def add_foreign(self, touch: Touch, now: StatSignature | None) -> None:
        """Sum up what lies in a folder of the run and is not its own: no output, nor an input
        that could be told of if it was read.
        """
        is_read = touch.did & (READ | EXECUTED) and touch.place is Place.PLAIN
        if is_read and now is not None and now.mode & TYPE != FOLDER:
            self._findings.conclusion.changed.append(touch.path)

    def refuse_shared(self) -> None:
        """Give up on what was changed in place and has a name that is no output.

        That one changed too, and a restore would leave it as it is. Once all outputs are known.
        """
        shared = [(path, look(path)) for path in self._overwritten]
        shared = [(path, found) for path, found in shared if found[2] > 1]
        if not shared:
            return
        outputs = self._findings.conclusion.outputs
        names = Counter(_file_of(look(path)[0]) for path in outputs)
        for path, (now, _, links) in shared:
            if names[_file_of(now)] < links:
                self._findings.give_up_on(path)

    def _add_input(self, touch: Touch, now: StatSignature | None) -> None:
        if touch.place is Place.TEMPORARY:
            if touch.kind == FILE and touch.did & (READ | EXECUTED):
                self._findings.depend(touch)
        elif touch.first is None and not touch.error:
            self._add_absence(touch, now)
        elif self._findings.is_exempt(touch):
            if touch.did & KEPT_MODE and not touch.did & SET_MODE:
                self._findings.depend_on_mode(touch)
            elif touch.path in self._findings.mixed:
                self._findings.depend(touch)
            else:
                self._findings.spare(touch, OWN)
        elif touch.did & ~KEPT_MODE:
            self._findings.depend(touch)

    def _add_output(self, touch: Touch, now: StatSignature | None) -> None:
        if now is None:
            if touch.first is not None:
                self._findings.conclusion.removed.append(touch.path)
        elif self._has_same_content(touch, now) and not self._findings.is_exempt(touch):
            self._findings.conclusion.remade.append(touch.path)
        else:
            is_same_file = _file_of(touch.first) == _file_of(now)
            if is_same_file and touch.kind == FILE:
                self._overwritten.append(touch.path)
            self._admit(touch.path, now, is_new=not is_same_file)
            if now.mode & TYPE == FOLDER and touch.path in self._touches.moved_here:
                self._admit_below(touch.path)

    def _admit(self, path: str, now: StatSignature, *, is_new: bool) -> None:
        if (is_new or path in self._touches.given_away) and _is_of_another(path):
            self._findings.give_up_on(path)
        else:
            self._findings.admit(path, now)

    def _add_absence(self, touch: Touch, now: StatSignature | None) -> None:
        """Nothing was there. Who merely overwrites need not know, unless no file is left of it."""
        is_strict = self._findings.is_strict
        is_other = now is not None and now.mode & TYPE != FILE
        counts = touch.did or is_other if is_strict else touch.did & (READ | EXECUTED)
        if counts and not is_strict and now is not None and self._came_to_all(touch, now):
            counts = 0
        if now is None or counts:
            self._findings.observe("absent", touch.path)
        elif touch.did or is_other:
            touch.did |= STAT
            self._findings.spare(touch, OWN)

    def _came_to_all(self, folder: Touch, now: StatSignature) -> bool:
        """Whether all that was tried below a missing folder was done once the run had made it.

        So do compilers: write a file, in vain, make its folder, write again.
        """
        if now.mode & TYPE != FOLDER:
            return False
        below = folder.path + "/"
        tried = [t for t in self._touches.all.values() if t.path.startswith(below)]
        return all(self.has(t, look(t.path)[0]) for t in tried if t.is_attempted)

    def _add_state(self, touch: Touch, now: StatSignature | None) -> None:
        """A path of state is a `file` with two values, `FOUND|LEFT`, and holds with either.

        An empty one means that nothing is there.
        """
        conclusion = self._findings.conclusion
        kept = self._placement.is_restored(touch.path)
        if kept and now is not None and now.mode & TYPE == FILE:
            conclusion.outputs.add(touch.path)
        if kept and now is None and touch.first is not None:
            conclusion.removed.append(touch.path)
        if not touch.did or touch.is_born or touch.kind not in (0, FILE):
            return
        left = ""
        if now is not None and now.mode & TYPE == FILE:
            try:
                left = self._digest(touch.path)
            except OSError:
                self._findings.give_up_on(touch.path)
        self._findings.observe("file", touch.path, f"{touch.value}|{left}")

    def _has_same_content(self, touch: Touch, now: StatSignature) -> bool:
        """Whether a change was one of times only, or by another name of the file."""
        if touch.did & SET_MODE or not touch.value or touch.first is None:
            return False
        if touch.first.mode != now.mode:
            return False
        if touch.kind == LINK:
            return target_of(touch.path) == touch.value
        try:
            return touch.kind == FILE and self._digest(touch.path) == touch.value
        except OSError:
            return False

    def _admit_below(self, folder: str) -> None:
        """Everything in a folder that came where it is by a rename."""
        for path in _walk(folder):
            place = self._placement.of(path)
            if place is Place.PLAIN or (place is Place.STATE and self._placement.is_restored(path)):
                now = look(path)[0]
                if now is not None:
                    self._admit(path, now, is_new=True)


def _file_of(signature: StatSignature | None) -> tuple[int, int] | None:
    """What is the same for all names of a file."""
    return (signature.device, signature.inode) if signature is not None else None


def _is_of_another(path: str) -> bool:
    """Whether it has an owner that a restore would not give it."""
    try:
        status = os.lstat(path)
        groups = (os.getegid(), os.lstat(os.path.dirname(path)).st_gid)
    except OSError:
        return False
    return status.st_uid != os.geteuid() or status.st_gid not in groups


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
