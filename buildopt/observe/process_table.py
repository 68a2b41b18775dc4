"""The processes of a run, collected while they come and go."""

from __future__ import annotations

from buildopt.model import Process
from buildopt.observe.roster import Roster

Fields = tuple[int, int, tuple[str, ...], int, int, float, int, int | None]
"""A process in plain values, in the order of `Process`."""


class ProcessTable:
    """One row a process; a later program of the same process keeps its start.

    `roster` is told who lives.
    """

    def __init__(self, roster: Roster | None = None) -> None:
        self._roster = roster or Roster("")
        self._rows: dict[tuple[int, int], Process] = {}
        self._alive: dict[int, tuple[int, int]] = {}

    def started(self, pid: int, parent_pid: int, argv: tuple[str, ...], started_ns: int) -> None:
        """Take note of a process, or that it runs another program now."""
        key = self._alive.get(pid)
        if key is not None:
            started_ns = self._rows[key].started_ns
        else:
            self._roster.joined(pid)
        key = self._alive[pid] = (pid, started_ns)
        self._rows[key] = Process(
            pid=pid, parent_pid=parent_pid, argv=argv, started_ns=started_ns, ended_ns=started_ns
        )

    def ended(
        self, pid: int, ended_ns: int, cpu_s: float, peak_memory_bytes: int, exit_code: int | None
    ) -> None:
        """Take note of an end; of an unknown process nothing is kept."""
        key = self._alive.pop(pid, None)
        if key is None:
            return
        self._roster.left(pid)
        row = self._rows[key]
        self._rows[key] = Process(
            pid=pid,
            parent_pid=row.parent_pid,
            argv=row.argv,
            started_ns=row.started_ns,
            ended_ns=ended_ns,
            cpu_s=cpu_s,
            peak_memory_bytes=peak_memory_bytes,
            exit_code=exit_code,
        )

    def argv(self, pid: int) -> tuple[str, ...]:
        """Arguments of a living process; empty where it is not known."""
        key = self._alive.get(pid)
        return self._rows[key].argv if key is not None else ()

    def rows(self) -> tuple[Process, ...]:
        """All processes in the order of their start."""
        return tuple(sorted(self._rows.values(), key=lambda row: (row.started_ns, row.pid)))


def fields_of(process: Process) -> Fields:
    """A process in plain values."""
    return (
        process.pid,
        process.parent_pid,
        process.argv,
        process.started_ns,
        process.ended_ns,
        process.cpu_s,
        process.peak_memory_bytes,
        process.exit_code,
    )


def process_of(fields: Fields) -> Process:
    """The process of plain values."""
    pid, parent_pid, argv, started_ns, ended_ns, cpu_s, peak_memory_bytes, exit_code = fields
    return Process(
        pid=pid,
        parent_pid=parent_pid,
        argv=tuple(argv),
        started_ns=started_ns,
        ended_ns=ended_ns,
        cpu_s=cpu_s,
        peak_memory_bytes=peak_memory_bytes,
        exit_code=exit_code,
    )
