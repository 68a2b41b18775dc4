"""Forks, puts the child's descriptors and signals in place, and makes it the command."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import termios
from collections.abc import Iterable
from dataclasses import dataclass

from buildopt.errors import BuildoptError
from buildopt.execute.command import ChildSetup, Command
from buildopt.execute.program import replace_process, start_error
from buildopt.execute.signals import SignalWatch, restore_for_command
from buildopt.execute.streams import STDERR, STDIN, above_standard

DESCRIPTOR_FOLDERS = ("/proc/self/fd", "/dev/fd")
HIGHEST_GUESSED_DESCRIPTOR = 4096
"""Where neither folder exists, descriptors up to here are closed; few programs have more."""

CHILD_FAILED = 125


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildStreams:
    """What the child's 0, 1 and 2 are made of; None: it is closed.

    With `own_session` the child leads a session whose terminal is its stdin.
    """

    stdin: int | None
    stdout: int | None
    stderr: int | None
    own_session: bool = False


def start(command: Command, streams: ChildStreams, setup: ChildSetup, signals: SignalWatch) -> int:
    """Process id of the command, once it runs; raises BuildoptError if it does not."""
    reader, writer = map(above_standard, os.pipe())
    pid = os.fork()
    if pid == 0:
        _become(command, streams, setup, signals, writer)
    os.close(writer)
    try:
        setup.started(pid)
        report = _read_all(reader)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(reader)
    if report:
        os.waitpid(pid, 0)
        raise _error_of(command, report)
    return pid


def _become(
    command: Command,
    streams: ChildStreams,
    setup: ChildSetup,
    signals: SignalWatch,
    writer: int,
) -> None:
    """The child's part; never returns. Whatever fails is told through `writer`."""
    step = "streams"
    try:
        _place_streams(streams)
        _seal(command)
        restore_for_command(signals)
        step = "directory"
        if command.directory != os.getcwd():
            os.chdir(command.directory)
        step = "setup"
        setup.child_setup()
        step = "exec"
        replace_process(command.argv, command.environment)
    except BaseException as error:  # noqa: BLE001  # an observer's code may raise anything
        number = error.errno if isinstance(error, OSError) else 0
        os.write(writer, f"{step}\n{number or 0}\n{error}".encode(errors="replace"))
    finally:
        os._exit(CHILD_FAILED)


def _place_streams(streams: ChildStreams) -> None:
    if streams.own_session:
        os.setsid()
    for number, descriptor in enumerate((streams.stdin, streams.stdout, streams.stderr)):
        if descriptor is None:
            # Something of ours may have got this number; closing it could break the observer.
            with contextlib.suppress(OSError):
                os.set_inheritable(number, False)
        elif descriptor == number:
            os.set_inheritable(number, True)
        else:
            os.dup2(descriptor, number)
    if streams.own_session:
        fcntl.ioctl(STDIN, termios.TIOCSCTTY, 0)


def _seal(command: Command) -> None:
    """Let exec close what is not the command's; our own files are close-on-exec already."""
    if not command.pass_fds:
        for descriptor in _open_descriptors():
            with contextlib.suppress(OSError):
                os.set_inheritable(descriptor, False)
    for descriptor in command.lock_fds:
        os.set_inheritable(descriptor, True)


def _open_descriptors() -> Iterable[int]:
    for folder in DESCRIPTOR_FOLDERS:
        with contextlib.suppress(OSError):
            return [number for name in os.listdir(folder) if (number := int(name)) > STDERR]
    return range(STDERR + 1, HIGHEST_GUESSED_DESCRIPTOR)


def _read_all(descriptor: int) -> bytes:
    data = b""
    while piece := os.read(descriptor, 4096):
        data += piece
    return data


def _error_of(command: Command, report: bytes) -> BuildoptError:
    step, number, text = report.decode(errors="replace").split("\n", 2)
    if step == "exec" and int(number):
        return start_error(command.argv, command.environment, int(number))
    if step == "directory":
        return BuildoptError(
            f"cannot enter the directory `{command.directory}`: {os.strerror(int(number))}",
            hint="does it still exist, and may you enter it?",
            slug="directory-not-entered",
        )
    return BuildoptError(
        f"cannot start `{command.argv[0]}`: {text}",
        hint="`buildopt doctor` says what works here; `--observe off` runs it unwatched",
        slug="command-not-started",
    )
