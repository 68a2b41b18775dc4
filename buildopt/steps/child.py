"""A client's child, which does the work of the step, and how the client ends as it did.

Imports built-in modules only, as all that a client needs.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` would import enum
import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

FORWARDED = (_signal.SIGTERM, _signal.SIGHUP)
"""No others: a handler of ours restarts no calls, so after any signal a run with one for signals
that do not end it counts as one of which calls may have failed unseen."""
LEFT_TO_CHILD = (_signal.SIGINT, _signal.SIGQUIT)
"""From the terminal: the child gets them too, and how it ends is how we end."""
NOT_STARTED = 127


def take_signals() -> None:
    """End by what the terminal sends, without Python's own traceback."""
    for number in LEFT_TO_CHILD:
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, _signal.SIG_DFL)


def start(become: Callable[[], object], streams: dict[int, int]) -> int:
    """Fork a child that calls `become`, which returns only where it failed; closes `streams`."""
    pid = posix.fork()
    if not pid:
        try:
            for number, descriptor in streams.items():
                posix.dup2(descriptor, number)
            become()
        finally:
            posix._exit(NOT_STARTED)
    for number in FORWARDED:
        _signal.signal(number, lambda received, _: posix.kill(pid, received))
    for descriptor in {*streams.values()}:
        posix.close(descriptor)
    return pid


def become_shell(argv: list[str], environment: dict[bytes, bytes]) -> NoReturn:
    """Become the shell; never returns."""
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    try:
        posix.execve(argv[0], argv, environment)
    except OSError as error:
        message = f"buildopt: cannot start the script shell `{argv[0]}`: {error.strerror}\n"
        posix.write(2, message.encode())
    finally:
        posix._exit(NOT_STARTED)


def wait(pid: int) -> tuple[int, float, int]:
    """The wait status, seconds of CPU and kibibytes of memory."""
    before = {number: _signal.signal(number, _signal.SIG_IGN) for number in LEFT_TO_CHILD}
    _, status, usage = posix.wait4(pid, 0)
    for number, handler in before.items():
        _signal.signal(number, handler)
    return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def end_like(status: int) -> int:
    """Die by the signal that the child died of, or give back its exit status."""
    if posix.WIFSIGNALED(status):
        number = posix.WTERMSIG(status)
        if number not in (_signal.SIGKILL, _signal.SIGSTOP):
            _signal.signal(number, _signal.SIG_DFL)
        posix.kill(posix.getpid(), number)
    return posix.WEXITSTATUS(status)
