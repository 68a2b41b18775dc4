"""Stands in for the script shell of npm, pnpm and yarn: `buildopt -c SCRIPT`.

It runs inside the watched command, as the shell would, and asks the main process about each part
of the script: answered from a record, or to be run here. Without a main process to ask it
becomes the shell. It starts with every script, so it imports built-in modules only.
"""

from __future__ import annotations

import posix

from buildopt.script_starters import starts_scripts
from buildopt.steps.asking import ACTIVE, ANSWERED, ask, connect, tell_end
from buildopt.steps.child import become_shell, end_like, start, take_signals, wait
from buildopt.steps.script import parts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

SCRIPT_SHELL = b"npm_config_script_shell"
USER_SHELL = b"BUILDOPT_SCRIPT_SHELL"
"""The script shell that the user has set."""
LISTS = b"BUILDOPT_LISTS"
PLAIN_SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "ash")
"""Shells for which a part of a list means what it means in the list."""


def is_client_call(arguments: list[str]) -> bool:
    """Whether buildopt was started as a script shell."""
    return arguments[:1] == ["-c"] and len(arguments) > 1 and ACTIVE in posix.environ


def run_script(arguments: list[str]) -> int:
    """Run the script, part by part; the status to exit with."""
    take_signals()
    shell = posix.environ.get(USER_SHELL, b"/bin/sh").decode("utf-8", "surrogateescape")
    connection = connect()
    if connection is None or len(arguments) != 2:
        become_shell([shell, *arguments], environment_of(arguments[1]))
    is_plain = shell.rpartition("/")[2] in PLAIN_SHELLS and _takes_lists_apart()
    parts = parts_of(arguments[1]) if is_plain else [arguments[1]]
    for part in parts:
        status = _run_part(connection, [shell, "-c", part], part)
        if status:
            return end_like(status)
    return 0


def environment_of(script: str) -> dict[bytes, bytes]:
    """What the script gets: without our script shell, unless it may start scripts itself."""
    theirs: dict[bytes, bytes] = dict(posix.environ)
    if starts_scripts(script):
        return theirs
    theirs.pop(SCRIPT_SHELL, None)
    user_shell = theirs.pop(USER_SHELL, None)
    if user_shell is not None:
        theirs[SCRIPT_SHELL] = user_shell
    return theirs


def _takes_lists_apart() -> bool:
    """The setting `lists`, which the main process hands on."""
    return posix.environ.get(LISTS, b"").lower() not in (b"0", b"false", b"no", b"off")


def _run_part(connection: socket, argv: list[str], part: str) -> int:
    """The wait status of a part, answered or run."""
    environment = environment_of(part)

    def become() -> None:
        become_shell(argv, environment)

    try:
        what, streams, _ = ask(connection, "script", argv, environment)
    except (OSError, EOFError, ValueError):
        return wait(start(become, {}))[0]
    if what == ANSWERED:
        return 0
    ended = wait(start(become, streams))
    tell_end(connection, ended)
    return ended[0]
