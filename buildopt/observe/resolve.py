"""Resolves paths as the kernel does, `..` after links and not by name, telling of links met.

Only folders are remembered, and only those that exist; `forget` is for whoever knows that a
link or a folder may have changed. A link may lead to `/proc/self`, which is another one for each
process: what lies behind is not remembered.
"""

from __future__ import annotations

import os
from collections.abc import Callable

MAX_LINKS = 40
"""The kernel gives up with ELOOP after as many (path_resolution(7))."""
_TYPE = 0o170000
_FOLDER = 0o040000
_LINK = 0o120000


class Obstructed(Exception):
    """A component of a path is no folder, or is not there.

    `path` is where the walk ended; `rest` the names that were still to come.
    """

    def __init__(self, path: str, rest: tuple[str, ...] = ()) -> None:
        super().__init__(path)
        self.path = path
        self.rest = rest


class LinkLoop(Exception):
    """Too many links: the call fails with ELOOP, whatever else is there."""


class Resolver:
    """Remembers where folders really are; `met` is called for each link on the way.

    `is_personal`: the last path means something to the process that it was located for only.
    """

    __slots__ = ("_folders", "_hops", "_met", "_pid", "is_personal")

    def __init__(self, met: Callable[[str], None]) -> None:
        self._met = met
        self._pid = 0
        self.is_personal = False
        self._folders: dict[str, str] = {}
        self._hops = 0

    def forget(self) -> None:
        """Look everything up again from now on."""
        self._folders.clear()

    def locate(self, path: str, pid: int = 0) -> tuple[str, str]:
        """The resolved path (its last name not followed), and what obstructed the way, or "".

        `pid` is the process that it is resolved for, if that is another than this one.
        Below an obstacle the rest of the names is taken as it is; where that holds `..`, the
        obstacle itself is all that the call depends on. Raises LinkLoop.
        """
        self._hops = 0
        self._pid = pid
        self.is_personal = False
        return self._locate(path)

    def follow(self, link: str) -> tuple[str, str]:
        """The same for the target of a link at a resolved path, after `locate`."""
        return self._locate(self._target(link))

    def _locate(self, path: str) -> tuple[str, str]:
        parent, _, name = path.rstrip("/").rpartition("/")
        try:
            if name in ("", ".", ".."):
                return self._folder(path.rstrip("/")) or "/", ""
            return self._folder(parent) + "/" + name, ""
        except Obstructed as obstructed:
            rest = [*obstructed.rest, name]
            if ".." in rest:
                return obstructed.path, obstructed.path
            names = [part for part in rest if part not in ("", ".")]
            return "/".join([obstructed.path, *names]), obstructed.path

    def _folder(self, path: str) -> str:
        """Where the folder `path` really is, without a `/` at its end; raises Obstructed."""
        known = self._folders.get(path)
        if known is None:
            known = self._walk(path) if path else ""
            if not self.is_personal:
                self._folders[path] = known
        return known

    def _walk(self, path: str) -> str:
        parent, _, name = path.rpartition("/")
        try:
            base = self._folder(parent)
        except Obstructed as obstructed:
            raise Obstructed(obstructed.path, (*obstructed.rest, name)) from None
        if name in ("", "."):
            return base
        if name == "..":
            return base.rpartition("/")[0]
        return self._enter(base + "/" + name)

    def _enter(self, path: str) -> str:
        if path.startswith("/proc/"):
            self.is_personal = True
            if self._pid and path in ("/proc/self", "/proc/thread-self"):
                return f"/proc/{self._pid}"
        try:
            kind = os.lstat(path).st_mode & _TYPE
        except OSError:
            raise Obstructed(path) from None
        if kind == _FOLDER:
            return path
        if kind == _LINK:
            return self._folder(self._target(path))
        raise Obstructed(path)

    def _target(self, link: str) -> str:
        self._hops += 1
        if self._hops > MAX_LINKS:
            raise LinkLoop(link)
        self._met(link)
        try:
            target = os.readlink(link)
        except OSError:
            raise Obstructed(link) from None
        return target if target.startswith("/") else link.rpartition("/")[0] + "/" + target
