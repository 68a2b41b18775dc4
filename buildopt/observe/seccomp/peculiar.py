"""The calls that one row of `calls.CALLS` is not enough for: a method each, of the same name."""

from __future__ import annotations

import os
import signal
import struct

from buildopt.observe.access import Access, Operation
from buildopt.observe.seccomp.decoder import (
    WORD,
    Arguments,
    Decoder,
    EmptyPath,
    follows_when_opened,
)
from buildopt.observe.seccomp.flags import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_REMOVEDIR,
    AT_SYMLINK_NOFOLLOW,
    CLONE_FS,
    CLONE_THREAD,
    NEW_NAMESPACE,
    RESOLVE_BENEATH,
    RESOLVE_IN_ROOT,
    RESOLVE_NO_SYMLINKS,
    SA_RESTART,
)
from buildopt.observe.seccomp.interpreters import (
    DEEPEST_NESTING,
    ForeignProgram,
    Interpreters,
    UnreadableProgram,
)
from buildopt.observe.seccomp.paths import CleanPath, UnknownPath
from buildopt.observe.seccomp.processes import TracedProcess
from buildopt.observe.seccomp.sockets import (
    LONGEST_ADDRESS_BYTES,
    Address,
    is_listened_at,
    is_local,
    parse,
)

MESSAGE_BYTES, MESSAGE_VECTOR_BYTES = 56, 64
"""Sizes of `struct msghdr` and `struct mmsghdr`; the first two fields are address and length."""

UNCHANGED = WORD
"""-1 in place of a user leaves that one as it is."""

MOST_MESSAGES = 1024
"""UIO_MAXIOV: the kernel sends no more messages in one `sendmmsg`."""


class RefusedCall(Exception):
    """The recorder does not let the call be executed: a connection that is not allowed."""


class NamespaceChange(Exception):
    """From here on a path may mean another file to the run than to us."""


class PeculiarCalls:
    """Handlers as `decoder.Handler` describes them."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._recorder = decoder.recorder
        self._processes = decoder.processes
        self._interpreters = Interpreters()
        self._bound: set[str] = set()

    def creat(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """`open` with fixed flags."""
        path = self._decoder.path(task, process, AT_FDCWD, arguments[0], follows=True)
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        self._open(process, path, flags, arguments[1] & WORD)

    def openat2(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """`openat` whose flags stand in memory."""
        how = process.memory.block(task, arguments[2], 24)
        flags, mode, resolve = struct.unpack("QQQ", how)
        if resolve & RESOLVE_IN_ROOT:
            raise UnknownPath(self._decoder.text(task, process, arguments[1]))
        folder = arguments[0] & WORD
        follows = follows_when_opened(flags)
        path = self._decoder.path(task, process, folder, arguments[1], follows=follows)
        if resolve & (RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH):
            self._enter_all(process, path.path)
        self._open(process, path, flags & WORD, mode & WORD)

    def open_by_handle_at(self, *_: object) -> None:
        """Open a file whose path nobody names."""
        raise UnknownPath("open_by_handle_at")

    def unlinkat(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """`unlink` or `rmdir`."""
        folder = arguments[0] & WORD
        path = self._decoder.path(task, process, folder, arguments[1], follows=False).path
        is_folder = arguments[2] & AT_REMOVEDIR
        operation = Operation.REMOVE_FOLDER if is_folder else Operation.UNLINK
        self._decoder.tell(Access(process.pid, operation, path, False))

    def rt_sigaction(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Set what a signal does: of handlers it matters whether they restart calls."""
        handler, flags = struct.unpack("QQ", process.memory.block(task, arguments[1], 16))
        restarts = handler in (signal.SIG_DFL, signal.SIG_IGN) or bool(flags & SA_RESTART)
        process.handles(arguments[0] & WORD, restarts=restarts)

    def execve(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Become a program."""
        try:
            path = self._decoder.path(task, process, AT_FDCWD, arguments[0], follows=True).path
        finally:
            self._processes.executes(process)
        self._execute(task, process, path, follows=True)

    def execveat(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Become a program, named below a folder or by its descriptor."""
        follows = not arguments[4] & AT_SYMLINK_NOFOLLOW
        folder = arguments[0] & WORD
        try:
            path = self._decoder.path(task, process, folder, arguments[1], follows=follows).path
        except EmptyPath:
            if not arguments[4] & AT_EMPTY_PATH:
                raise
            path = self._decoder.file(task, process, folder)
        finally:
            self._processes.executes(process)
        self._execute(task, process, path, follows=follows)

    def chdir(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Change the working directory."""
        process.moves(task)
        path = self._decoder.path(task, process, AT_FDCWD, arguments[0], follows=True).path
        self._decoder.tell(Access(process.pid, Operation.CHANGE_FOLDER, path, True))

    def fchdir(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Change the working directory to an open folder."""
        process.moves(task)
        path = self._decoder.file(task, process, arguments[0] & WORD)
        self._decoder.tell(Access(process.pid, Operation.CHANGE_FOLDER, path, True))

    def unshare(self, _task: int, _process: TracedProcess, arguments: Arguments) -> None:
        """Enter new namespaces, or stop sharing the working directory with other threads."""
        if arguments[0] & NEW_NAMESPACE:
            raise NamespaceChange
        self._processes.doubt_directories()

    def clone(self, _task: int, _process: TracedProcess, arguments: Arguments) -> None:
        """Start a process in new namespaces, or share the working directory unusually."""
        self._new_process(arguments[0] & NEW_NAMESPACE & ~0xFF, arguments[0])

    def clone3(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """As `clone`, with the flags in memory."""
        (flags,) = struct.unpack("Q", process.memory.block(task, arguments[0], 8))
        self._new_process(flags & NEW_NAMESPACE, flags)

    def exit(self, task: int, process: TracedProcess, _: Arguments) -> None:
        """End a thread."""
        self._processes.thread_exits(process, task)

    def exit_group(self, _: int, process: TracedProcess, arguments: Arguments) -> None:
        """End a process."""
        self._processes.exits(process, arguments[0] & 0xFF)

    def setuid(self, _task: int, _process: TracedProcess, arguments: Arguments) -> None:
        """Become another user."""
        self._become(arguments[:1])

    setfsuid = setuid

    def setreuid(self, _task: int, _process: TracedProcess, arguments: Arguments) -> None:
        """Become another user in some respects."""
        self._become(arguments[:2])

    def setresuid(self, _task: int, _process: TracedProcess, arguments: Arguments) -> None:
        """Become another user in some respects."""
        self._become(arguments[:3])

    def connect(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Connect a socket."""
        self._turn_to(task, process, arguments[1], arguments[2] & WORD)

    def bind(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Give a socket its address."""
        address = self._address(task, process, arguments[1], arguments[2] & WORD)
        if address is None:
            return
        self._bound.add(address.text)
        if address.path:
            access = Access(process.pid, Operation.BIND, address.path, False)
            self._decoder.tell(access)

    def sendto(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Send to an address."""
        self._turn_to(task, process, arguments[4], arguments[5] & WORD)

    def sendmsg(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Send, perhaps to an address that stands in memory."""
        if arguments[1]:
            self._send_messages(task, process, arguments[1], MESSAGE_BYTES, 1)

    def sendmmsg(self, task: int, process: TracedProcess, arguments: Arguments) -> None:
        """Send several messages, each perhaps to an address of its own."""
        count = min(arguments[2] & WORD, MOST_MESSAGES)
        if arguments[1]:
            self._send_messages(task, process, arguments[1], MESSAGE_VECTOR_BYTES, count)

    def _open(self, process: TracedProcess, path: CleanPath, flags: int, mode: int) -> None:
        follows = follows_when_opened(flags) or path.must_be_folder
        flags |= os.O_DIRECTORY if path.must_be_folder else 0
        access = Access(process.pid, Operation.OPEN, path.path, follows, flags, "", mode)
        self._decoder.tell(access)

    def _enter_all(self, process: TracedProcess, path: str) -> None:
        """Tell of all folders above, since the call fails where one of them becomes a link."""
        while (path := os.path.dirname(path)) != "/":
            self._decoder.tell(Access(process.pid, Operation.ENTER, path, False))

    def _execute(self, task: int, process: TracedProcess, path: str, *, follows: bool) -> None:
        """Tell of a program, and of what the kernel opens to run it, recursively."""
        operation = Operation.EXECUTE
        for _ in range(DEEPEST_NESTING + 2):
            self._decoder.tell(Access(process.pid, operation, path, follows))
            try:
                interpreter = self._interpreters.of(path)
            except UnreadableProgram:
                self._recorder.incomplete("incomplete", path)
                return
            except ForeignProgram:
                self._recorder.incomplete("incomplete", "architecture")
                return
            if interpreter is None or operation is Operation.LOAD:
                return
            operation = Operation.LOAD if interpreter.via == "loader" else Operation.EXECUTE
            named = self._decoder.named(task, process, AT_FDCWD, interpreter.path, follows=True)
            path, follows = named.path, True

    def _new_process(self, new_namespaces: int, flags: int) -> None:
        if new_namespaces:
            raise NamespaceChange
        if flags & (CLONE_FS | CLONE_THREAD) in (CLONE_FS, CLONE_THREAD):
            self._processes.doubt_directories()

    def _become(self, users: Arguments) -> None:
        """What a process may do with other rights is not what we see with ours."""
        if not {user & WORD for user in users} <= {os.geteuid(), UNCHANGED}:
            self._recorder.incomplete("incomplete", "another user")

    def _send_messages(
        self, task: int, process: TracedProcess, address: int, size_bytes: int, count: int
    ) -> None:
        headers = process.memory.block(task, address, size_bytes * count)
        for at in range(0, len(headers), size_bytes):
            name, length = struct.unpack_from("QI", headers, at)
            self._turn_to(task, process, name, length)

    def _turn_to(self, task: int, process: TracedProcess, pointer: int, length: int) -> None:
        address = self._address(task, process, pointer, length)
        if address is not None:
            is_own = self._is_own(task, address)
            if not self._recorder.connects(process.pid, address.text, is_own=is_own):
                raise RefusedCall

    def _address(
        self, task: int, process: TracedProcess, pointer: int, length: int
    ) -> Address | None:
        if not pointer or not length:
            return None
        size_bytes = min(length, LONGEST_ADDRESS_BYTES)
        address = parse(process.memory.block(task, pointer, size_bytes))
        if address is None or not address.path:
            return address
        named = self._decoder.named(task, process, AT_FDCWD, address.path, follows=True)
        return Address("unix:" + named.path, path=named.path)

    def _is_own(self, task: int, address: Address) -> bool:
        if address.port < 0:
            return address.text in self._bound
        alive = [process.pid for process in self._processes.alive()]
        return is_local(address) and is_listened_at(address.port, task, alive)
