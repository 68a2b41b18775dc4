"""Whether a disk that the run wrote to was full at its end: then it may have failed unnoticed.

A shell's pipeline and many a script end with status 0 though a write failed. The system tells
only the writer, so all that can be seen from outside is that nothing is left.
"""

from __future__ import annotations

import os

LEAST_BYTES = 64 * 1024
"""With less a disk counts as full: what writes in blocks of this size fails before the end."""


def full_folder(*folders: str) -> str:
    """The first of the folders on whose disk nothing more can be written; empty where none is."""
    return next((folder for folder in folders if _is_full(folder)), "")


def _is_full(folder: str) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    if disk.f_flag & os.ST_RDONLY:
        return False
    # What is kept for root is free for root alone. Some file systems tell no numbers.
    free_blocks = disk.f_bavail if os.geteuid() else disk.f_bfree
    has_no_room = disk.f_blocks > 0 and free_blocks * disk.f_frsize < LEAST_BYTES
    return has_no_room or (disk.f_files > 0 and disk.f_ffree == 0)
