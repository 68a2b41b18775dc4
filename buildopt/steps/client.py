"""Stands in for the script shell of npm, pnpm and yarn: `buildopt -c SCRIPT`.

It runs inside the watched command, as the shell would, and asks the main process about each part
of the script: answered from a record, or to be run here. Without a main process to ask it
becomes the shell. It starts with every script, so it imports built-in modules only.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` would import enum
import _socket
import marshal
import posix

from buildopt import frames
from buildopt.script_starters import starts_scripts
from buildopt.steps.script import parts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

ACTIVE = b"BUILDOPT_ACTIVE"
SCRIPT_SHELL = b"npm_config_script_shell"
USER_SHELL = b"BUILDOPT_SCRIPT_SHELL"
"""The script shell that the user has set."""
LISTS = b"BUILDOPT_LISTS"
PLAIN_SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "ash")
"""Shells for which a part of a list means what it means in the list."""
FORWARDED = (_signal.SIGTERM, _signal.SIGHUP)
"""No others: a handler of ours restarts no calls, so after any signal a run with one for signals
that do not end it counts as one of which calls may have failed unseen."""
LEFT_TO_CHILD = (_signal.SIGINT, _signal.SIGQUIT)
"""From the terminal: the child gets them too, and how it ends is how we end."""
SHELL_FAILED = 127
INT_BYTES = 4


def address_of(run_id: bytes) -> bytes:
    """The name in the abstract namespace at which the main process listens."""
    return b"\0buildopt-steps-" + run_id


def is_client_call(arguments: list[str]) -> bool:
    """Whether buildopt was started as a script shell."""
    return arguments[:1] == ["-c"] and len(arguments) > 1 and ACTIVE in posix.environ


def run_script(arguments: list[str]) -> int:
    """Run the script, part by part; the status to exit with."""
    for number in LEFT_TO_CHILD:
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, _signal.SIG_DFL)  # Python's own would print a traceback
    shell = posix.environ.get(USER_SHELL, b"/bin/sh").decode("utf-8", "surrogateescape")
    connection = _connect()
    if connection is None or len(arguments) != 2:
        return _become([shell, *arguments], _environment(arguments[1]))
    is_plain = shell.rpartition("/")[2] in PLAIN_SHELLS and _takes_lists_apart()
    parts = parts_of(arguments[1]) if is_plain else [arguments[1]]
    for part in parts:
        status = _run_part(connection, [shell, "-c", part], part)
        if status:
            return _end_like(status)
    return 0


def _takes_lists_apart() -> bool:
    """The setting `lists`, which the main process hands on."""
    return posix.environ.get(LISTS, b"").lower() not in (b"0", b"false", b"no", b"off")


def _connect() -> _socket.socket | None:
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(address_of(posix.environ[ACTIVE]))
    except OSError:
        return None
    return connection


def _run_part(connection: _socket.socket, argv: list[str], part: str) -> int:
    """The wait status of a part, answered or run."""
    environment = _environment(part)
    try:
        is_to_run, streams = _ask(connection, argv, environment)
    except (OSError, EOFError, ValueError):
        return _wait(_start(argv, environment, {}))[0]
    if not is_to_run:
        return 0
    pid = _start(argv, environment, streams)
    for descriptor in {*streams.values()}:
        posix.close(descriptor)
    status, cpu_s, peak_memory = _wait(pid)
    try:
        frames.send(connection, marshal.dumps((status, cpu_s, peak_memory)))
        frames.receive(connection)  # recorded, and all that it printed is passed on
    except OSError:
        pass
    return status


def _ask(
    connection: _socket.socket, argv: list[str], environment: dict[bytes, bytes]
) -> tuple[bool, dict[int, int]]:
    """Whether a part is to be run here, and between which descriptors."""
    standard = [descriptor for descriptor in range(3) if _is_open(descriptor)]
    _send_descriptors(connection, standard)
    umask = posix.umask(0)
    posix.umask(umask)
    request = (argv, posix.getcwd(), environment, umask, posix.getpid(), standard)
    frames.send(connection, marshal.dumps(request))
    descriptors = _receive_descriptors(connection)
    answer = frames.receive(connection)
    if answer is None:
        raise EOFError
    is_to_run, numbers = marshal.loads(answer)
    return is_to_run, dict(zip(numbers, descriptors, strict=True))


def _start(argv: list[str], environment: dict[bytes, bytes], streams: dict[int, int]) -> int:
    pid = posix.fork()
    if not pid:
        for number, descriptor in streams.items():
            posix.dup2(descriptor, number)
        _become(argv, environment)
    for number in FORWARDED:
        _signal.signal(number, lambda received, _: posix.kill(pid, received))
    return pid


def _become(argv: list[str], environment: dict[bytes, bytes]) -> NoReturn:
    """Become the shell; never returns."""
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    try:
        posix.execve(argv[0], argv, environment)
    except OSError as error:
        message = f"buildopt: cannot start the script shell `{argv[0]}`: {error.strerror}\n"
        posix.write(2, message.encode())
    finally:
        posix._exit(SHELL_FAILED)


def _wait(pid: int) -> tuple[int, float, int]:
    """The wait status, seconds of CPU and kibibytes of memory."""
    before = {number: _signal.signal(number, _signal.SIG_IGN) for number in LEFT_TO_CHILD}
    _, status, usage = posix.wait4(pid, 0)
    for number, handler in before.items():
        _signal.signal(number, handler)
    return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def _end_like(status: int) -> int:
    """Die by the signal that the child died of, or give back its exit status."""
    if posix.WIFSIGNALED(status):
        number = posix.WTERMSIG(status)
        if number not in (_signal.SIGKILL, _signal.SIGSTOP):
            _signal.signal(number, _signal.SIG_DFL)
        posix.kill(posix.getpid(), number)
    return posix.WEXITSTATUS(status)


def _environment(script: str) -> dict[bytes, bytes]:
    """What the script gets: without our script shell, unless it may start scripts itself."""
    theirs: dict[bytes, bytes] = dict(posix.environ)
    if starts_scripts(script):
        return theirs
    theirs.pop(SCRIPT_SHELL, None)
    user_shell = theirs.pop(USER_SHELL, None)
    if user_shell is not None:
        theirs[SCRIPT_SHELL] = user_shell
    return theirs


def _is_open(descriptor: int) -> bool:
    try:
        posix.fstat(descriptor)
    except OSError:
        return False
    return True


def _send_descriptors(connection: _socket.socket, descriptors: list[int]) -> None:
    packed = b"".join(number.to_bytes(INT_BYTES, "little") for number in descriptors)
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)] if descriptors else []
    connection.sendmsg([b"D"], rights)


def _receive_descriptors(connection: _socket.socket) -> list[int]:
    space = _socket.CMSG_SPACE(3 * INT_BYTES)
    mark, ancillary, _, _ = connection.recvmsg(1, space, _socket.MSG_CMSG_CLOEXEC)
    if not mark:
        raise EOFError
    packed = b"".join(data for _, _, data in ancillary)
    return [
        int.from_bytes(packed[start : start + INT_BYTES], "little")
        for start in range(0, len(packed), INT_BYTES)
    ]
