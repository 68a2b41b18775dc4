"""Persistent tasks: kept running beside the rounds, started anew when they have to be.

A development server reloads its own sources. It is started anew when one of its declared inputs
changed, else when lockfiles, settings or its tools' configurations did; and when it crashed, a
few times a minute at most.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from fnmatch import fnmatchcase

from buildopt.execute.signals import IGNORED_BY_PYTHON
from buildopt.globs import any_covers, parse
from buildopt.watch.guard import SHELL, Guard
from buildopt.watch.inbox import Changes
from buildopt.watch.round_process import Server
from buildopt.watch.settling import Settling

CONFIGURATIONS = (
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock*",
    "poetry.lock", "uv.lock", "requirements*.txt", "pyproject.toml", "buildopt.toml",
    "package.json", "tsconfig*.json", "*.config.js", "*.config.ts", "*.config.mjs", "*.config.cjs",
    "*.config.mts", ".babelrc*", ".env", ".env.*",
)  # fmt: skip
"""What a server reads once, when it starts."""
PATIENCE_S = 10.0
"""How long one may take to end before it is killed."""
MOST_CRASHES = 5
CRASH_WINDOW_S = 60.0
FIRST_BACKOFF_S = 0.5

LOOK_S = 0.02
"""How often is looked, while it is waited for, whether one has ended."""
ENTER_AND_BECOME = 'cd "$1" && shift && exec "$@"'

Tell = Callable[[str], None]


class Running:
    """One server: its process, and how often it crashed lately."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.pid = 0
        """Of its process, the first of a group of its own; 0: it does not run."""
        self.guard: Guard | None = None
        self.exit_code: int | None = None
        self.crashes_s: list[float] = []
        self.due_s: float | None = None
        """When it is started again after a crash."""


class Servers:
    """All persistent tasks of a session."""

    def __init__(self, root: str, tell: Tell) -> None:
        self._root, self._tell = root, tell
        self._running: dict[str, Running] = {}
        self._settling: Settling | None = None
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())  # as we got it from our parent

    def set_wanted(self, servers: Iterable[Server]) -> None:
        """Start those that are new, end those that are gone or are started otherwise now."""
        wanted = {server.id: server for server in servers}
        for name, running in list(self._running.items()):
            if wanted.get(name) != running.server:
                self._stop([running])
                del self._running[name]
        for name, server in wanted.items():
            if name not in self._running:
                self._running[name] = Running(server)
                self._start(self._running[name])

    @property
    def is_settling(self) -> bool:
        """Whether changes wait for quiet."""
        return self._settling is not None

    def hear(self, paths: frozenset[str], now_s: float) -> None:
        """Paths changed; those that concern a server are acted on when it is quiet."""
        servers = [running.server for running in self._running.values()]
        changes = Changes(frozenset(p for p in paths if any(self._concerns(s, p) for s in servers)))
        if changes:
            known = self._settling
            self._settling = (
                known.with_more(changes, now_s) if known else Settling(changes, now_s, now_s)
            )

    def look(self, now_s: float, *, is_locked: bool = False) -> None:
        """Notice those that ended, and start those that have to be."""
        if self._settling and now_s >= self._settling.due_s(is_locked=is_locked):
            paths, self._settling = self._settling.changes.paths, None
            self._restart(paths)
        for running in self._running.values():
            if running.pid and (code := _exit_code(running)) is not None:
                _send(running, signal.SIGKILL)
                _forget(running)
                self._ended(running, code, now_s)
            if running.due_s is not None and now_s >= running.due_s:
                running.due_s = None
                self._start(running)

    def next_s(self, *, is_locked: bool = False) -> float | None:
        """When `look` has something to do."""
        due = [running.due_s for running in self._running.values() if running.due_s is not None]
        if self._settling:
            due.append(self._settling.due_s(is_locked=is_locked))
        return min(due, default=None)

    def stop(self) -> None:
        """End all, the last started first."""
        self._stop(reversed(self._running.values()))
        self._running.clear()

    def _restart(self, paths: Iterable[str]) -> None:
        """Start those anew that a change concerns, also such as had crashed."""
        for running in self._running.values():
            if any(self._concerns(running.server, path) for path in paths):
                self._tell(f"restarting `{running.server.id}`")
                self._stop([running])
                running.due_s, running.crashes_s = None, []
                self._start(running)

    def _concerns(self, server: Server, path: str) -> bool:
        if not path.startswith(self._root.rstrip("/") + "/"):
            return False
        if server.inputs:
            return any_covers([parse(pattern, self._root) for pattern in server.inputs], path)
        name = os.path.basename(path)
        return any(fnmatchcase(name, pattern) for pattern in CONFIGURATIONS)

    def _start(self, running: Running) -> None:
        server = running.server
        words = ("sh", "-c", ENTER_AND_BECOME, "sh", server.directory, *server.command)
        nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        environment = {**os.environ, "PWD": server.directory}
        running.pid = os.posix_spawn(
            SHELL, words, environment, file_actions=[nothing], setpgroup=0,
            setsigmask=self._mask, setsigdef=IGNORED_BY_PYTHON,
        )  # fmt: skip
        with suppress(OSError):  # no pipe or process to be had: it runs without
            running.guard = Guard(running.pid, environment, self._mask)

    def _ended(self, running: Running, code: int, now_s: float) -> None:
        recent = [at for at in running.crashes_s if now_s - at < CRASH_WINDOW_S]
        running.crashes_s = [*recent, now_s]
        name = running.server.id
        if len(running.crashes_s) > MOST_CRASHES:
            self._tell(f"`{name}` ended {len(running.crashes_s)} times in a minute; it is left")
            return
        wait_s = FIRST_BACKOFF_S * 2 ** len(recent)
        self._tell(f"`{name}` ended with {code}; starting it again in {wait_s:.3g} s")
        running.due_s = now_s + wait_s

    def _stop(self, all_running: Iterable[Running]) -> None:
        stopping = [each for each in all_running if each.pid]
        for running in stopping:
            _send(running, signal.SIGTERM)
        until_s = time.monotonic() + PATIENCE_S
        for running in stopping:
            while time.monotonic() < until_s and _exit_code(running) is None:
                time.sleep(LOOK_S)
            _send(running, signal.SIGKILL)  # and whoever of its group is left
            if _exit_code(running) is None:
                os.waitpid(running.pid, 0)
            _forget(running)
            running.due_s = None


def _exit_code(running: Running) -> int | None:
    """How it ended; None: it runs. A signal is a negative number."""
    if running.exit_code is None:
        pid, status = os.waitpid(running.pid, os.WNOHANG)
        if pid:
            running.exit_code = os.waitstatus_to_exitcode(status)
    return running.exit_code


def _forget(running: Running) -> None:
    """It has ended, and so has its group."""
    running.pid, running.exit_code = 0, None
    if running.guard is not None:
        running.guard.let_go()
        running.guard = None


def _send(running: Running, number: int) -> None:
    try:
        os.killpg(running.pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # the whole group has ended
