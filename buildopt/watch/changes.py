"""Tells of changed paths: by events where they arrive, else by asking again and again.

Nothing here decides: what is told is a hint to look, and what is not told is found by the check
that the loop makes from time to time.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from threading import Event
from typing import NamedTuple

from watchdog.events import FileSystemEvent

from buildopt.doctor.mounts import NETWORK_TYPES, mount_of
from buildopt.watch.ignores import Ignores
from buildopt.watch.inbox import Inbox
from buildopt.watch.inotify import EVENTS, Handler, PrunedObserver, Tree
from buildopt.watch.polling import REFUSED_INTERVAL_S, Poller
from buildopt.watch.wanted import Inputs, Wanted, own_paths

PROBE_S = 0.5
FLUSH_S = 2.0
"""How long is waited for the event of a file of ours: one that moves away holds others back."""
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
    limit: int = 0
    """How many folders a user may watch, where that is why; else 0."""
    interval_s: float = 0.0
    """How often is asked."""


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
        self._probe = _Probe(root)
        self._reason = "asked" if poll else ""
        self._is_all = False
        self._poller = Poller(inbox)
        self._refused_poller = Poller(inbox, REFUSED_INTERVAL_S)
        self._inode = _inode(root)

    def start(self, inputs: Inputs) -> None:
        """Begin to watch for what these say."""
        self._set_wanted(inputs)
        self._inode = _inode(self._root)
        self._reason = self._reason or _why_silent(self._root)
        if not self._reason:
            self._reason = self._observe()
        self._poller.start()
        self._refused_poller.start()
        self._poll_the_rest()

    def follow(self, inputs: Inputs, *, is_all: bool = False) -> None:
        """Watch for what these say from now on; with `is_all` for all that nobody ignores too."""
        self._set_wanted(inputs)
        self._is_all = is_all
        group = self._observer.group if self._observer else None
        if group is not None:
            group.reconcile()
        self._poll_the_rest()

    def renew_rules(self) -> None:
        """Read the files that say what is ignored anew."""
        self._wanted = Wanted(
            self._root, Ignores(self._root, self._own_folders), self._wanted.inputs
        )
        self.follow(self._wanted.inputs, is_all=self._is_all)
        group = self._observer.group if self._observer else None
        if group is not None:
            group.renew()

    def flush(self) -> None:
        """Let all that has happened until now be told before this returns.

        Where it is asked for, what has changed until now is told by nobody afterwards.
        """
        if self._observer is not None and self._observer.group is not None:
            self._probe.is_answered(FLUSH_S)
        self._poller.forget()
        self._refused_poller.forget()
        self._poll_the_rest()

    def look(self) -> bool:
        """Whether folders were refused that nobody has been told of; they are polled now."""
        if self._tree.has_news:
            self._tree.has_news = False
            self._poll_the_rest()
            return bool(self._tree.refused)
        return False

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
            limit=_limit() if self._tree.is_at_limit() else 0,
            interval_s=(self._poller if self._reason else self._refused_poller).interval_s,
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
        handler = _ProbedHandler(self._inbox, self.may_matter, self._probe)
        observer = None
        try:
            observer = PrunedObserver(self._tree)
            observer.schedule(handler, self._root, recursive=True, event_filter=EVENTS)
            observer.start()
        except OSError as error:
            if observer is not None:
                observer.stop()
            return errno.errorcode.get(error.errno or 0, "EIO")
        if not self._probe.is_answered(PROBE_S):
            observer.stop()
            observer.join()
            return "probe"
        self._observer = observer
        return ""

    def _poll_the_rest(self) -> None:
        """Ask about what no event tells of."""
        inputs = self._wanted.inputs
        if self._reason:
            known = (*inputs.subjects, *inputs.listed, *inputs.outside, self._root)
            self._poller.follow((*known, *self._own_paths()))
            return
        refused = self._tree.all_refused()
        if refused or self._refused_poller.count:
            known = (*inputs.subjects, *inputs.listed, *self._own_paths())
            below = (path for path in known if _is_below(path, refused))
            self._refused_poller.follow((*refused, *below))

    def _own_paths(self) -> Iterator[str]:
        """The whole project, where it may matter."""
        return own_paths(self._root, self._wanted.ignores) if self._is_all else iter(())


class _Probe:
    """A file that is made for a moment, to see whether events arrive, and that earlier ones did."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._name = ""
        self._seen = Event()

    def is_answered(self, timeout_s: float) -> bool:
        """Whether its event came, or nobody may write here and it stays unknown."""
        self._seen.clear()
        self._name = PROBE_NAME + secrets.token_hex(4)
        path = os.path.join(self._root, self._name)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except OSError:
            return True
        try:
            return self._seen.wait(timeout_s)
        finally:
            try:
                os.unlink(path)
            except OSError:
                pass  # the root is gone, or somebody was quicker

    def see(self, name: str) -> None:
        """An event of a probe came."""
        if name == self._name:
            self._seen.set()


class _ProbedHandler(Handler):
    def __init__(self, inbox: Inbox, may_matter: object, probe: _Probe) -> None:
        super().__init__(inbox, may_matter)  # type: ignore[arg-type]  # handed on as it is
        self._probe = probe

    def on_any_event(self, event: FileSystemEvent) -> None:
        name = os.path.basename(os.fsdecode(event.src_path))
        if name.startswith(PROBE_NAME):
            self._probe.see(name)
            return
        super().on_any_event(event)


def _why_silent(root: str) -> str:
    """The kind of file system, where others change files and no event tells."""
    try:
        mount = mount_of(root, os.stat(root).st_dev)
    except OSError:
        return ""
    return mount.kind if mount is not None and mount.kind in NETWORK_TYPES else ""


def _limit() -> int:
    try:
        with open("/proc/sys/fs/inotify/max_user_watches", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


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
