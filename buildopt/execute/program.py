"""Which file a command's name means, and what to say when it cannot be run."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from typing import NoReturn

from buildopt.errors import BuildoptError, CommandNotFound, CommandNotRunnable

SHELL = "/bin/sh"
"""Runs a script without a `#!` line, as `execvp` and every shell have it."""

SNIFF_BYTES = 256
"""How far a file without a known format is looked at: a NUL in its first line is no script."""

PASSED_OVER = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ESTALE, errno.ENODEV)
"""With these the search goes on in the next folder of `PATH`, as in `execvp`."""


def candidates(name: str, environment: Mapping[str, str]) -> list[str]:
    """The paths that `name` may mean, in the order in which they are tried."""
    if "/" in name:
        return [name]
    path = environment.get("PATH", os.defpath)
    # An empty folder is the working directory. Joined by hand: `./tool` is not `tool`.
    return [f"{folder or '.'}/{name}" for folder in path.split(os.pathsep)] if name else []


def replace_process(argv: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Become the command; raises the OSError of the candidate that came nearest to it.

    Every candidate is tried by the system call itself, so that an observer sees those that
    were not there.
    """
    nearest = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for path in candidates(argv[0], environment):
        try:
            _replace_by(path, argv, environment)
        except OSError as error:
            if error.errno not in PASSED_OVER:
                raise
            if error.errno == errno.EACCES:
                nearest = error  # type: ignore[assignment]  # either is an OSError
    raise nearest


def start_error(
    command: Sequence[str], environment: Mapping[str, str], number: int
) -> BuildoptError:
    """What to tell about a command whose start failed with the error `number`."""
    name = command[0]
    found = [path for path in candidates(name, environment) if os.path.exists(path)]
    if number in (errno.ENOENT, errno.ENOTDIR) and not found:
        return CommandNotFound(
            f"cannot find the command `{name}`",
            hint=_hint_where(name),
            slug="command-not-found",
        )
    return CommandNotRunnable(
        f"cannot run `{name}`: {_reason(found, number)}",
        hint=_hint_how(found, number),
        slug="command-not-runnable",
    )


def _replace_by(path: str, argv: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    try:
        os.execve(path, list(argv), environment)
    except OSError as error:
        if error.errno != errno.ENOEXEC or not _is_script(path):
            raise
        os.execve(SHELL, [SHELL, path, *argv[1:]], environment)


def _is_script(path: str) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    first_line = os.read(descriptor, SNIFF_BYTES).split(b"\n", 1)[0]
    os.close(descriptor)
    return b"\0" not in first_line


def _reason(found: Sequence[str], number: int) -> str:
    if found and os.path.isdir(found[0]):
        return "it is a folder"
    if number == errno.ENOENT:
        return "the interpreter that its first line names is not there"
    return os.strerror(number).lower()


def _hint_where(name: str) -> str:
    if "/" in name:
        return "paths are looked up from the working directory; is it built yet?"
    if " " in name:
        return "give the command as words, `buildopt run -- make all`, or use `--shell`"
    return "is it installed, and its folder on `PATH`?"


def _hint_how(found: Sequence[str], number: int) -> str:
    if number == errno.E2BIG:
        return "its arguments and environment are larger than the system allows"
    if number == errno.EACCES and found and os.path.isfile(found[0]):
        return f"`chmod +x {found[0]}` makes it executable"
    return "what works without `buildopt run --` works with it; try it alone"
