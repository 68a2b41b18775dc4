"""Which plugins are loaded and where: the settings, `BUILDOPT_PLUGINS` and `-p no:NAME`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from buildopt.monitor.process_seat import MEMORY_LIMIT_BYTES
from buildopt.settings import Settings

SWITCH = "BUILDOPT_PLUGINS"
"""`0`: no plugin is loaded, and no command of one."""
OPTIONS = "plugins"
"""The table of the settings with one table a plugin. A plugin whose name is that of a table of its
own, such as `alert`, finds that one too."""


class Choice(NamedTuple):
    """Which plugins are loaded, and how."""

    is_on: bool = True
    off: Collection[str] = ()
    only: Collection[str] = ()
    """Just these, where it is not empty."""
    trusted: Collection[str] = ()
    """Plugins, or distributions of some, that run in the host though they are strangers."""
    options: Mapping[str, Mapping[str, Any]] = {}
    """Tables of the settings by the names of plugins."""
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES
    state: str = ""
    """The state folder, of which routes answer."""


def choose(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    off: Collection[str] = (),
    only: Collection[str] = (),
    state: str = "",
) -> Choice:
    """What the user wants."""
    return Choice(
        is_on=environ.get(SWITCH) != "0",
        off=off,
        only=only,
        trusted=settings.trusted_plugins,
        options=_options(settings.namespaces or {}),
        state=state,
    )


def _options(tables: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    own = {name: table for name, table in tables.items() if name != OPTIONS}
    return {**own, **tables.get(OPTIONS, {})}
