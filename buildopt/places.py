"""Where the cache and the state live, from the environment alone.

Kept free of imports because an unchanged run pays for every one (`hit.py`). Elsewhere than on
Linux the folders are platformdirs' (`settings/folders.py`), and an unchanged run takes the full
path.
"""

from collections.abc import Mapping  # loaded by the interpreter's own start

FORMAT = b"v1"
"""Folder of the cache that this version reads and writes; others stand beside it untouched."""


TEMPORARY_MARK = ".buildopt-"


def is_temporary(name: str) -> bool:
    """Whether a name is that of one of our temporaries: `.NAME.buildopt-`, 12 hex digits."""
    head, mark, tail = name.rpartition(TEMPORARY_MARK)
    return (
        bool(mark)
        and head.startswith(".")
        and len(tail) == 12
        and not tail.strip("0123456789abcdef")
    )


def cache_folder(environ: Mapping[bytes, bytes]) -> bytes:
    """Folder of the cache; empty where the environment does not tell."""
    return _folder(environ, b"BUILDOPT_CACHE_DIR", b"XDG_CACHE_HOME", b"/.cache")


def state_folder(environ: Mapping[bytes, bytes]) -> bytes:
    """Folder of journal, index and plugins' files; empty where the environment does not tell."""
    return _folder(environ, b"BUILDOPT_STATE_DIR", b"XDG_STATE_HOME", b"/.local/state")


def _folder(environ: Mapping[bytes, bytes], own: bytes, base: bytes, below_home: bytes) -> bytes:
    if environ.get(own):
        return environ[own]
    if environ.get(base, b"").startswith(b"/"):
        return environ[base] + b"/buildopt"
    home = environ.get(b"HOME", b"")
    return home + below_home + b"/buildopt" if home.startswith(b"/") else b""
