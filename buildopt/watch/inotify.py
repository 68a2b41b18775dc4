"""watchdog's inotify observer, taught to leave folders alone and to tell what it could not do.

As it comes, it watches every folder below its root, walks all of them anew after its queue ran
over (which fills the queue again), and swallows a watch that the system refuses. What is
overridden here has private names, so the version is pinned and a test holds that they work.
"""

from __future__ import annotations

import errno
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from threading import Lock

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import (
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from buildopt.watch.inbox import Inbox
from buildopt.watch.wanted import Wanted

EVENTS: list[type[FileSystemEvent]] = [
    FileClosedEvent, FileMovedEvent, FileDeletedEvent, FileCreatedEvent, FileAttribEvent,
    DirCreatedEvent, DirDeletedEvent, DirMovedEvent,
]  # fmt: skip
"""No openings, which every reader causes, and no single writes: their end is what counts."""
logging.getLogger("watchdog").addHandler(logging.NullHandler())  # what it logs is told by us
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")

LIMITS = (errno.ENOSPC, errno.EMFILE, errno.ENOMEM)


class Tree:
    """What the watch group and its owner share: which folders are wanted, what was refused."""

    def __init__(self, wanted: Wanted, inbox: Inbox) -> None:
        self.wanted = wanted
        self.inbox = inbox
        self.refused: dict[str, int] = {}
        """Folders that could not be watched, with the error's number."""
        self.has_news = False
        """Whether one has been refused since somebody looked."""
        self._lock = Lock()

    def refuse(self, folder: str, number: int) -> None:
        """A folder that the system would not watch."""
        with self._lock:
            self.has_news = self.has_news or folder not in self.refused
            self.refused[folder] = number

    def accept(self, folder: str) -> None:
        """A folder that is watched now."""
        with self._lock:
            self.has_news = self.refused.pop(folder, None) is not None or self.has_news

    def is_at_limit(self) -> bool:
        """Whether one was refused because there are too many."""
        with self._lock:
            return any(number in LIMITS for number in self.refused.values())

    def all_refused(self) -> frozenset[str]:
        """The folders that are not watched now; such as are gone are forgotten."""
        with self._lock:
            self.refused = {
                path: number for path, number in self.refused.items() if os.path.lexists(path)
            }
            return frozenset(self.refused)


class PrunedGroup(InotifyWatchGroup):
    """The watches below one root, of wanted folders only."""

    def __init__(self, tree: Tree, descriptor: InotifyFD, path: bytes, mask: Mask) -> None:
        self._tree = tree
        super().__init__(descriptor, path, event_mask=mask, is_recursive=True)

    def watched(self) -> frozenset[str]:
        """The folders that are watched now."""
        with self._lock:
            return frozenset(map(os.fsdecode, self._active_callbacks_by_path))

    def reconcile(self) -> None:
        """Watch what became wanted, and no longer what is wanted no more."""
        wanted = self._tree.wanted
        with self._lock:
            gone = [
                watch
                for watch, path in self._active_callbacks_by_watch.items()
                if path != self.path and not wanted.is_wanted(os.fsdecode(path))
            ]
            self._remove_callbacks(gone)
            for folder in sorted(wanted.inputs.folders):
                path = os.fsencode(folder)
                if path not in self._active_callbacks_by_path and os.path.isdir(path):
                    self._add_callback(path)

    def renew(self) -> None:
        """Watch what other rules for what is ignored make wanted."""
        self.reconcile()
        with self._lock:
            self._add_all_callbacks(self.path)

    def on_queue_overflow(self) -> None:
        """Watch all wanted folders anew, and say that changes were lost."""
        super().on_queue_overflow()
        self._tree.inbox.rescan(is_overflow=True)

    def _add_all_callbacks(self, path: bytes) -> None:
        if path != self.path and not self._tree.wanted.is_wanted(os.fsdecode(path)):
            return
        self._add_callback(path)
        for folder, names in self._wanted_below(path):
            for name in names:
                self._add_callback(os.path.join(folder, name))

    def _recursive_simulate(self, src_path: bytes) -> list[InotifyEvent]:
        events = []
        for folder, names in self._wanted_below(src_path, with_files=True):
            watch = self._active_callbacks_by_path.get(folder)
            if watch is not None:
                created = InotifyConstants.IN_CREATE
                events += [InotifyEvent(watch, created, 0, name) for name in names]
        return events

    def _wanted_below(
        self, path: bytes, *, with_files: bool = False
    ) -> Iterator[tuple[bytes, list[bytes]]]:
        wanted = self._tree.wanted
        if path != self.path and not wanted.is_wanted(os.fsdecode(path)):
            return
        for folder, names, files in os.walk(path):
            names[:] = [
                name
                for name in names
                if wanted.is_wanted(os.fsdecode(os.path.join(folder, name)))
                and not os.path.islink(os.path.join(folder, name))
            ]
            yield folder, files if with_files else names

    def _add_callback(self, path: bytes) -> None:
        folder = os.fsdecode(path)
        if not os.access(path, os.R_OK) and os.path.lexists(path):
            self._tree.refuse(folder, errno.EACCES)  # asked for, it would be taken for watched
            return
        try:
            watch = self._watch(path)
        except OSError as error:
            if path == self.path:
                raise
            if error.errno in LIMITS:
                self._tree.refuse(folder, error.errno or 0)
            return
        self._active_callbacks_by_path[path] = watch
        self._active_callbacks_by_watch[watch] = path
        self._tree.accept(folder)

    def _watch(self, path: bytes) -> WatchDescriptor:
        """As `InotifyFD.add_callback`, which warns where a new folder was met twice."""
        descriptor = self._inotify_fd
        with descriptor._lock:
            watch = descriptor._get_or_create_watch(path, self.event_mask)
            watch.callbacks[self._id] = self._callback
            return watch.wd


class PrunedEmitter(InotifyEmitter):
    """Uses the pruned group, and hears of changed modes and times as well."""

    tree: Tree
    """Set by the observer's class below, one for each observer."""

    def on_thread_start(self) -> None:
        """Watch the wanted folders; raises OSError where not even the root can be."""
        self._inotify = PrunedGroup(
            self.tree,
            self._inotify_fd,
            os.fsencode(self.watch.path),
            self.get_event_mask_from_filter(),
        )

    def get_event_mask_from_filter(self) -> Mask:
        """Asks the system for changed attributes too, which watchdog's own filter leaves out."""
        return Mask(super().get_event_mask_from_filter() | InotifyConstants.IN_ATTRIB)

    @property
    def group(self) -> PrunedGroup | None:
        """The group while it is at work."""
        return self._inotify if isinstance(self._inotify, PrunedGroup) else None


class PrunedObserver(BaseObserver):
    """An observer with one pruned tree."""

    def __init__(self, tree: Tree) -> None:
        """Raises OSError where the system gives no more inotify instances."""
        self._descriptor = InotifyFD()
        self._descriptor.start()
        emitter = type("Emitter", (PrunedEmitter,), {"tree": tree})
        super().__init__(emitter, inotify_fd=self._descriptor)

    @property
    def group(self) -> PrunedGroup | None:
        """The watches of the tree while they are there."""
        groups = (getattr(emitter, "group", None) for emitter in self.emitters)
        return next((group for group in groups if group is not None), None)

    def on_thread_stop(self) -> None:
        """End the reading thread as well."""
        super().on_thread_stop()
        self._descriptor.stop()
        self._descriptor.join()


class Handler(FileSystemEventHandler):
    """Puts the paths of events into the inbox, and looks at no file."""

    def __init__(self, inbox: Inbox, may_matter: Callable[[str], bool]) -> None:
        self._inbox = inbox
        self._may_matter = may_matter

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Take note of both ends of a move."""
        paths = (os.fsdecode(event.src_path), os.fsdecode(event.dest_path or ""))
        self._inbox.add(*(path for path in paths if path and self._may_matter(path)))
