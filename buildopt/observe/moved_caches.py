"""Where else npm and pip keep their caches: as private there as in their usual places."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

NPM_PARTS = ("_logs/**", "_cacache/**", "_update-notifier-last-checked")
"""Of npm's cache folder (`ignored.PRIVATE`)."""


def moved_caches(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Patterns of what counts for nothing in the folders that the variables of a run name."""
    npm = [value for name, value in environ.items() if name.lower() == "npm_config_cache"]
    pip = [environ.get("PIP_CACHE_DIR", "")]
    if shared := environ.get("XDG_CACHE_HOME", ""):
        pip.append(os.path.join(shared, "pip"))
    return (*parts_of_npm(npm), *(os.path.join(folder, "**") for folder in filter(_is_plain, pip)))


def parts_of_npm(folders: Iterable[str]) -> tuple[str, ...]:
    """The same of folders of npm."""
    return tuple(
        os.path.join(folder, part) for folder in filter(_is_plain, folders) for part in NPM_PARTS
    )


def _is_plain(folder: str) -> bool:
    """Whether it is an absolute path that a pattern takes for itself."""
    return os.path.isabs(folder) and not set(folder) & set("*?[\\")
