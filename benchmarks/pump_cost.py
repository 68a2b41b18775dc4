"""Measures what it costs to pass a command's output on: CPU of our process for each byte.

python benchmarks/pump_cost.py                              as a Markdown table
python benchmarks/pump_cost.py --megabytes 100 --pairs 3    roughly, in half a minute

Ours is a process that does what `buildopt run` does around a command (`execute`, with the status
line on and a terminal as stderr); the baseline is `cat` in the same place. Both pass the same bytes
from the same writer to the same reader, in turns, and only their own user and system time counts.
With `a terminal` all three of our streams are one; the system works for each byte that goes through
one, and whoever reads or writes pays for it, `cat` as well.

It calls itself: `--pump RESULT COMMAND…` is our process, `--write BYTES SIZE` the writer.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import resource
import statistics
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from main_job import describe_machine

TARGET_NS = 5.0
"""CPU for a byte of output in large writes, at most."""
HEADER = """\
| output | CPU a byte: ours (min–max) | CPU a byte: `cat` (min–max) | target | holds |
| --- | --- | --- | --- | --- |"""


class Case(NamedTuple):
    """One kind of output: through a pipe or a terminal, in writes of so many bytes."""

    title: str
    is_terminal: bool
    write_bytes: int
    share: float
    """Of the bytes asked for: what is slow by itself gets by with fewer."""
    target_ns: float | None


CASES = (
    Case("a pipe, writes of 64 KiB", False, 1 << 16, 1.0, TARGET_NS),
    Case("a pipe, writes of 64 KiB, all of it recorded", False, 1 << 16, 0.06, TARGET_NS),
    Case("a pipe, writes of a line of 80 bytes", False, 80, 0.1, None),
    Case("a terminal, writes of 64 KiB", True, 1 << 16, 0.2, TARGET_NS),
    Case("a terminal, writes of a line of 80 bytes", True, 80, 0.05, None),
)


def main() -> None:
    """Measure and print, or be one of the processes of a measurement."""
    if sys.argv[1:2] == ["--write"]:
        _write(int(sys.argv[2]), int(sys.argv[3]))
        return
    if sys.argv[1:2] == ["--pump"]:
        _pump(sys.argv[2], tuple(sys.argv[3:]))
        return
    options = _options()
    machine = describe_machine(Path.cwd()) | {"load average before": f"{os.getloadavg()[0]:.1f}"}
    print("\n".join(f"{name}: {value}" for name, value in machine.items()), HEADER, sep="\n\n")
    for case in CASES:
        size_bytes = int(options.megabytes * 1_000_000 * case.share)
        turns = [_turn(case, size_bytes) for _ in range(options.pairs)]
        print(_row(case, size_bytes, turns), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=1000, help="of the largest case (1000)")
    parser.add_argument("--pairs", type=int, default=5, help="turns of each side (5)")
    return parser.parse_args()


def _row(case: Case, size_bytes: int, turns: list[tuple[float, float]]) -> str:
    ours, base = zip(*turns, strict=True)
    target, holds = "–", "–"
    if case.target_ns is not None:
        is_met = statistics.median(ours) <= case.target_ns
        target, holds = f"≤ {case.target_ns:g} ns", "yes" if is_met else "**no**"
    title = f"{case.title}, {size_bytes / 1e6:,.0f} MB ({len(turns)} pairs)"
    return f"| {title} | {_span(ours)} | {_span(base)} | {target} | {holds} |"


def _span(costs_ns: tuple[float, ...]) -> str:
    low, middle, high = min(costs_ns), statistics.median(costs_ns), max(costs_ns)
    return f"{middle:.2f} ns ({low:.2f}–{high:.2f})"


def _turn(case: Case, size_bytes: int) -> tuple[float, float]:
    """Nanoseconds of CPU for a byte: ours, and `cat`'s."""
    return _cost_of_ours(case, size_bytes), _cost_of_cat(case, size_bytes)


def _cost_of_ours(case: Case, size_bytes: int) -> float:
    with _terminal() as terminal, _output(case, terminal) as stdout:
        reader, writer = os.pipe()
        argv = [sys.executable, __file__, "--pump", str(writer), *_writer(case, size_bytes)]
        stdin = os.dup(terminal) if case.is_terminal else os.open(os.devnull, os.O_RDONLY)
        pid = _start(argv, stdin, stdout, terminal, keep=writer)
        os.close(writer)
        with open(reader) as result:
            spent_s = float(result.read())
        _, status = os.waitpid(pid, 0)
        assert status == 0, status
    return spent_s / size_bytes * 1e9


def _cost_of_cat(case: Case, size_bytes: int) -> float:
    with _terminal() as terminal, _output(case, terminal) as stdout:
        source, end = pty.openpty() if case.is_terminal else os.pipe()
        null = os.open(os.devnull, os.O_RDONLY)
        writer = _start(_writer(case, size_bytes), null, end, end)
        pid = _start(["cat"], source, stdout, terminal)
        os.close(end)
        _, _, usage = os.wait4(pid, 0)
        os.waitpid(writer, 0)
    return (usage.ru_utime + usage.ru_stime) / size_bytes * 1e9


def _writer(case: Case, size_bytes: int) -> list[str]:
    return [sys.executable, __file__, "--write", str(size_bytes), str(case.write_bytes)]


def _write(size_bytes: int, write_bytes: int) -> None:
    line = b"x" * 79 + b"\n"
    data = (line * (write_bytes // len(line) + 1))[: write_bytes - 1] + b"\n"
    for _ in range(size_bytes // write_bytes):
        os.write(1, data)


def _pump(result: str, argv: tuple[str, ...]) -> None:
    """Run the command as `buildopt run` does, and tell what that cost this process."""
    from buildopt.execute.command import Command, Unobserved
    from buildopt.execute.process import execute
    from buildopt.execute.status_line import Status

    command = Command(argv=argv, directory=os.getcwd(), environment=os.environ)
    before = resource.getrusage(resource.RUSAGE_SELF)
    execute(command, Unobserved(), Status("pump", usual_s=1.0))
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    os.write(int(result), b"%f" % spent_s)


def _start(argv: list[str], stdin: int, stdout: int, stderr: int, keep: int = -1) -> int:
    """Start a process that leads a session, on the terminal that its stderr may be.

    `stdin` is closed here; `keep` stays open in the process.
    """
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for number, descriptor in enumerate((stdin, stdout, stderr)):
            os.dup2(descriptor, number)
        with contextlib.suppress(OSError):  # no terminal
            fcntl.ioctl(2, termios.TIOCSCTTY, 0)
        if keep >= 0:
            os.set_inheritable(keep, True)
        os.execvp(argv[0], argv)
    os.close(stdin)
    return pid


@contextlib.contextmanager
def _terminal() -> Iterator[int]:
    """A terminal on which somebody looks at what is written."""
    master, slave = pty.openpty()
    thread = threading.Thread(target=_read_all, args=(master,))
    thread.start()
    try:
        yield slave
    finally:
        os.close(slave)
        thread.join()


@contextlib.contextmanager
def _output(case: Case, terminal: int) -> Iterator[int]:
    """Where the output goes: to the terminal, or into a pipe that is read."""
    if case.is_terminal:
        yield terminal
        return
    reader, writer = os.pipe()
    thread = threading.Thread(target=_read_all, args=(reader,))
    thread.start()
    try:
        yield writer
    finally:
        os.close(writer)
        thread.join()


def _read_all(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # EIO: the end of a terminal
        while os.read(descriptor, 1 << 16):
            pass
    os.close(descriptor)


if __name__ == "__main__":
    main()
