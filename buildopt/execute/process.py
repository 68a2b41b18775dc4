"""Runs the wrapped command and hands back how it ended and every byte that it printed.

execute
  ├ describe_streams     what our own three are
  ├ Wiring               a pipe or pseudo-terminal for each
  ├ start                fork, exec; raises what the user can mend
  ├ StatusLine           our line on a terminal while the command is silent
  └ Attendance.attend    output, keystrokes and signals until the end
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from signal import Signals

from buildopt import terminal_line
from buildopt.execute.attendance import Attendance, Ending, Lines
from buildopt.execute.command import ChildSetup, Command
from buildopt.execute.environment import ACTIVE
from buildopt.execute.family import Family
from buildopt.execute.keyboard import Keyboard
from buildopt.execute.outlet import Outlet
from buildopt.execute.pump import Pump
from buildopt.execute.recording import Recording
from buildopt.execute.signals import SignalWatch, end_by
from buildopt.execute.start import start
from buildopt.execute.status_line import Status, StatusLine, reads_lines
from buildopt.execute.streams import (
    STDERR,
    STDIN,
    STDOUT,
    StreamKind,
    Streams,
    describe_streams,
    stdin_is_at_end,
)
from buildopt.execute.wiring import Wiring
from buildopt.model import Execution, NotStored, Usage

MAXRSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
"""Unit of `ru_maxrss`: see getrusage(2) of either system."""

SIGNAL_EXIT_BASE = 128
"""A shell shows 128 + N for a command that signal N ended."""


def execute(
    command: Command,
    setup: ChildSetup,
    status: Status | None = None,
    outlet_to: Callable[[int], Outlet] = Outlet,
    before_resize: Callable[[], None] = lambda: None,
) -> Execution:
    """Run `command` to its end; raises BuildoptError if it cannot be started.

    `status` is what our line on a terminal says meanwhile; None: there is none. `outlet_to` makes
    the way of what is for one of our streams. `before_resize` is called when our terminal has got
    another size, before the command can know.
    """
    streams = describe_streams()
    recording = Recording()
    try:
        wiring = Wiring(command, streams)
    except OSError:  # no pseudo-terminal to be had: a container without /dev/pts
        streams = _without_terminals(streams)
        wiring = Wiring(command, streams)
    stdin_reasons = _unknown_stdin(command, streams)
    keyboard = _keyboard(wiring, streams)
    try:
        # A stop concerns us where the command has a session of its own, or a line of ours shows.
        stops = wiring.has_keyboard or (status is not None and status.is_live)
        with SignalWatch(own_session=stops) as signals:
            pid = start(command, wiring.child, setup, signals)
            wiring.close_child_side()
            signals.listen()
            pump = Pump(wiring.hand_over_routes(), recording, outlet_to, command.renamed)
            line = _status_line(status, streams, pump, keyboard, wiring)
            pump.before_shown(line.make_way)
            lines = Lines(
                pump=pump,
                signals=signals,
                keyboard=keyboard,
                masters=wiring.masters,
                status=line,
                before_resize=before_resize,
            )
            ending = _attend(_family(pid, command, wiring), lines)
    finally:
        wiring.close()
    if keyboard is not None and keyboard.was_used:
        stdin_reasons = (NotStored(kind="stdin", subject="terminal"),)
    return _execution(ending, recording, stdin_reasons)


def end_like(exit_code: int, signal: int | None) -> int:
    """End this process by the signal that ended the command, or return its exit status."""
    if signal:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            with contextlib.suppress(OSError):
                stream.flush()
        end_by(signal)
    return exit_code


def _attend(family: Family, lines: Lines) -> Ending:
    attendance = Attendance(family, lines)
    try:
        return attendance.attend()
    finally:
        attendance.close()


def _without_terminals(streams: Streams) -> Streams:
    """The streams with every terminal taken for a pipe: it works, without colours."""
    kinds: dict[str, StreamKind] = {
        name: "pipe"
        for name in ("stdin", "stdout", "stderr")
        if getattr(streams, name) == "terminal"
    }
    return replace(streams, **kinds)  # type: ignore[arg-type]  # is_joined is not among them


def _keyboard(wiring: Wiring, streams: Streams) -> Keyboard | None:
    if not wiring.has_keyboard:
        return None
    return Keyboard(wiring.masters[STDIN], in_pipeline=streams.stdout == "pipe")


def _status_line(
    status: Status | None, streams: Streams, pump: Pump, keyboard: Keyboard | None, wiring: Wiring
) -> StatusLine:
    outlet = pump.outlet(STDOUT if streams.is_joined else STDERR)

    def is_calm() -> bool:
        is_ours = reads_lines(STDERR) if keyboard is None else keyboard.is_held
        is_ours = is_ours and terminal_line.is_in_foreground()
        return is_ours and all(map(reads_lines, wiring.masters.values()))

    return StatusLine(status, outlet if streams.stderr == "terminal" else None, is_calm)


def _family(pid: int, command: Command, wiring: Wiring) -> Family:
    value = command.environment.get(ACTIVE, "")
    is_own = value and value != os.environ.get(ACTIVE)
    return Family(
        pid,
        terminal=wiring.masters[STDIN] if wiring.has_keyboard else None,
        marker=os.fsencode(f"{ACTIVE}={value}") if is_own else b"",
    )


def _unknown_stdin(command: Command, streams: Streams) -> tuple[NotStored, ...]:
    """Why the command's stdin cannot be part of a record, as far as known before it starts."""
    if command.stdin == "inherit" and streams.stdin == "pipe" and not stdin_is_at_end():
        return (NotStored(kind="stdin", subject="pipe"),)
    return ()


def _execution(
    ending: Ending, recording: Recording, not_stored: tuple[NotStored, ...]
) -> Execution:
    exit_code = os.waitstatus_to_exitcode(ending.wait_status)
    number = max(0, -exit_code)
    return Execution(
        exit_code=SIGNAL_EXIT_BASE + number if number else exit_code,
        signal=number,
        usage=_usage(ending),
        chunks=recording.chunks(),
        not_stored=(*not_stored, *_reasons(ending, recording)),
    )


def _usage(ending: Ending) -> Usage:
    spent = ending.usage
    return Usage(
        duration_s=ending.duration_s,
        cpu_s=spent.ru_utime + spent.ru_stime,
        peak_memory_bytes=spent.ru_maxrss * MAXRSS_UNIT_BYTES,
    )


def _reasons(ending: Ending, recording: Recording) -> Iterator[NotStored]:
    if ending.asked_to_end:
        yield NotStored(kind="signal", subject=Signals(ending.asked_to_end).name)
    if ending.left_survivor:
        yield NotStored(kind="survivor", subject="output")
    if recording.is_too_long:
        yield NotStored(kind="storage", subject="output")
    elif not recording.is_whole:
        yield NotStored(kind="incomplete", subject="output")
