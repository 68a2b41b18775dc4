"""Forks a process that does one thing for a run, out of reach of what ends the run."""

from __future__ import annotations

import gc
import os
import resource
import signal
from collections.abc import Callable, Iterable
from typing import NoReturn

IGNORED = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP,
    signal.SIGPIPE, signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip
"""What a terminal, a session or a user sends to end or stop a build: it must be served on."""


def fork_helper(run: Callable[[], None], *, keeping: Iterable[int]) -> int:
    """Process id of a child that does `run` and ends, with only these descriptors open."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
    try:
        pid = os.fork()
        if pid == 0:
            _run_alone(run, sorted(keeping))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _run_alone(run: Callable[[], None], descriptors: list[int]) -> NoReturn:
    try:
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        os.setpgid(0, 0)
        _close_all_but(descriptors)
        _raise_descriptor_limit()
        # What was there before the fork is never freed: leave its pages shared.
        gc.freeze()
        run()
    finally:
        os._exit(0)


def _close_all_but(descriptors: list[int]) -> None:
    """Close what was inherited: a pipe held open here would keep its reader waiting."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        if standard not in descriptors:
            os.dup2(nothing, standard)
    lowest = 3
    for descriptor in descriptors:
        os.closerange(lowest, descriptor)
        lowest = max(lowest, descriptor + 1)
    os.closerange(lowest, os.sysconf("SC_OPEN_MAX"))


def _raise_descriptor_limit() -> None:
    """Allow one descriptor for each process of the run."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
