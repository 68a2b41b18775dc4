"""Runs the wrapped command and hands back how it ended and every byte that it printed.

execute
  ├ describe_streams     what our own three are
  ├ Wiring               a pipe or pseudo-terminal for each
  ├ start                fork, exec; raises what the user can mend
  └ Attendance.attend    output, keystrokes and signals until the end
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from signal import Signals

from buildopt.execute.attendance import Attendance, Ending
from buildopt.execute.command import ChildSetup, Command
from buildopt.execute.pump import Pump
from buildopt.execute.recording import Recording
from buildopt.execute.signals import SignalWatch, end_by
from buildopt.execute.start import start
from buildopt.execute.streams import Streams, describe_streams, stdin_is_at_end
from buildopt.execute.wiring import Wiring
from buildopt.model import Execution, NotStored, Usage

MAXRSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
"""Unit of `ru_maxrss`: see getrusage(2) of either system."""

SIGNAL_EXIT_BASE = 128
"""A shell shows 128 + N for a command that signal N ended."""


def execute(command: Command, setup: ChildSetup) -> Execution:
    """Run `command` to its end; raises BuildoptError if it cannot be started."""
    streams = describe_streams()
    not_stored = _unknown_stdin(command, streams)
    recording = Recording()
    wiring = Wiring(command, streams)
    try:
        with SignalWatch(own_session=wiring.child.own_session) as signals:
            pid = start(command, wiring.child, setup, signals)
            wiring.close_child_side()
            signals.listen()
            pump = Pump(wiring.hand_over_routes(), recording)
            attendance = Attendance(pid, pump, signals)
            try:
                ending = attendance.attend()
            finally:
                attendance.close()
    finally:
        wiring.close()
    return _execution(ending, recording, not_stored)


def end_like(execution: Execution) -> int:
    """End this process by the signal that ended the command, or return its exit status."""
    if execution.signal:
        sys.stdout.flush()
        sys.stderr.flush()
        end_by(execution.signal)
    return execution.exit_code


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
