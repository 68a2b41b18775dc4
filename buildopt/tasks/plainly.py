"""A graph inside a watched command: its commands run one after the other, and nothing is recorded.

The run around sees all that they do.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from buildopt.cache.files import write_all
from buildopt.errors import BuildoptError
from buildopt.execute.process import SIGNAL_EXIT_BASE
from buildopt.execute.program import replace_process, start_error
from buildopt.execute.signals import IGNORED_BY_PYTHON
from buildopt.tasks.model import GraphTask, Plan
from buildopt.tasks.scheduler import Scheduler


def run_plainly(plan: Plan, environ: Mapping[str, str], *, goes_on: bool) -> int:
    """Run all; the status of the first that failed."""
    scheduler = Scheduler(plan, 1, goes_on=goes_on)
    first = 0
    while task := scheduler.next():
        status = _run(task, environ)
        first = first or status
        scheduler.ended(task.id, well=not status)
    for task in scheduler.persistent():
        first = first or _run(task, environ)
    return first


def _run(task: GraphTask, environ: Mapping[str, str]) -> int:
    pid = os.fork()
    if pid == 0:
        _become(task, environ)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return SIGNAL_EXIT_BASE - code if code < 0 else code


def _become(task: GraphTask, environ: Mapping[str, str]) -> None:
    code = 125
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        for number in IGNORED_BY_PYTHON:
            signal.signal(number, signal.SIG_DFL)
        os.chdir(task.settings.directory)
        replace_process(task.settings.command, {**environ, "PWD": task.settings.directory})
    except OSError as error:
        trouble: BuildoptError = start_error(task.settings.command, environ, error.errno or 0)
        write_all(2, f"buildopt: {trouble.message}\n".encode("utf-8", "backslashreplace"))
        code = trouble.run_exit_code
    finally:
        os._exit(code)
