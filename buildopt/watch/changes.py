"""Tells of changed paths: by events where they arrive, else by asking again and again.

Nothing here decides: what is told is a hint to look, and what is not told is found by the check
that the loop makes from time to time.
"""

from __future__ import annotations

import errno
import os
import secrets
from threading import Event
from typing import NamedTuple

from watchdog.events import FileSystemEvent

from buildopt.doctor.mounts import NETWORK_TYPES, mount_of
from buildopt.watch.ignores import Ignores
from buildopt.watch.inbox import Inbox
from buildopt.watch.inotify import EVENTS, Handler, PrunedObserver, Tree
from buildopt.watch.polling import REFUSED_INTERVAL_S, Poller
from buildopt.watch.wanted import Inputs, Wanted

PROBE_S = 0.5
PROBE_NAME = ".buildopt-watch-"


class Coverage(NamedTuple):
    """How a project is watched: for the line at the start, and for messages."""

    watched: int
    """Folders."""
    polled: int
    """Paths that are asked about."""
    refused: int
    """Folders that the system would not watch."""
    reason: str = ""
    """Why events are not used at all: a kind of file system, `probe`, `asked` or an error."""


class Watcher:
    """One project, watched from `start` to `stop`."""

    def __init__(
        self, root: str, inbox: Inbox, own_folders: tuple[str, ...] = (), *, poll: bool = False
    ) -> None:
        self._root = root
        self._inbox = inbox
        self._own_folders = own_folders
        self._wanted = Wanted(root, Ignores(root, own_folders), Inputs())
        self._tree = Tree(self._wanted, inbox)
        self._observer: PrunedObserver | None = None
        self._reason = "asked" if poll else ""
        self._poller = Poller(inbox)
        self._refused_poller = Poller(inbox, REFUSED_INTERVAL_S)
        self._inode = _inode(root)

    def start(self, inputs: Inputs) -> None:
        """Begin to watch for what these say."""
        self._set_wanted(inputs)
        self._reason = self._reason or _why_silent(self._root)
        if not self._reason:
            self._reason = self._observe()
        self._poller.start()
        self._refused_poller.start()
        self._poll_the_rest()

    def follow(self, inputs: Inputs) -> None:
        """Watch for what these say from now on."""
        self._set_wanted(inputs)
        group = self._observer.group if self._observer else None
        if group is not None:
            group.reconcile()
        self._poll_the_rest()

    def renew_rules(self) -> None:
        """Read the files that say what is ignored anew."""
        self._wanted = Wanted(
            self._root, Ignores(self._root, self._own_folders), self._wanted.inputs
        )
        self.follow(self._wanted.inputs)

    def check_root(self) -> bool:
        """Whether the root is there; where it was made anew it is watched again."""
        now = _inode(self._root)
        if now == self._inode and (self._observer is None or self._observer.group is not None):
            return now is not None
        self._inode = now
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
        if now is None:
            return False
        if not self._reason:
            self._reason = self._observe()
            self._poll_the_rest()
        self._inbox.rescan()
        return True

    def coverage(self) -> Coverage:
        """How much is watched and how."""
        group = self._observer.group if self._observer else None
        return Coverage(
            watched=len(group.watched()) if group else 0,
            polled=self._poller.count + self._refused_poller.count,
            refused=len(self._tree.refused),
            reason=self._reason,
        )

    def stop(self) -> None:
        """End all threads."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        self._poller.stop()
        self._refused_poller.stop()

    def may_matter(self, path: str) -> bool:
        """Whether a change of this path is worth a look."""
        return self._wanted.may_matter(path)

    def _set_wanted(self, inputs: Inputs) -> None:
        self._wanted = Wanted(self._root, self._wanted.ignores, inputs)
        self._tree.wanted = self._wanted

    def _observe(self) -> str:
        """Start to listen to events; why that cannot be, if so."""
        probe = _Probe(os.path.join(self._root, PROBE_NAME + secrets.token_hex(4)))
        handler = _ProbedHandler(self._inbox, self.may_matter, probe)
        try:
            observer = PrunedObserver(self._tree)
            observer.schedule(handler, self._root, recursive=True, event_filter=EVENTS)
            observer.start()
        except OSError as error:
            return errno.errorcode.get(error.errno or 0, "EIO")
        if not probe.is_answered():
            observer.stop()
            observer.join()
            return "probe"
        self._observer = observer
        return ""

    def _poll_the_rest(self) -> None:
        """Ask about what no event tells of."""
        inputs = self._wanted.inputs
        if self._reason:
            self._poller.follow((*inputs.subjects, *inputs.listed, *inputs.outside, self._root))
            return
        refused = frozenset(self._tree.refused)
        if refused:
            known = (*inputs.subjects, *inputs.listed)
            below = (path for path in known if _is_below(path, refused))
            self._refused_poller.follow((*refused, *below))


class _Probe:
    """A file that is made for a moment, to see whether events arrive."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.seen = Event()

    def is_answered(self) -> bool:
        """Whether an event came, or nobody may write here and it stays unknown."""
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except OSError:
            return True
        try:
            return self.seen.wait(PROBE_S)
        finally:
            os.unlink(self.path)


class _ProbedHandler(Handler):
    def __init__(self, inbox: Inbox, may_matter: object, probe: _Probe) -> None:
        super().__init__(inbox, may_matter)  # type: ignore[arg-type]  # handed on as it is
        self._probe = probe

    def on_any_event(self, event: FileSystemEvent) -> None:
        if os.path.basename(os.fsdecode(event.src_path)).startswith(PROBE_NAME):
            self._probe.seen.set()
            return
        super().on_any_event(event)


def _why_silent(root: str) -> str:
    """The kind of file system, where others change files and no event tells."""
    try:
        mount = mount_of(root, os.stat(root).st_dev)
    except OSError:
        return ""
    return mount.kind if mount is not None and mount.kind in NETWORK_TYPES else ""


def _inode(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_below(path: str, folders: frozenset[str]) -> bool:
    while path != "/":
        if path in folders:
            return True
        path = os.path.dirname(path)
    return False
