"""A client's side of the conversation with the main process; see `requests.py` for the other.

    client   its standard streams; (kind, words, directory, environment, umask, pid, numbers)
    main     the streams to use; (TO_RUN, numbers, how to start it), (ANSWERED, …) or (PLAINLY, …)
    client   after TO_RUN: (wait status, seconds of CPU, kibibytes of memory)
    main     an empty message: all of it is passed on and recorded

Imports built-in modules only, as all that a client needs.
"""

from __future__ import annotations

import _socket
import marshal
import posix

from buildopt import frames

ACTIVE = b"BUILDOPT_ACTIVE"
ANSWERED, TO_RUN, PLAINLY = range(3)
"""What is to be done: nothing more, run it here, or go on as if there were no main process."""
INT_BYTES = 4

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Start = tuple[tuple[str, ...], str, dict[bytes, bytes], bool]
    """See `requests.Start`."""
    Reply = tuple[int, dict[int, int], Any]  # Any: a Start, for a `run`
    """What is to be done, and for TO_RUN between which descriptors."""


def address_of(active_id: bytes) -> bytes:
    """The name in the abstract namespace at which the main process listens."""
    return b"\0" + frames.STEPS_PREFIX.encode() + active_id


def connect() -> _socket.socket | None:
    """The way to the main process; None where nobody listens."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(address_of(posix.environ[ACTIVE]))
    except OSError:
        return None
    return connection


def ask(
    connection: _socket.socket, kind: str, words: list[str], environment: dict[bytes, bytes]
) -> Reply:
    """Ask about a step; raises OSError, EOFError or ValueError where no answer comes."""
    standard = [descriptor for descriptor in range(3) if _is_open(descriptor)]
    _send_descriptors(connection, standard)
    umask = posix.umask(0)
    posix.umask(umask)
    request = (kind, words, posix.getcwd(), environment, umask, posix.getpid(), standard)
    frames.send(connection, marshal.dumps(request))
    descriptors = _receive_descriptors(connection)
    answer = frames.receive(connection)
    if answer is None:
        raise EOFError
    what, numbers, start = marshal.loads(answer)
    return what, dict(zip(numbers, descriptors, strict=True)), start


def tell_end(connection: _socket.socket, ended: tuple[int, float, int]) -> None:
    """Tell how the step ended, and wait until all of it is passed on and recorded."""
    try:
        frames.send(connection, marshal.dumps(ended))
        frames.receive(connection)
    except OSError:
        pass


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
