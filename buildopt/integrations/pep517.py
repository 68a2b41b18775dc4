"""The build backend: `build-backend = "buildopt.integrations.pep517"` (PEP 517 and 660).

Wheel and sdist come from the cache or from the backend that `[tool.buildopt.pep517]` names. All
else a front end asks that backend itself: `build_editable`, `get_requires_for_…`,
`prepare_metadata_for_…` are there exactly if it has them.
"""

from __future__ import annotations

from typing import Any

from buildopt.integrations.backend.hook import Asked, answer
from buildopt.integrations.backend.wrapped import backend_of, wrapping

Settings = dict[str, Any] | None  # Any: as the front end passes them on


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Put the wheel into the folder; its name."""
    return answer(Asked("build_wheel", wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Put the sdist into the folder; its name."""
    return answer(Asked("build_sdist", sdist_directory, config_settings))


def __getattr__(name: str) -> Any:  # Any: whatever the backend has of that name
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(backend_of(wrapping(".")), name)
