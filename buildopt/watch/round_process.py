"""The process that runs rounds and checks: forked before any thread is started, single-threaded.

    session -> rounds   run              one round of all tasks
                        check, paths     is anything different?
    rounds -> session   ended, …         a round's end: result, what is watched from now on
                        checked, …       subjects that differ

It is in the session's process group: what the terminal sends reaches it and all that it started.
A signal that comes while a round is planned, when nothing listens yet, is sent again; one of the
terminal's that comes just before a round ends that round, for it ends the session too. When the
session is killed, the round is asked to end.
"""

from __future__ import annotations

import marshal
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn, Protocol

from buildopt import frames
from buildopt.watch.checker import Row
from buildopt.watch.loop import Checked

QUIET_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Between rounds they mean nothing here: the session is asked to end, and ends us."""
SEND_AGAIN_S = 0.05


class Server(NamedTuple):
    """A persistent task: how it is started, and for whose change it is started anew."""

    id: str
    command: tuple[str, ...]
    directory: str
    inputs: tuple[str, ...]
    """Globs from the root; empty: none are declared."""


class RoundEnd(NamedTuple):
    """What a round left behind."""

    result: Mapping[str, Any] | None  # Any: the result file's fields
    """None: the round could not begin, and why has been told."""
    exit_code: int
    signal: int
    rows: tuple[Row, ...]
    """All that the tasks looked at."""
    made: frozenset[str]
    unknown: bool
    """Whether there is a task of which nothing was seen."""
    consulted: tuple[str, ...]
    """Settings and manifests: what the plan was made of."""
    servers: tuple[Server, ...]
    then: Mapping[str, Any] | None = None
    """The result of the tasks that are run after a good round."""


class Rounds(Protocol):
    """What the process does; `cli/watch_rounds.py` makes it of the command line."""

    def run(self) -> RoundEnd:
        """One round. What goes wrong is told and is in the end; it never raises."""

    def check(self, paths: frozenset[str], *, is_lost: bool, accepts: bool) -> Checked:
        """Whether anything is different; `paths` are those that were told to have changed.

        With `is_lost` others may have. With `accepts` what differs does not from then on, until
        it changes once more.
        """


class RoundProcess:
    """The process as the session sees it."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self.pid, self._channel = pid, channel
        self.is_alive = True

    def fileno(self) -> int:
        """Readable when it has something to say."""
        return self._channel.fileno()

    def ask_to_run(self) -> None:
        """Begin a round; its end comes as a message."""
        self._ask("run")

    def ask_to_check(self, paths: frozenset[str], *, is_lost: bool, accepts: bool) -> None:
        """Compare everything; the answer comes as a message."""
        self._ask("check", sorted(paths), is_lost, accepts)

    def message(self) -> RoundEnd | Checked | None:
        """What it says next; None: it is gone."""
        data = frames.receive(self._channel)
        if data is None:
            self.is_alive = False
            return None
        kind, content = marshal.loads(data)
        if kind == "checked":
            differing, by_run = content
            return Checked(frozenset(differing), frozenset(by_run))
        result, code, number, rows, made, unknown, consulted, servers, then = content
        return RoundEnd(
            result, code, number, tuple(rows), frozenset(made), unknown, tuple(consulted),
            tuple(Server(*server) for server in servers), then,
        )  # fmt: skip

    def send_signal(self, number: int) -> None:
        """Pass a signal on to the round that is going on."""
        if self.is_alive:
            os.kill(self.pid, number)

    def end(self) -> None:
        """Let it end, and wait for it."""
        self._channel.close()
        os.waitpid(self.pid, 0)

    def _ask(self, *request: Any) -> None:  # Any: what marshal takes
        try:
            frames.send(self._channel, marshal.dumps(request))
        except OSError:
            self.is_alive = False


def start(rounds: Rounds, *, output_to_stderr: bool) -> RoundProcess:
    """Fork it. With `output_to_stderr` the commands' stdout is our stderr."""
    ours, theirs = socket.socketpair()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    session = os.getpid()
    pid = os.fork()
    if pid == 0:
        ours.close()
        if output_to_stderr:
            os.dup2(2, 1)
        _serve(theirs, rounds, session)
    theirs.close()
    return RoundProcess(pid, ours)


def _serve(channel: socket.socket, rounds: Rounds, session: int) -> NoReturn:
    late = LateSignals()
    try:
        _end_with(session)
        while (data := frames.receive(channel)) is not None:
            what, *arguments = marshal.loads(data)
            if what == "run":
                with late:
                    end = rounds.run()
                content = (
                    dict(end.result) if end.result is not None else None, end.exit_code, end.signal,
                    list(end.rows), list(end.made), end.unknown, list(end.consulted),
                    [tuple(server) for server in end.servers], dict(end.then) if end.then else None,
                )  # fmt: skip
                frames.send(channel, marshal.dumps(("ended", content)))
            else:
                paths, is_lost, accepts = arguments
                checked = rounds.check(frozenset(paths), is_lost=is_lost, accepts=accepts)
                answer = (list(checked.differing), list(checked.by_run))
                frames.send(channel, marshal.dumps(("checked", answer)))
    except OSError:
        pass  # the session is gone
    finally:
        os._exit(0)


def _end_with(session: int) -> None:
    """Have a round asked to end when the session is killed; raises OSError where it has been."""
    if sys.platform != "linux":
        return
    from buildopt.observe.seccomp.kernel import end_with_parent  # ctypes, here only

    with suppress(OSError):  # refused in a sandbox: then it ends after the round
        end_with_parent(signal.SIGTERM)
    if os.getppid() != session:
        raise ProcessLookupError(session)


class LateSignals:
    """Signals that come when a round has begun, and what runs it does not listen yet.

    Whoever runs tasks blocks these signals and waits for them. Until then they are sent to us
    again and again. Of those before a round SIGTERM means nothing: it was for the last one.
    """

    def __init__(self) -> None:
        self._is_round = False
        self._number = 0
        for number in QUIET_SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._arrived)
        signal.signal(signal.SIGALRM, self._send_again)

    def __enter__(self) -> None:
        self._is_round = True
        if self._number:
            signal.setitimer(signal.ITIMER_REAL, SEND_AGAIN_S)

    def __exit__(self, *_: object) -> None:
        self._is_round = False
        self._number = 0
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _arrived(self, number: int, _: object) -> None:
        if self._is_round:
            self._number = number
            signal.setitimer(signal.ITIMER_REAL, SEND_AGAIN_S)
        elif number != signal.SIGTERM:
            self._number = number

    def _send_again(self, _: int, __: object) -> None:
        if self._is_round:
            os.kill(os.getpid(), self._number)
