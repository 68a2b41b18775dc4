"""Where the cache and the state are: by the environment, else by the system's custom."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from buildopt import places
from buildopt.errors import SettingsError

_OWN_IN_CACHE = ("CACHEDIR.TAG", os.fsdecode(places.FORMAT))
_OWN_IN_STATE = (
    "journal", "blobs", "running", "tool-events", "tails", "plugins", "index.sqlite",
    "index.sqlite-wal", "index.sqlite-shm", "index.sqlite.lock", "monitor.json", "monitor.lock",
    "monitor.token", "watch-report.html",
)  # fmt: skip


def cache_folder(environ: Mapping[str, str]) -> str:
    """Folder of the cache, by the user's environment or the system's custom."""
    found = places.cache_folder(_bytes(environ))
    return os.fsdecode(found) if found else _platform_folder("cache")


def state_folder(environ: Mapping[str, str]) -> str:
    """Folder of journal, index and plugins' files."""
    found = places.state_folder(_bytes(environ))
    return os.fsdecode(found) if found else _platform_folder("state")


def own_places(cache: str, state: str) -> tuple[str, ...]:
    """What is ours in these folders: a user may have put them where other things are as well."""
    in_cache = (os.path.join(cache, name) for name in _OWN_IN_CACHE)
    in_state = (os.path.join(state, name) for name in _OWN_IN_STATE if state)
    return (*in_cache, *in_state)


def _platform_folder(kind: str) -> str:
    if sys.platform == "linux":  # neither HOME nor a folder was set
        raise SettingsError(
            f"no place for the {kind}: neither `HOME` nor `BUILDOPT_{kind.upper()}_DIR` is set",
            hint="set BUILDOPT_CACHE_DIR and BUILDOPT_STATE_DIR to folders that can be written",
            slug="no-place",
        )
    import platformdirs  # type: ignore[import-not-found,unused-ignore]  # not on Linux

    return str(getattr(platformdirs, f"user_{kind}_dir")("buildopt", appauthor=False))


def _bytes(environ: Mapping[str, str]) -> dict[bytes, bytes]:
    return {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
