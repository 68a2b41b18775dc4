"""Who calls: the settings that hold here, and the terminal that our words go to."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping

from buildopt import settings
from buildopt.doctor.facts import Chosen, Terminal, Trouble
from buildopt.errors import SettingsError

PREFIX = "BUILDOPT_"


def look_at_settings(directory: str, environ: Mapping[str, str]) -> Chosen | Trouble:
    """The settings for a call from `directory`, or why they cannot be read."""
    try:
        chosen = settings.load(directory, environ)
    except SettingsError as error:
        return Trouble(message=error.message, hint=error.hint)
    users = [path for path in chosen.consulted if path.endswith("/" + settings.USER_FILE)]
    read = [path for path in (*users, chosen.file) if path and os.path.isfile(path)]
    return Chosen(
        observe=chosen.observe,
        files=tuple(dict.fromkeys(read)),
        variables=tuple(sorted(name for name in environ if name.startswith(PREFIX))),
    )


def look_at_terminal(environ: Mapping[str, str]) -> Terminal:
    """What stdout is, and what the user asks of it."""
    is_open = sys.stdout is not None  # None where the caller closed it
    return Terminal(
        is_terminal=is_open and sys.stdout.isatty(),
        term=environ.get("TERM", ""),
        columns=shutil.get_terminal_size().columns,
        no_color=bool(environ.get("NO_COLOR")),
        force_color=environ.get("FORCE_COLOR", "") not in ("", "0"),
        encoding=(sys.stdout.encoding if is_open else "") or "ascii",
    )
