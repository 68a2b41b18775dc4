"""A folder for what is remembered, which nobody but its owner may enter."""

from __future__ import annotations

import os
import stat


def private_folder(folder: str) -> str:
    """The folder, made where it is missing; raises OSError where it is unfit.

    Unfit is a folder that is another user's, or that others may enter.
    """
    os.makedirs(folder, 0o700, exist_ok=True)
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        raise OSError(f"`{folder}` is no folder")
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
        raise OSError(f"`{folder}` is not yours alone")
    return folder
