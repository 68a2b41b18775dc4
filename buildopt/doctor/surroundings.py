"""Sends out every probe; nothing but this and the probes touches the system."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from buildopt import settings
from buildopt.cache.layout import Layout
from buildopt.doctor.caller_probe import look_at_settings, look_at_terminal
from buildopt.doctor.facts import Folder, Surroundings, Trouble
from buildopt.doctor.folder_probe import look_at_folder, probe_folder
from buildopt.doctor.machine_probe import look_at_machine, look_at_watching
from buildopt.errors import SettingsError
from buildopt.tool_versions import ask_versions, find_tools

TOOLS = ("git", "node", "npm", "pnpm", "yarn", "python3", "gcc", "make", "tsc")
FolderOf = Callable[[Mapping[str, str]], str]
"""Which folder the environment names; raises SettingsError."""


def look_around(
    directory: str,
    environ: Mapping[str, str],
    *,
    remembered: tuple[str, str | None],
    clock: Callable[[], float],
) -> Surroundings:
    """All facts, as a build from `directory` would meet them; `remembered`: see the probe."""
    tools = find_tools(TOOLS, environ)
    root = _root(directory)
    return Surroundings(
        now_s=clock(),
        uid=os.getuid(),
        machine=look_at_machine(),
        watching=look_at_watching(environ, remembered),
        settings=look_at_settings(directory, environ),
        project=look_at_folder(root),
        is_repository=os.path.lexists(os.path.join(root, ".git")),
        cache=_probe_cache(environ, clock),
        state=_probe_state(environ, clock),
        tools=ask_versions(tools, environ),
        absent_tools=tuple(name for name in TOOLS if name not in tools),
        terminal=look_at_terminal(environ),
    )


def _root(directory: str) -> str:
    """The project's root; `directory` where settings that cannot be read hide it."""
    try:
        return settings.find_root(directory)[0]
    except SettingsError:
        return directory


def _probe_cache(environ: Mapping[str, str], clock: Callable[[], float]) -> Folder | Trouble:
    top = _named(settings.cache_folder, environ)
    if isinstance(top, Trouble):
        return top
    return probe_folder(top, private=Layout(top).base, clock=clock)


def _probe_state(environ: Mapping[str, str], clock: Callable[[], float]) -> Folder | Trouble:
    top = _named(settings.state_folder, environ)
    return top if isinstance(top, Trouble) else probe_folder(top, private=top, clock=clock)


def _named(folder_of: FolderOf, environ: Mapping[str, str]) -> str | Trouble:
    try:
        return os.path.abspath(folder_of(environ))
    except SettingsError as error:
        return Trouble(message=error.message, hint=error.hint)
