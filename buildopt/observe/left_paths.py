"""What follows from the paths that a run left as they were, whatever it tried."""

from __future__ import annotations

from buildopt.model import StatSignature
from buildopt.observe.findings import KEPT, Findings
from buildopt.observe.first_touch import FILE, FOLDER, SET_MODE, STAT, TYPE, Touch
from buildopt.observe.ignored import Place
from buildopt.observe.observer import DigestFile
from buildopt.observe.placement import Placement


class LeftPaths:
    """Adds them to the findings."""

    def __init__(self, findings: Findings, placement: Placement, digest: DigestFile) -> None:
        self._findings = findings
        self._placement = placement
        self._digest = digest
        self._folders_needed: set[str] = set()

    def add(self, touch: Touch, now: StatSignature | None) -> None:
        """Sum up one path: whatever was attempted or done was at most a look."""
        if touch.is_disturbed or _is_other(touch, now):
            self._findings.conclusion.changed.append(touch.path)
        if touch.is_attempted:
            touch.did |= STAT
        if touch.place is Place.PLAIN and now is not None:
            if self._findings.is_exempt(touch):
                self._findings.admit(touch.path, now)
                self._findings.spare(touch, KEPT)
                self._need_folder_of(touch.path)
                return
            if touch.did & SET_MODE:
                self._findings.admit(touch.path, now)
        if touch.kind == FILE and touch.did and self._is_state(touch):
            self._depend_on_state(touch)
        else:
            self._findings.depend(touch)

    def add_folders(self) -> None:
        """Depend on the folders of what is given back, once all else is known."""
        conclusion = self._findings.conclusion
        seen = {row.subject for row in conclusion.rows} | conclusion.outputs
        for folder in sorted(self._folders_needed - seen):
            self._findings.observe("directory", folder)

    def _is_state(self, touch: Touch) -> bool:
        return touch.place is Place.STATE and self._placement.is_restored(touch.path)

    def _depend_on_state(self, touch: Touch) -> None:
        """Two equal values: another state of the task's own making holds too, and this comes back.

        See `made_paths`: there a tool's state was changed.
        """
        try:
            value = touch.value or self._digest(touch.path)
        except OSError:
            self._findings.give_up_on(touch.path)
            return
        self._findings.observe("file", touch.path, f"{value}|{value}")

    def _need_folder_of(self, path: str) -> None:
        """What is given back where it is missing needs its folder, unless that comes back too."""
        folder = path.rpartition("/")[0]
        if folder not in self._findings.adoptable and not self._placement.is_root(folder):
            self._folders_needed.add(folder)


def _is_other(touch: Touch, now: StatSignature | None) -> bool:
    """Whether somebody else changed what the run met and left alone."""
    if touch.error:
        return False
    if touch.first is None or now is None:
        return touch.first is not now
    if touch.kind == FOLDER:
        return now.mode & TYPE != FOLDER
    return touch.first != now
