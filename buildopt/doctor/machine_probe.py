"""The system that this call runs on, and whether it lets commands be watched."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping

import buildopt
from buildopt.doctor.facts import Machine, Watching
from buildopt.execute.environment import ACTIVE
from buildopt.observe.seccomp.self_test import is_available, must_supervise_in_thread

INOTIFY = "/proc/sys/fs/inotify"


def look_at_machine() -> Machine:
    """Kernel, limits, and versions of ourselves."""
    system = platform.uname()
    return Machine(
        system=system.system,
        kernel_release=system.release,
        architecture=system.machine,
        max_user_watches=_number(f"{INOTIFY}/max_user_watches"),
        max_user_instances=_number(f"{INOTIFY}/max_user_instances"),
        buildopt_version=buildopt.__version__,
        buildopt_folder=os.path.dirname(os.path.abspath(buildopt.__file__)),
        python_version=platform.python_version(),
        python_program=sys.executable,
    )


def look_at_watching(environ: Mapping[str, str], remembered: tuple[str, str | None]) -> Watching:
    """Watch one call of a child now; `remembered` is where `run` keeps its answer, and which."""
    return Watching(
        refusal=_refusal(),
        remembered_path=remembered[0],
        remembered_refusal=remembered[1],
        supervises_in_thread=sys.platform == "linux" and must_supervise_in_thread(),
        outer_run=environ.get(ACTIVE, ""),
        tracer=_tracer(),
    )


def _refusal() -> str:
    try:
        works, reason = is_available()
    except OSError as error:  # no process or no memory for the attempt
        return error.strerror or str(error)
    return "" if works else reason or "refused"


def _tracer() -> str:
    """`strace (12)`: who traces this process by ptrace, or empty."""
    try:
        with open("/proc/self/status", encoding="utf-8", errors="replace") as lines:
            number = next(line.split()[1] for line in lines if line.startswith("TracerPid:"))
    except (OSError, StopIteration):
        return ""
    return f"{_name_of(number)} ({number})" if number != "0" else ""


def _name_of(process: str) -> str:
    try:
        with open(f"/proc/{process}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "a process"


def _number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None
