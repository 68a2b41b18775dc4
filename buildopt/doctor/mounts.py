"""Which mount holds a path, as `/proc/self/mountinfo` tells it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from buildopt.doctor.facts import Mount

NETWORK_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"}
    | {"9p", "virtiofs", "vboxsf", "vmhgfs", "drvfs", "fuse.vmhgfs-fuse"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.rclone", "fuse.s3fs"}
)
"""Of a network, of a virtual machine's host, and such as a program serves from a network."""

MOUNTINFO = "/proc/self/mountinfo"


def mount_of(path: str, device: int) -> Mount | None:
    """The mount that holds `path`, which exists on `device`; None where it is not told."""
    try:
        with open(MOUNTINFO, encoding="utf-8", errors="surrogateescape") as lines:
            return find_mount(os.path.realpath(path), device, lines)
    except OSError:
        return None


def find_mount(path: str, device: int, lines: Iterable[str]) -> Mount | None:
    """Of the mounts above `path` the deepest, the last one where several lie on each other.

    One with the number of `device` wins over others. btrfs gives each subvolume a number that
    no line has, so that the place alone has to decide there.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    best: tuple[tuple[bool, int], Mount] | None = None
    for line in lines:
        parsed = _parse(line)
        if parsed is None or not _is_above(parsed[1].point, path):
            continue
        rank = (parsed[0] == number, len(parsed[1].point))
        if best is None or rank >= best[0]:
            best = (rank, parsed[1])
    return best[1] if best else None


def _parse(line: str) -> tuple[str, Mount] | None:
    """Device number and mount of a line (proc(5): kind and source follow ` - `)."""
    before, _, after = line.partition(" - ")
    names, kinds = before.split(" "), after.split(" ")
    if len(names) < 5 or len(kinds) < 2:
        return None
    return names[2], Mount(point=_plain(names[4]), kind=kinds[0], source=_plain(kinds[1]))


def _is_above(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _plain(text: str) -> str:
    r"""The text without the escapes (`\040` is a space) that keep a line's fields apart."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text.rstrip("\n"))
