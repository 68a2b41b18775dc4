"""Numbers of the system calls that matter here, on either machine.

Source: `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h` of
Linux 6.17. aarch64 has the `…at` forms only.
"""

from __future__ import annotations

from typing import NamedTuple

HIGHEST_KNOWN = 469
"""Number of `file_setattr` (Linux 6.17), the last one of either table that was looked at.

Whatever is added behind it may take a path, so it is not let through unseen.
"""


class Machine(NamedTuple):
    """A kind of processor: its name in audit records and its column in `NUMBERS`."""

    audit_architecture: int
    column: int


MACHINES = {
    "x86_64": Machine(0xC000003E, 0),
    "aarch64": Machine(0xC00000B7, 1),
}
"""By `os.uname().machine`. Source: `AUDIT_ARCH_*` of `linux/audit.h`."""


def numbers(machine: Machine) -> dict[str, int]:
    """Name to number, of the calls that this machine has."""
    return {name: row[machine.column] for name, row in NUMBERS.items() if row[machine.column] >= 0}


NUMBERS: dict[str, tuple[int, int]] = {
    "open": (2, -1),
    "openat": (257, 56),
    "openat2": (437, 437),
    "creat": (85, -1),
    "uselib": (134, -1),
    "execve": (59, 221),
    "execveat": (322, 281),
    "chdir": (80, 49),
    "fchdir": (81, 50),
    "chroot": (161, 51),
    "stat": (4, -1),
    "lstat": (6, -1),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "access": (21, -1),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "statfs": (137, 43),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "readlink": (89, -1),
    "readlinkat": (267, 78),
    "getdents": (78, -1),
    "getdents64": (217, 61),
    "inotify_add_watch": (254, 27),
    "fanotify_mark": (301, 263),
    "mkdir": (83, -1),
    "mkdirat": (258, 34),
    "mknod": (133, -1),
    "mknodat": (259, 33),
    "unlink": (87, -1),
    "unlinkat": (263, 35),
    "rmdir": (84, -1),
    "rename": (82, -1),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, -1),
    "linkat": (265, 37),
    "symlink": (88, -1),
    "symlinkat": (266, 36),
    "chmod": (90, -1),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, -1),
    "lchown": (94, -1),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, -1),
    "utimes": (235, -1),
    "futimesat": (261, -1),
    "utimensat": (280, 88),
    "truncate": (76, 45),
    "getxattr": (191, 8),
    "lgetxattr": (192, 9),
    "fgetxattr": (193, 10),
    "getxattrat": (464, 464),
    "listxattr": (194, 11),
    "llistxattr": (195, 12),
    "flistxattr": (196, 13),
    "listxattrat": (465, 465),
    "file_getattr": (468, 468),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "connect": (42, 203),
    "bind": (49, 200),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "rt_sigaction": (13, 134),
    "setuid": (105, 146),
    "setreuid": (113, 145),
    "setresuid": (117, 147),
    "setfsuid": (122, 151),
    "clone": (56, 220),
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
"""Name: (x86_64, aarch64); -1: the machine has no such call."""
