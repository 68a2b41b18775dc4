"""Where the cache and the state are: by the environment, else by the system's custom."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from buildopt import places
from buildopt.errors import SettingsError


def cache_folder(environ: Mapping[str, str]) -> str:
    """Folder of the cache, by the user's environment or the system's custom."""
    found = places.cache_folder(_bytes(environ))
    return os.fsdecode(found) if found else _platform_folder("user_cache_dir")


def state_folder(environ: Mapping[str, str]) -> str:
    """Folder of journal, index and plugins' files."""
    found = places.state_folder(_bytes(environ))
    return os.fsdecode(found) if found else _platform_folder("user_state_dir")


def _platform_folder(function: str) -> str:
    if sys.platform == "linux":  # neither HOME nor a folder was set
        raise SettingsError(
            "no place for the cache: neither `HOME` nor `BUILDOPT_CACHE_DIR` is set",
            hint="set BUILDOPT_CACHE_DIR and BUILDOPT_STATE_DIR to folders that can be written",
            slug="no-place",
        )
    import platformdirs  # type: ignore[import-not-found,unused-ignore]  # not on Linux

    return str(getattr(platformdirs, function)("buildopt", appauthor=False))


def _bytes(environ: Mapping[str, str]) -> dict[bytes, bytes]:
    return {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
