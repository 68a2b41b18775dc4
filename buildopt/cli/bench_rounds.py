"""Runs sides in turn and times them: A B, B A, A B, so that what drifts hits both alike."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from buildopt.errors import BuildoptError, CommandNotFound, CommandNotRunnable

LAST_LINES = 5


class Side(NamedTuple):
    """One of what is compared: a command in a folder. Texts run in a shell."""

    label: str
    command: tuple[str, ...]
    directory: str
    prepare: str = ""
    """Before each timed run, untimed."""


def run_rounds(
    sides: Sequence[Side],
    rounds: int,
    environ: Mapping[str, str],
    *,
    shows_output: bool,
    on_round: Callable[[int], None] = lambda _: None,
) -> tuple[tuple[float, ...], ...]:
    """The durations of each side in seconds, by rounds; raises BuildoptError where one fails."""
    times: list[list[float]] = [[] for _ in sides]
    order = list(range(len(sides)))
    for number in range(rounds):
        for place in order if number % 2 == 0 else order[::-1]:
            times[place].append(time_once(sides[place], environ, shows_output=shows_output))
        on_round(number + 1)
    return tuple(map(tuple, times))


def time_once(side: Side, environ: Mapping[str, str], *, shows_output: bool) -> float:
    """Seconds that the command takes."""
    if side.prepare:
        run_text(side.prepare, side.directory, environ)
    began_s = time.perf_counter()
    ended = _run(side.command, side.directory, environ, shows_output=shows_output)
    took_s = time.perf_counter() - began_s
    if ended.returncode:
        raise _failed(side.label, ended)
    return took_s


def run_text(text: str, directory: str, environ: Mapping[str, str]) -> None:
    """Run what prepares a side; raises BuildoptError where it fails."""
    ended = _run(("/bin/sh", "-c", text), directory, environ, shows_output=False)
    if ended.returncode:
        raise _failed(text, ended)


def _run(
    command: Sequence[str], directory: str, environ: Mapping[str, str], *, shows_output: bool
) -> subprocess.CompletedProcess[bytes]:
    out = None if shows_output else subprocess.PIPE
    try:
        return subprocess.run(
            command,
            cwd=directory,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=None if shows_output else subprocess.STDOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise CommandNotFound(
            f"cannot run `{command[0]}` in `{directory}`: not found",
            hint="give a path, or a command of PATH; each version needs its own dependencies: "
            "`--setup 'npm ci'`",
            slug="command-not-found",
        ) from error
    except PermissionError as error:
        raise CommandNotRunnable(
            f"cannot run `{command[0]}`: {os.strerror(error.errno or 0)}",
            hint="make it executable",
            slug="command-not-runnable",
        ) from error


def _failed(label: str, ended: subprocess.CompletedProcess[bytes]) -> BuildoptError:
    lines = (ended.stdout or b"").decode(errors="replace").strip().splitlines()[-LAST_LINES:]
    told = "".join(f"\n  {line}" for line in lines)
    return BuildoptError(
        f"`{label}` ended with status {ended.returncode}, so it is not timed{told}",
        hint="run it by itself first; `--setup` and `--prepare` make what it needs",
        slug="bench-failed",
    )
