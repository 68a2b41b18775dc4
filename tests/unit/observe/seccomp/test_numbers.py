"""Numbers of system calls, compared with a second list and with the system's own headers."""

import re
from pathlib import Path

import pytest

from buildopt.observe.seccomp.numbers import MACHINES, numbers

KNOWN = {
    "x86_64": {
        "open": 2, "stat": 4, "lstat": 6, "access": 21, "connect": 42, "sendto": 44, "sendmsg": 46,
        "bind": 49, "clone": 56, "execve": 59, "truncate": 76, "getdents": 78, "chdir": 80,
        "fchdir": 81, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
        "unlink": 87, "symlink": 88, "readlink": 89, "chmod": 90, "fchmod": 91, "chown": 92,
        "fchown": 93, "lchown": 94, "utime": 132, "mknod": 133, "statfs": 137, "pivot_root": 155,
        "chroot": 161, "mount": 165, "umount2": 166, "setxattr": 188, "lsetxattr": 189,
        "fsetxattr": 190, "getxattr": 191, "lgetxattr": 192, "listxattr": 194, "llistxattr": 195,
        "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199, "getdents64": 217,
        "utimes": 235, "inotify_add_watch": 254, "openat": 257, "mkdirat": 258, "mknodat": 259,
        "fchownat": 260, "futimesat": 261, "newfstatat": 262, "unlinkat": 263, "renameat": 264,
        "linkat": 265, "symlinkat": 266, "readlinkat": 267, "fchmodat": 268, "faccessat": 269,
        "unshare": 272, "utimensat": 280, "name_to_handle_at": 303, "open_by_handle_at": 304,
        "setns": 308, "renameat2": 316, "execveat": 322, "statx": 332,
    },
    "aarch64": {
        "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "getxattr": 8, "lgetxattr": 9,
        "listxattr": 11, "llistxattr": 12, "removexattr": 14, "lremovexattr": 15,
        "fremovexattr": 16, "inotify_add_watch": 27, "mknodat": 33, "mkdirat": 34, "unlinkat": 35,
        "symlinkat": 36, "linkat": 37, "renameat": 38, "umount2": 39, "mount": 40,
        "pivot_root": 41, "statfs": 43, "truncate": 45, "faccessat": 48, "chdir": 49,
        "fchdir": 50, "chroot": 51, "fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55,
        "openat": 56, "getdents64": 61, "readlinkat": 78, "newfstatat": 79, "utimensat": 88,
        "unshare": 97, "bind": 200, "connect": 203, "sendto": 206, "sendmsg": 211, "clone": 220,
        "execve": 221, "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268,
        "renameat2": 276, "execveat": 281, "statx": 291,
    },
}  # fmt: skip
"""Written down apart from the table under test."""

SINCE_2019 = {
    "io_uring_setup": 425, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432,
    "clone3": 435, "openat2": 437, "faccessat2": 439, "mount_setattr": 442, "fchmodat2": 452,
    "file_getattr": 468, "file_setattr": 469,
}  # fmt: skip
"""From 424 on a call has the same number on every machine."""

HEADERS = {
    "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}


@pytest.mark.parametrize("machine", sorted(KNOWN))
def test_numbers_are_those_of_the_kernel(machine):
    table = numbers(MACHINES[machine])

    expected = KNOWN[machine] | SINCE_2019

    assert {name: table.get(name) for name in expected} == expected


@pytest.mark.parametrize("machine", sorted(HEADERS))
def test_numbers_are_those_of_the_installed_headers(machine):
    header = Path(HEADERS[machine])
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    table = numbers(MACHINES[machine])

    installed = numbers_in(header.read_text())

    common = table.keys() & installed.keys()
    assert len(common) > 40
    assert {name: table[name] for name in common} == {name: installed[name] for name in common}


def numbers_in(header):
    """`#define __NR_name N`, and `__NR3264_name` for those whose name differs by machine."""
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", header)
    renamed = {"fstatat": "newfstatat"}
    return {renamed.get(name, name): int(number) for name, number in found}


@pytest.mark.parametrize("machine", sorted(KNOWN))
def test_no_number_stands_for_two_calls(machine):
    table = numbers(MACHINES[machine])

    assert len(set(table.values())) == len(table)
