"""What the arguments of each trapped system call mean: one row a call.

An argument is named by its index; ABSENT where the call has none of the kind.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from buildopt.observe.access import Operation

ABSENT = -1


class Follows(Enum):
    """Whether a link in the last component is followed."""

    ALWAYS = "always"
    NEVER = "never"
    UNLESS_ASKED = "unless `at_flags` hold AT_SYMLINK_NOFOLLOW"
    IF_ASKED = "if `at_flags` hold AT_SYMLINK_FOLLOW"
    AS_OPENED = "as the flags of open say"
    UNLESS_MASKED = "unless the mask of inotify says so"


class Call(NamedTuple):
    """A call that acts on one path, or on two.

    `path` and `other` are addresses of paths, `folder` and `other_folder` descriptors that they
    are relative to, `text` is the address of an attribute's name or a link's text. Without
    `path` the call acts on the file behind the descriptor `folder`.
    """

    operation: Operation
    follows: Follows = Follows.ALWAYS
    path: int = ABSENT
    folder: int = ABSENT
    at_flags: int = ABSENT
    other: int = ABSENT
    other_folder: int = ABSENT
    text: int = ABSENT
    flags: int = ABSENT
    mode: int = ABSENT
    size: int = ABSENT


O = Operation  # noqa: E741  # keeps each row of the table on one line
NEVER, IF_ASKED, UNLESS = Follows.NEVER, Follows.IF_ASKED, Follows.UNLESS_ASKED
OPENED, MASKED = Follows.AS_OPENED, Follows.UNLESS_MASKED

# fmt: off
CALLS: dict[str, Call] = {
    "open": Call(O.OPEN, OPENED, path=0, flags=1, mode=2),
    "openat": Call(O.OPEN, OPENED, path=1, folder=0, flags=2, mode=3),
    "uselib": Call(O.LOAD, path=0),
    "stat": Call(O.STAT, path=0),
    "lstat": Call(O.STAT, NEVER, path=0),
    "newfstatat": Call(O.STAT, UNLESS, path=1, folder=0, at_flags=3),
    "statx": Call(O.STAT, UNLESS, path=1, folder=0, at_flags=2),
    "access": Call(O.STAT, path=0),
    "faccessat": Call(O.STAT, path=1, folder=0),
    "faccessat2": Call(O.STAT, UNLESS, path=1, folder=0, at_flags=3),
    "statfs": Call(O.STAT, path=0),
    "name_to_handle_at": Call(O.STAT, IF_ASKED, path=1, folder=0, at_flags=4),
    "readlink": Call(O.READLINK, NEVER, path=0),
    "readlinkat": Call(O.READLINK, NEVER, path=1, folder=0),
    "getdents": Call(O.LIST, folder=0),
    "getdents64": Call(O.LIST, folder=0),
    "inotify_add_watch": Call(O.LIST, MASKED, path=1, flags=2),
    "fanotify_mark": Call(O.LIST, path=4, folder=3),
    "mkdir": Call(O.MAKE_FOLDER, NEVER, path=0, mode=1),
    "mkdirat": Call(O.MAKE_FOLDER, NEVER, path=1, folder=0, mode=2),
    "mknod": Call(O.MAKE_NODE, NEVER, path=0, mode=1),
    "mknodat": Call(O.MAKE_NODE, NEVER, path=1, folder=0, mode=2),
    "unlink": Call(O.UNLINK, NEVER, path=0),
    "rmdir": Call(O.REMOVE_FOLDER, NEVER, path=0),
    "rename": Call(O.RENAME, NEVER, path=0, other=1),
    "renameat": Call(O.RENAME, NEVER, path=1, folder=0, other=3, other_folder=2),
    "renameat2": Call(O.RENAME, NEVER, path=1, folder=0, other=3, other_folder=2, flags=4),
    "link": Call(O.LINK, NEVER, path=0, other=1),
    "linkat": Call(O.LINK, IF_ASKED, path=1, folder=0, at_flags=4, other=3, other_folder=2),
    "symlink": Call(O.SYMLINK, NEVER, text=0, path=1),
    "symlinkat": Call(O.SYMLINK, NEVER, text=0, path=2, folder=1),
    "chmod": Call(O.CHANGE_MODE, path=0, mode=1),
    "fchmod": Call(O.CHANGE_MODE, folder=0, mode=1),
    "fchmodat": Call(O.CHANGE_MODE, path=1, folder=0, mode=2),
    "fchmodat2": Call(O.CHANGE_MODE, UNLESS, path=1, folder=0, mode=2, at_flags=3),
    "chown": Call(O.CHANGE_OWNER, path=0),
    "lchown": Call(O.CHANGE_OWNER, NEVER, path=0),
    "fchown": Call(O.CHANGE_OWNER, folder=0),
    "fchownat": Call(O.CHANGE_OWNER, UNLESS, path=1, folder=0, at_flags=4),
    "utime": Call(O.CHANGE_TIMES, path=0),
    "utimes": Call(O.CHANGE_TIMES, path=0),
    "futimesat": Call(O.CHANGE_TIMES, path=1, folder=0),
    "utimensat": Call(O.CHANGE_TIMES, UNLESS, path=1, folder=0, at_flags=3),
    "truncate": Call(O.TRUNCATE, path=0, size=1),
    "getxattr": Call(O.READ_ATTRIBUTE, path=0, text=1),
    "lgetxattr": Call(O.READ_ATTRIBUTE, NEVER, path=0, text=1),
    "fgetxattr": Call(O.READ_ATTRIBUTE, folder=0, text=1),
    "getxattrat": Call(O.READ_ATTRIBUTE, UNLESS, path=1, folder=0, at_flags=2, text=3),
    "listxattr": Call(O.READ_ATTRIBUTE, path=0),
    "llistxattr": Call(O.READ_ATTRIBUTE, NEVER, path=0),
    "flistxattr": Call(O.READ_ATTRIBUTE, folder=0),
    "listxattrat": Call(O.READ_ATTRIBUTE, UNLESS, path=1, folder=0, at_flags=2),
    "file_getattr": Call(O.STAT, UNLESS, path=1, folder=0, at_flags=4),
    "setxattr": Call(O.WRITE_ATTRIBUTE, path=0, text=1),
    "lsetxattr": Call(O.WRITE_ATTRIBUTE, NEVER, path=0, text=1),
    "fsetxattr": Call(O.WRITE_ATTRIBUTE, folder=0, text=1),
    "setxattrat": Call(O.WRITE_ATTRIBUTE, UNLESS, path=1, folder=0, at_flags=2, text=3),
    "removexattr": Call(O.WRITE_ATTRIBUTE, path=0, text=1),
    "lremovexattr": Call(O.WRITE_ATTRIBUTE, NEVER, path=0, text=1),
    "fremovexattr": Call(O.WRITE_ATTRIBUTE, folder=0, text=1),
    "removexattrat": Call(O.WRITE_ATTRIBUTE, UNLESS, path=1, folder=0, at_flags=2, text=3),
    "file_setattr": Call(O.WRITE_ATTRIBUTE, UNLESS, path=1, folder=0, at_flags=4),
}
# fmt: on
"""The calls that a row is enough for."""

PECULIAR = (
    "creat", "openat2", "open_by_handle_at", "execve", "execveat", "chdir", "fchdir", "unlinkat",
    "connect", "bind", "sendto", "sendmsg", "sendmmsg", "clone", "clone3", "unshare",
    "rt_sigaction", "exit", "exit_group", "setuid", "setreuid", "setresuid", "setfsuid",
)  # fmt: skip
"""The calls that have a function of their own, of the same name, in `peculiar.py`."""

NAMESPACE = (
    "chroot", "mount", "umount2", "pivot_root", "setns", "open_tree", "open_tree_attr",
    "move_mount", "fsopen", "fsmount", "fspick", "mount_setattr",
)  # fmt: skip
"""After one of these a path may mean another file to the run than to us."""
