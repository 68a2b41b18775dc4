"""Bits of system calls' arguments that Python has no names for; equal on all machines.

Source: `linux/fcntl.h`, `linux/sched.h`, `linux/inotify.h`, `linux/openat2.h`,
`asm-generic/signal.h`.
"""

AT_FDCWD = 0xFFFFFF9C
"""-100 as an unsigned word: relative to the working directory."""
AT_SYMLINK_NOFOLLOW = 0x100
AT_REMOVEDIR = 0x200
AT_SYMLINK_FOLLOW = 0x400
AT_EMPTY_PATH = 0x1000

CLONE_FS = 0x200
CLONE_THREAD = 0x10000
NEW_NAMESPACE = 0x80 | 0x20000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x60000000
"""All of CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.

In the flags of `clone`, but not of `clone3` and `unshare`, the lowest byte is a signal instead.
"""

IN_DONT_FOLLOW = 0x02000000

SA_RESTART = 0x10000000
"""A call that the signal ended begins anew, instead of failing with EINTR."""

RESOLVE_NO_SYMLINKS = 0x04
"""An `openat2` fails where it meets a link."""
RESOLVE_BENEATH = 0x08
"""It fails where a link leads out of its folder."""
RESOLVE_IN_ROOT = 0x10
"""The folder of an `openat2` is taken for the root."""
