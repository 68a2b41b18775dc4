"""Files that people name, written whole: a full disk or a kill leaves the one that was there."""

from __future__ import annotations

import os
import stat
from tempfile import NamedTemporaryFile


def put_whole(path: str, text: str) -> None:
    """Have a file hold `text`; a link, pipe or device stays what it is. Raises OSError."""
    mode = _mode_of(path)
    if mode is None:
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)
        return
    folder = os.path.dirname(os.path.abspath(path))
    with NamedTemporaryFile(dir=folder, prefix=".baseline-", delete=False) as new:
        try:
            new.write(text.encode())
            new.flush()
            os.fchmod(new.fileno(), mode)
            os.rename(new.name, path)
        except BaseException:
            os.unlink(new.name)
            raise


def _mode_of(path: str) -> int | None:
    """The permission bits of a file, or those of a new one; None for what is no file."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        mask = os.umask(0o022)
        os.umask(mask)
        return 0o666 & ~mask
    return stat.S_IMODE(mode) if stat.S_ISREG(mode) else None
