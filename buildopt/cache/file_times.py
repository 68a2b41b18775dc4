"""How finely a file system tells two changes of a file apart.

Linux 6.13 gave ext4, xfs, btrfs and tmpfs multigrain times: once a file's times were looked
at, its next change gets a distinct one. Older kernels step by a tick (1 to 10 ms). What comes
over a network has its server's clock and caches, so its times prove nothing.
"""

from __future__ import annotations

import os
from functools import lru_cache

MULTIGRAIN_TYPES = frozenset({"ext4", "xfs", "btrfs", "tmpfs"})
LOCAL_TYPES = MULTIGRAIN_TYPES | {"ext2", "ext3", "overlay", "f2fs", "zfs", "bcachefs", "ramfs"}
TICK_NS = 10_000_000
"""The longest timer tick of Linux (HZ=100)."""
COARSE_TYPES = frozenset({"vfat", "exfat", "hfsplus"})
COARSE_NS = 2_000_000_000
"""The step of FAT's times; that of HFS+ is half of it."""
NEVER_TRUSTED_NS = 1 << 62


_known: dict[int, int] = {}


def granularity_ns(device: int, path: str) -> int:
    """Two changes closer than this may carry the same times on the device that holds `path`.

    `NEVER_TRUSTED_NS` for network file systems and whatever is not known.
    """
    if device not in _known:
        _known[device] = _granularity_of(file_system_type(device, path))
    return _known[device]


def _granularity_of(kind: str) -> int:
    if kind in MULTIGRAIN_TYPES and _kernel_version() >= (6, 13):
        return 0
    if kind in LOCAL_TYPES:
        return TICK_NS
    return COARSE_NS if kind in COARSE_TYPES else NEVER_TRUSTED_NS


def file_system_type(device: int, path: str) -> str:
    """The kind of the file system that holds `path`, as `mount` calls it; empty if unknown."""
    number = f"{os.major(device)}:{os.minor(device)}"
    mounts = _mounts()
    for mounted, _, kind in mounts:
        if mounted == number:
            return kind
    # btrfs gives each subvolume a device of its own, which no line of mountinfo names.
    holding = [m for m in mounts if m[1] == "/" or path.startswith(m[1] + "/")]
    return max(holding, key=lambda m: len(m[1]))[2] if holding else ""


@lru_cache(maxsize=1)
def _mounts() -> list[tuple[str, str, str]]:
    """Device number, mount point and type of each mount (proc(5): the type follows ` - `)."""
    mounts = []
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                before, _, after = line.partition(" - ")
                names = before.split(" ")
                mounts.append((names[2], names[4], after.split(" ")[0]))
    except (OSError, IndexError):
        pass
    return mounts


@lru_cache(maxsize=1)
def _kernel_version() -> tuple[int, int]:
    release = os.uname().release.split(".")
    digits = "".join(c for c in release[1][:3] if c.isdigit()) if len(release) > 1 else ""
    return (int(release[0]), int(digits)) if release[0].isdigit() and digits else (0, 0)
