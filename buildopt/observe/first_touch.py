"""What each path was when the run first met it, and what the run did with it.

    unseen ──note──> first state taken ──mutate──> attempted ──a look shows a change──> own

An attempt counts only once a later look shows that something changed: a mutation that failed
must neither make an output nor hide what is read afterwards. What is *own*, and whatever lies
in an own folder, is the run's own making and never an input again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from buildopt.model import StatSignature, signature_of
from buildopt.observe.ignored import Place
from buildopt.observe.observer import DigestFile
from buildopt.observe.placement import Placement

STAT = 1
"""Probed: what kind of thing is there, or its name was shown, or it was removed."""
READ = 2
"""Its content was read, of a link its target; or tried to, where nothing is there."""
EXECUTED = 4
LISTED = 8
CREATED = 16
"""Was to be made where nothing is, by mkdir, O_EXCL, link, symlink: fails where something is."""
SET_MODE = 32
"""Its permission bits were set, and so are an output whatever they were."""

KEPT_MODE = 64
"""Was to be overwritten while its permission bits were not those of a new file: it keeps them,
unless they are set as well, and so the file that was there counts."""
ATTRIBUTES = 128
"""Its extended attributes were asked for, and there were none that count."""
TIMED = 256
"""An empty file that a tool asked for which goes by times: a stamp, whose time is all it tells."""
KIND = 512
"""It only mattered what kind of thing a file is: it stood in the way of a path, or a program
looked at it that asks no more (askers.py)."""

CONTENT = STAT | READ | EXECUTED | CREATED | KEPT_MODE
"""Whatever makes the first state count; a mere overwriting does not."""
TYPE = 0o170000
FOLDER = 0o040000
FILE = 0o100000
LINK = 0o120000

Granularity = Callable[[int, str], int]
"""Nanoseconds within which two changes of a file on a device (and path) may look alike."""


class Touch:
    """One path: its first state and what was done with it since."""

    __slots__ = (
        "did", "error", "first", "is_attempted", "is_born", "is_disturbed", "is_own", "is_racy",
        "listed_as", "listing", "made_names", "path", "place", "value",
    )  # fmt: skip

    def __init__(self, path: str, place: Place) -> None:
        self.path = path
        self.place = place
        self.first: StatSignature | None = None
        """None: nothing was there, or `error` says why it could not be seen."""
        self.error = ""
        """Name of an error other than ENOENT, such as `EACCES`."""
        self.did = 0
        self.value = ""
        """Digest of a file, where it had to be taken at once; target of a link."""
        self.listing: dict[str, str] | None = None
        """Names and type letters that the run did not make, when the folder was first listed."""
        self.listed_as: StatSignature | None = None
        """What the folder was when it was listed last."""
        self.made_names: frozenset[str] = frozenset()
        """Names in it that were the run's own by then."""
        self.is_attempted = False
        self.is_own = False
        self.is_born = False
        """Lay in an own folder when it was first met, so that its first state says nothing."""
        self.is_disturbed = False
        """Somebody else changed it between two looks, or a look and a change by the run."""
        self.is_racy = False

    @property
    def kind(self) -> int:
        """File type bits of the first state; 0 where nothing was."""
        return self.first.mode & TYPE if self.first is not None else 0


class Touches:
    """All touched paths of one run, by resolved path."""

    def __init__(
        self,
        placement: Placement,
        digest: DigestFile,
        granularity: Granularity,
        spared: frozenset[str],
    ) -> None:
        """`spared` are paths whose content counts only where it is read, or executed."""
        self.all: dict[str, Touch] = {}
        self.unreadable: list[str] = []
        """Paths whose content should have been digested and could not be."""
        self.moved: list[str] = []
        """New names in the temporary folder of things whose content was not looked at."""
        self.moved_here: set[str] = set()
        """Where folders were to be moved to: what lies in them may have been met elsewhere."""
        self.given_away: set[str] = set()
        """Paths whose owner was to be changed."""
        self._placement = placement
        self._digest = digest
        self._granularity = granularity
        self._spared = spared
        self._grains_ns: dict[int, int] = {}
        self._names_of: dict[tuple[int, int], list[Touch]] = {}

    def note(self, path: str, did: int) -> Touch:
        """Take note that the run does `did` with `path`, before it happens."""
        touch = self.all.get(path)
        if touch is None:
            touch = self._meet(path)
        elif did & ~touch.did or touch.is_attempted:
            self._refresh(touch)
        if not touch.is_own:
            touch.did |= did if touch.kind == FILE or not did & KIND else did | STAT
        elif self.moved and did & (READ | EXECUTED) and self._is_moved(path):
            self.unreadable.append(path)
        elif touch.is_born and not touch.is_attempted:
            touch.did |= did
        return touch

    def attempt(self, path: str, did: int) -> Touch:
        """Take note that the run is about to change, make or remove `path`.

        What is to be made depends on its folder, whose absence no later mkdir makes up for. What
        an earlier listing showed is an input.
        """
        touch = self.note(path, did)
        if touch.place is Place.HIDDEN:
            return touch
        if touch.did & KIND:
            touch.did |= STAT
        folder = self.note(path.rpartition("/")[0] or "/", STAT)
        if folder.first is None and not folder.is_own:
            folder.did |= READ
        if not touch.is_own:
            if folder.did & LISTED and not folder.is_own:
                touch.did |= STAT
            self.snapshot(touch)
        self._attempt_names(touch)
        touch.is_attempted = True
        return touch

    def _is_moved(self, path: str) -> bool:
        """Whether it is a file, not a folder that is opened, in something that was moved."""
        if not any(path == top or path.startswith(top + "/") for top in self.moved):
            return False
        now = look(path)[0]
        return now is not None and now.mode & TYPE != FOLDER

    def snapshot(self, touch: Touch) -> None:
        """Digest a file whose content counts, while it is still there."""
        if touch.value or touch.kind != FILE or not touch.did & CONTENT:
            return
        if touch.path in self._spared and not touch.did & (READ | EXECUTED):
            return
        if look(touch.path)[0] != touch.first:
            touch.is_disturbed = True
        try:
            touch.value = self._digest(touch.path)
        except OSError:
            self.unreadable.append(touch.path)

    def bind_names(self, touch: Touch) -> None:
        """Take note that the file of `touch` gets another name: a change by that one counts."""
        if touch.first is not None and not touch.is_own:
            names = self._names_of.setdefault((touch.first.device, touch.first.inode), [])
            if touch not in names:
                names.append(touch)

    def is_own_folder(self, folder: str) -> bool:
        """Whether the run itself made `folder`, or one above it."""
        while folder:
            touch = self.all.get(folder)
            if touch is not None:
                if touch.is_attempted and not touch.is_own:
                    self._refresh(touch)
                if touch.is_own:
                    return True
                if touch.kind == FOLDER:
                    return False
            folder = folder.rpartition("/")[0]
        return False

    def is_moved_here(self, path: str) -> bool:
        """Whether a folder above `path` came where it is by a rename."""
        folder = path.rpartition("/")[0] if self.moved_here else ""
        while folder and folder not in self.moved_here:
            folder = folder.rpartition("/")[0]
        return bool(folder)

    def has_changed(self, touch: Touch, now: StatSignature | None) -> bool:
        """Whether `now` is another state than the first one; of folders, whether it is another."""
        first = touch.first
        if first is None or now is None:
            return first is not now
        if touch.kind == FOLDER and now.mode & TYPE == FOLDER:
            return (first.inode, first.device) != (now.inode, now.device)
        if first != now:
            return True
        return touch.is_racy and touch.is_attempted and self._digest_or_none(touch) != touch.value

    def _meet(self, path: str) -> Touch:
        touch = self.all[path] = Touch(path, self._placement.of(path))
        if touch.place is Place.HIDDEN or self.is_own_folder(path.rpartition("/")[0]):
            touch.is_own = touch.is_born = True
            return touch
        first, touch.error, links = look(path)
        touch.first = first
        if first is None:
            return touch
        kind = first.mode & TYPE
        if kind == LINK:
            touch.value = target_of(path)
        elif kind == FILE:
            if links > 1:
                self._names_of.setdefault((first.device, first.inode), []).append(touch)
            self._distrust(touch, first)
        return touch

    def _refresh(self, touch: Touch) -> None:
        """See whether the run has changed `touch` by now, itself or with a folder above it."""
        if touch.is_own:
            return
        if touch.is_attempted:
            touch.is_own = self.has_changed(touch, look(touch.path)[0])
        elif touch.first is None:
            touch.is_own = self.is_own_folder(touch.path.rpartition("/")[0])
            if not touch.is_own and not touch.error and look(touch.path)[0] is not None:
                touch.is_disturbed = True

    def is_by_run(self, path: str) -> bool:
        """Whether the run made or moved what is at `path`, or tried to."""
        touch = self.all.get(path)
        if touch is not None and (touch.is_attempted or (touch.is_own and not touch.is_born)):
            return True
        return self.is_moved_here(path)

    def _distrust(self, touch: Touch, first: StatSignature) -> None:
        """Digest at once what changed so lately that a further change might not show."""
        grain_ns = self._grains_ns.get(first.device)
        if grain_ns is None:
            grain_ns = self._grains_ns[first.device] = self._granularity(first.device, touch.path)
        if grain_ns and max(first.mtime_ns, first.ctime_ns) >= time.time_ns() - grain_ns:
            touch.is_racy = True
            touch.value = self._digest_or_none(touch) or ""

    def _digest_or_none(self, touch: Touch) -> str | None:
        try:
            return self._digest(touch.path)
        except OSError:
            return None

    def _attempt_names(self, touch: Touch) -> None:
        """What happens to a file by one name happens to it by its other names."""
        if not self._names_of:
            return
        now = look(touch.path)[0]
        for other in self._names_of.get((now.device, now.inode), ()) if now else ():
            if other is not touch and not other.is_own:
                other.did |= STAT
                self.snapshot(other)
                other.is_attempted = True


def look(path: str) -> tuple[StatSignature | None, str, int]:
    """What is at `path` (a last link not followed), or the error's name; and its link count."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None, "", 0
    except OSError as error:
        return None, _error_name(error), 0
    return signature_of(status), "", status.st_nlink


def target_of(link: str) -> str:
    """Where a link leads, by its text; empty where that cannot be read."""
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _error_name(error: OSError) -> str:
    import errno

    return errno.errorcode.get(error.errno or 0, "EIO")
