"""One access of a run to a path, and whom it is told to: the seam of mechanism and meaning.

A mechanism (`seccomp/`) finds out *that* a process is about to do something to a path, and a
`Recorder` (the ledger) decides what that means. The recorder is told before the call executes,
so that what `lstat` says then is the state at the first touch; whether the call succeeds is not
known and has to be told from a later look.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple, Protocol

from buildopt.model import NotStoredKind, Observed, Task
from buildopt.observe.observer import DigestFile


class Operation(Enum):
    """What a call is about to do; the other fields of `Access` that it uses are named."""

    OPEN = "open"
    """Open or create a file or folder: `flags` are `O_*`, `mode` is that of a new file."""
    STAT = "stat"
    """Look at what is there: stat, lstat, statx, access, statfs, name_to_handle_at."""
    READLINK = "readlink"
    """Read the text of a link; `follows` is False."""
    LIST = "list"
    """Read the entries of a folder that was opened before, or watch them by inotify."""
    ENTER = "enter"
    """Pass through a folder on the way to a path that was given with `..` behind it."""
    CHANGE_FOLDER = "change-folder"
    """Make a folder the working directory."""
    EXECUTE = "execute"
    """Become this program, or have the kernel run it as the interpreter of a script."""
    LOAD = "load"
    """Have the kernel load this ELF interpreter (`ld.so`) for a program; nothing opens it."""
    MAKE_FOLDER = "make-folder"
    """mkdir; `mode` is that of the new folder."""
    MAKE_NODE = "make-node"
    """mknod: a named pipe, socket or device, or a plain file; `mode` holds the type."""
    BIND = "bind"
    """Make a named socket at the path."""
    UNLINK = "unlink"
    """Remove a name that is no folder."""
    REMOVE_FOLDER = "remove-folder"
    """Remove an empty folder."""
    RENAME = "rename"
    """Give `path` the name `other`; `flags` are `RENAME_*` (1 no replace, 2 exchange)."""
    LINK = "link"
    """Give the file `path` the second name `other`; `path` is empty if it had no name yet."""
    SYMLINK = "symlink"
    """Make the link `path` with the text `other`."""
    CHANGE_MODE = "change-mode"
    """Set the permission bits to `mode`."""
    CHANGE_OWNER = "change-owner"
    """Set user or group."""
    CHANGE_TIMES = "change-times"
    """Set mtime or atime."""
    TRUNCATE = "truncate"
    """Set the size to `size_bytes`, by path."""
    READ_ATTRIBUTE = "read-attribute"
    """Read the extended attribute named `other`, or list all names if that is empty."""
    WRITE_ATTRIBUTE = "write-attribute"
    """Set or remove the extended attribute `other`; if that is empty, flags as of chattr."""


class Access(NamedTuple):
    """One thing that the process `pid` is about to do to `path`.

    Paths are absolute, in the form of `os.fsdecode`, without `.`, doubled or trailing slashes.
    A `..` was resolved through the file system, as the kernel does; the folder in front of it
    came as an ENTER of its own, just before. Symbolic links are *not* resolved otherwise.
    `/proc/self`, `/dev/fd` and the like are already replaced by what they mean to that process,
    as far as they stand in the path itself.

    `follows`: a link in the last component is followed (for `other` it never is). A path that
    ended in a slash follows, and a file that was opened so has `O_DIRECTORY` in `flags`.
    """

    pid: int
    operation: Operation
    path: str
    follows: bool
    flags: int = 0
    other: str = ""
    mode: int = 0
    size_bytes: int = 0


class Advice(Enum):
    """What a recorder says of the accesses that are still to come."""

    SKIP_REPEATS = "skip"
    """The same access, of whatever process, means nothing new, until a FORGET_REPEATS."""
    FORGET_REPEATS = "forget"
    """Paths may come to lead elsewhere: whatever was to be skipped is to be told again."""


class Recorder(Protocol):
    """Makes a record of what it is told; it lives in one thread of the supervisor's process.

    Whatever it raises makes the run incomplete (`supervisor`), and the recorder is told nothing
    more but `result`.
    """

    def access(self, access: Access) -> Advice | None:
        """Take note of an access, before the call executes."""

    def incomplete(self, kind: NotStoredKind, subject: str) -> None:
        """Take note that the run must not be stored; may come more than once with the same."""

    def connects(self, pid: int, address: str, *, is_own: bool) -> bool:
        """Take note that a process turns to a socket, before it does; whether it may.

        `address` is `127.0.0.1:80`, `[::1]:80`, `unix:/path`, `unix:@abstract` or `family:40`;
        `is_own`: a process of this run listens there. Netlink is not told.
        """

    def process_started(
        self, pid: int, parent_pid: int, argv: tuple[str, ...], started_ns: int
    ) -> None:
        """Take note of a process at its first call, and again when it runs another program.

        `started_ns` is monotonic, from the begin of the run; a forked process that has not
        executed anything yet has the arguments of its parent.
        """

    def process_ended(
        self,
        pid: int,
        ended_ns: int,
        *,
        cpu_s: float,
        peak_memory_bytes: int,
        exit_code: int | None,
    ) -> None:
        """Take note of an end; of a process that a signal ended only the time is known."""

    def request(self, data: bytes) -> bytes:
        """Do what the main process asks for while the command runs; the answer.

        Whatever was to be skipped is told again from then on.
        """

    def result(self) -> bytes:
        """Sum up; called once, when no process of the run is left or was waited for."""


RecorderFactory = Callable[[Task], Recorder]
"""Makes the recorder of a run; called where the supervisor is, so what it opens is there."""

ResultReader = Callable[[bytes, Task, DigestFile], Observed]
"""Turns what `Recorder.result` gave into what was observed. Called in the main process."""
