"""Commands that plugins bring, by the entry-point group `buildopt.commands`.

Looked for only when a name is not one of ours: finding them takes longer than an unchanged run.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint, entry_points

import click

from buildopt.errors import BuildoptError

GROUP = "buildopt.commands"
"""`NAME = "module:click_command"`, as hookspecs.py tells authors of plugins."""
GROUP_NAME = "HELP_GROUP"
"""The constant of a command's module that names its group in the help."""


def names() -> tuple[str, ...]:
    """What is installed; nothing with `BUILDOPT_PLUGINS=0`."""
    return tuple(sorted({each.name for each in _entry_points()}))


def lines() -> tuple[tuple[str, str, str], ...]:
    """Each command that is brought, its group in the help, and what it says of itself."""
    return tuple((name, *_line(name)) for name in names())


def _line(name: str) -> tuple[str, str]:
    try:
        command = load(name)
    except BuildoptError as error:
        return "", error.message
    if command is None:
        return "", ""
    module = sys.modules.get(getattr(command.callback, "__module__", ""))
    return str(getattr(module, GROUP_NAME, "")), command.get_short_help_str(limit=80)


def load(name: str) -> click.Command | None:
    """The command of that name; None where nobody brings it, BuildoptError for a broken one."""
    found = [each for each in _entry_points() if each.name == name]
    if not found:
        return None
    if len(found) > 1:
        brought = ", ".join(sorted(_origin(each) for each in found))
        raise _broken(name, f"more than one distribution brings it: {brought}", found[0])
    try:
        command = found[0].load()
    except (Exception, SystemExit) as error:  # the plugin's own code
        raise _broken(name, f"{type(error).__name__}: {error}", found[0]) from error
    if not isinstance(command, click.Command):
        raise _broken(name, f"`{found[0].value}` is no click command", found[0])
    return command


def _entry_points() -> tuple[EntryPoint, ...]:
    if os.environ.get("BUILDOPT_PLUGINS") == "0":
        return ()
    return tuple(entry_points(group=GROUP))


def _origin(found: EntryPoint) -> str:
    return found.dist.name if found.dist else found.value


def _broken(name: str, why: str, found: EntryPoint) -> BuildoptError:
    return BuildoptError(
        f"command `{name}` of `{_origin(found)}` cannot be loaded: {why}",
        hint=f"mend or uninstall `{_origin(found)}`",
        slug="broken-command",
    )
