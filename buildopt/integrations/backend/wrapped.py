"""The backend that ours wraps, as `[tool.buildopt.pep517]` in `pyproject.toml` names it."""

from __future__ import annotations

import os
import sys
import tomllib
from importlib import import_module
from typing import Any, NamedTuple

from buildopt.errors import SettingsError

OURS = "buildopt.integrations.pep517"


class Wrapping(NamedTuple):
    """What `build-backend` and `backend-path` would say without us."""

    backend: str
    paths: tuple[str, ...] = ()
    """Folders inside the project, put first where modules are looked for."""


def wrapping(root: str) -> Wrapping:
    """What the project at `root` wraps; raises SettingsError where it does not say."""
    try:
        with open(os.path.join(root, "pyproject.toml"), "rb") as file:
            table = tomllib.load(file)["tool"]["buildopt"]["pep517"]
        found = Wrapping(table["backend"], tuple(table.get("backend-path", ())))
    except (KeyError, TypeError, AttributeError):
        raise _unnamed() from None
    if not isinstance(found.backend, str) or not found.backend or found.backend == OURS:
        raise _unnamed()
    return found


def backend_of(wrapped: Wrapping) -> Any:  # Any: a module or object with the hooks of PEP 517
    """The backend itself; whatever its import raises is passed on."""
    for path in reversed(wrapped.paths):
        folder = os.path.abspath(path)
        if folder not in sys.path:
            sys.path.insert(0, folder)
    module, _, names = wrapped.backend.partition(":")
    found: Any = import_module(module)  # Any: as above
    for name in filter(None, names.split(".")):
        found = getattr(found, name)
    return found


def _unnamed() -> SettingsError:
    error = SettingsError(
        f"`{OURS}` wraps another build backend, and `pyproject.toml` does not say which",
        hint='add `backend = "hatchling.build"`, or yours, to `[tool.buildopt.pep517]`',
        slug="no-backend",
    )
    error.add_note(f"hint: {error.hint}. See docs/messages.md#{error.slug}")  # in the traceback
    return error
