"""Turns a stopped call into accesses: reads its arguments and tells the recorder.

The rows of `calls.CALLS` become functions here; `peculiar.py` has the calls that need more.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from buildopt.observe.access import Access, Operation, Recorder
from buildopt.observe.seccomp.calls import ABSENT, Call, Follows
from buildopt.observe.seccomp.flags import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_SYMLINK_FOLLOW,
    AT_SYMLINK_NOFOLLOW,
    IN_DONT_FOLLOW,
)
from buildopt.observe.seccomp.paths import (
    CleanPath,
    Deleted,
    NoPath,
    UnknownPath,
    as_seen_by,
    clean,
    file_behind,
    is_peculiar,
)
from buildopt.observe.seccomp.processes import Processes, TracedProcess
from buildopt.observe.seccomp.repeats import Repeats

SLASH = ord("/")

WORD = 0xFFFFFFFF
"""An `int` fills the lower half of an argument; whatever stands above it means nothing."""

Arguments = tuple[int, ...]
Handler = Callable[[int, TracedProcess, Arguments], None]
"""Tells what a call of a thread (its number is first) is about to do."""


class EmptyPath(NoPath):
    """The path is empty: with AT_EMPTY_PATH the descriptor itself is meant, else the call fails."""


class Decoder:
    """Reads paths out of stopped calls, and tells the recorder what is done to them."""

    def __init__(self, processes: Processes, recorder: Recorder) -> None:
        self.processes = processes
        self.recorder = recorder
        self._repeats = Repeats(recorder)
        self.tell = self._repeats.tell
        """Tells of an access; all of them are told through it."""
        self._known: dict[str, CleanPath] = {}
        self._reachable: set[str] = set()

    def forget_repeats(self) -> None:
        """Tell of everything again."""
        self._repeats.forget()

    def handler(self, call: Call) -> Handler:
        """The function for a row of the table."""
        if call.path == ABSENT:
            return self._descriptor_handler(call)
        if call.other != ABSENT:
            return self._pair_handler(call)
        return self._path_handler(call)

    def path(
        self, task: int, process: TracedProcess, folder: int, address: int, *, follows: bool
    ) -> CleanPath:
        """The path at `address`; raises NoPath, UnknownPath, OSError, DoomedCall."""
        if not address:
            raise EmptyPath
        text = os.fsdecode(process.memory.text(task, address))
        return self.named(task, process, folder, text, follows=follows)

    def named(
        self, task: int, process: TracedProcess, folder: int, text: str, *, follows: bool
    ) -> CleanPath:
        """As `path`, for a text that was read already."""
        if not text:
            raise EmptyPath
        base = ""
        if text[0] != "/":
            base = self._folder(task, process, folder, text)
            text = f"{base}/{text}"
        known = self._known.get(text)
        return known or self._examine(task, process, base, text, follows=follows)

    def text(self, task: int, process: TracedProcess, address: int) -> str:
        """The text at `address`; empty if that is NULL."""
        return os.fsdecode(process.memory.text(task, address)) if address else ""

    def file(self, task: int, process: TracedProcess, descriptor: int) -> str:
        """The path of an open file, or of the working directory; raises NoPath, UnknownPath."""
        if descriptor == AT_FDCWD:
            return process.directory(task)
        return file_behind(task, descriptor)

    def _path_handler(self, call: Call) -> Handler:
        operation, at_path, at_folder = call.operation, call.path, call.folder
        at_flags, at_mode, at_size, at_text = call.flags, call.mode, call.size, call.text
        follows_how = call.follows
        always = follows_how is Follows.ALWAYS
        never = follows_how is Follows.NEVER
        how = None if always or never else _follows_by(call)
        tell, named = self.tell, self.named
        repeats = self._repeats.of_row()
        is_open = operation is Operation.OPEN
        names_last = operation in ACT_ON_NAMES
        looks_at = Operation.STAT if operation is Operation.READLINK else operation

        def handle(task: int, process: TracedProcess, arguments: Arguments) -> None:
            follows = how(arguments) if how else always
            folder = arguments[at_folder] & WORD if at_folder >= 0 else AT_FDCWD
            flags = arguments[at_flags] & WORD if at_flags >= 0 else 0
            address = arguments[at_path]
            text = process.memory.text(task, address) if address else b""
            if not text:
                self._by_descriptor(call, task, process, arguments)
                return
            base = "/" if text[0] == SLASH else process.cwd if folder == AT_FDCWD else ""
            repeat = (text, base, follows, flags)
            if repeat in repeats:
                return
            path, must_be_folder, _ = named(
                task, process, folder, os.fsdecode(text), follows=follows
            )
            if must_be_folder and not names_last:
                follows = True
                if is_open:
                    flags |= os.O_DIRECTORY
            may_skip = tell(
                Access(
                    process.pid,
                    looks_at if must_be_folder else operation,
                    path,
                    follows,
                    flags,
                    self.text(task, process, arguments[at_text]) if at_text >= 0 else "",
                    arguments[at_mode] & WORD if at_mode >= 0 else 0,
                    arguments[at_size] if at_size >= 0 else 0,
                )
            )
            if may_skip and base and self._is_plain(base, text):
                repeats.add(repeat)

        return handle

    def _pair_handler(self, call: Call) -> Handler:
        how = _follows_by(call)

        def handle(task: int, process: TracedProcess, arguments: Arguments) -> None:
            folder = _descriptor(arguments, call.other_folder)
            address = arguments[call.other]
            other = self.path(task, process, folder, address, follows=False)
            follows = how(arguments)
            path = self._old_path(call, task, process, arguments, follows=follows)
            flags = arguments[call.flags] & WORD if call.flags >= 0 else 0
            self.tell(Access(process.pid, call.operation, path, follows, flags, other.path))
            if call.operation is Operation.RENAME and _has_folder(path, other.path):
                self.processes.doubt_directories()

        return handle

    def _descriptor_handler(self, call: Call) -> Handler:
        def handle(task: int, process: TracedProcess, arguments: Arguments) -> None:
            self._tell_of_descriptor(call, task, process, arguments)

        return handle

    def _by_descriptor(
        self, call: Call, task: int, process: TracedProcess, arguments: Arguments
    ) -> None:
        """Tell of a call without a path, if it acts on the descriptor then.

        A stat does, as `fstat` does: but for the working directory, the file was opened before.
        """
        if call.folder == ABSENT:
            return
        if call.operation is Operation.STAT and arguments[call.folder] & WORD != AT_FDCWD:
            return
        flags = arguments[call.at_flags] if call.at_flags >= 0 else 0
        is_null = not arguments[call.path]
        takes_null = call.operation is Operation.CHANGE_TIMES
        if flags & AT_EMPTY_PATH or (is_null and takes_null) or call.operation in LINK_READERS:
            self._tell_of_descriptor(call, task, process, arguments)

    def _tell_of_descriptor(
        self, call: Call, task: int, process: TracedProcess, arguments: Arguments
    ) -> None:
        path = self.file(task, process, arguments[call.folder] & WORD)
        self.tell(
            Access(
                process.pid,
                call.operation,
                path,
                False,
                0,
                self.text(task, process, arguments[call.text]) if call.text >= 0 else "",
                arguments[call.mode] & WORD if call.mode >= 0 else 0,
            )
        )

    def _old_path(
        self,
        call: Call,
        task: int,
        process: TracedProcess,
        arguments: Arguments,
        *,
        follows: bool,
    ) -> str:
        """The first path of a pair; empty for an open file without a name (O_TMPFILE)."""
        folder = _descriptor(arguments, call.folder)
        try:
            return self.path(task, process, folder, arguments[call.path], follows=follows).path
        except EmptyPath:
            if call.at_flags == ABSENT or not arguments[call.at_flags] & AT_EMPTY_PATH:
                raise
        except Deleted:
            return ""
        try:
            return self.file(task, process, folder)
        except Deleted:
            return ""

    def _folder(self, task: int, process: TracedProcess, folder: int, text: str) -> str:
        try:
            if folder == AT_FDCWD:
                base = process.cwd or process.directory(task)
            else:
                base = file_behind(task, folder)
        except Deleted as error:
            if ".." in text:
                raise UnknownPath(text) from error
            raise
        if base not in self._reachable:
            self._reach(base, text)
        return base

    def _reach(self, base: str, text: str) -> None:
        """See that we get by name where the process is; it may have got there with other rights."""
        try:
            os.stat(base)
        except PermissionError as error:
            raise UnknownPath(f"{base}/{text}") from error
        except OSError:
            return
        self._reachable.add(base)

    def _examine(
        self, task: int, process: TracedProcess, base: str, text: str, *, follows: bool
    ) -> CleanPath:
        """Clean a path that was not met before, and tell of the folders that it goes through.

        `base` is the part of it that came from `/proc` and so holds no link.
        """

        def seen(folder: str) -> str:
            if not is_peculiar(folder):
                return folder
            return as_seen_by(task, process.pid, folder, follows=True)

        try:
            path = clean(text, real_prefix=base, seen=seen)
        except NoPath as error:
            self._enter(process, error.entered)
            raise
        self._enter(process, path.entered)
        if is_peculiar(path.path):
            whole = path.path + ("/" if path.must_be_folder else "")
            return clean(as_seen_by(task, process.pid, whole, follows=follows), real_prefix="/proc")
        if ".." not in text:
            self._known[text] = path
        return path

    def _is_plain(self, base: str, text: bytes) -> bool:
        """Whether the text means the same path to each process, whatever else it goes through."""
        whole = os.fsdecode(text)
        return (whole if base == "/" else f"{base}/{whole}") in self._known

    def _enter(self, process: TracedProcess, folders: tuple[str, ...]) -> None:
        for folder in folders:
            self.tell(Access(process.pid, Operation.ENTER, folder, True))


ACT_ON_NAMES = (
    Operation.MAKE_FOLDER,
    Operation.MAKE_NODE,
    Operation.UNLINK,
    Operation.REMOVE_FOLDER,
    Operation.SYMLINK,
)
"""These never follow a link in the last component, with a slash behind it or not."""

LINK_READERS = (Operation.READLINK,)
"""An empty path means the descriptor here even without AT_EMPTY_PATH."""


def _has_folder(*paths: str) -> bool:
    return any(os.path.isdir(path) for path in paths)


def _descriptor(arguments: Arguments, index: int) -> int:
    return arguments[index] & WORD if index >= 0 else AT_FDCWD


def _follows_by(call: Call) -> Callable[[Arguments], bool]:
    at_flags, flags = call.at_flags, call.flags
    match call.follows:
        case Follows.ALWAYS:
            return lambda _: True
        case Follows.NEVER:
            return lambda _: False
        case Follows.UNLESS_ASKED:
            return lambda arguments: not arguments[at_flags] & AT_SYMLINK_NOFOLLOW
        case Follows.IF_ASKED:
            return lambda arguments: bool(arguments[at_flags] & AT_SYMLINK_FOLLOW)
        case Follows.AS_OPENED:
            return lambda arguments: follows_when_opened(arguments[flags])
        case Follows.UNLESS_MASKED:
            return lambda arguments: not arguments[flags] & IN_DONT_FOLLOW


def follows_when_opened(flags: int) -> bool:
    """Whether `open` with such flags follows a link in the last component."""
    is_new = flags & (os.O_CREAT | os.O_EXCL) == os.O_CREAT | os.O_EXCL
    return not flags & os.O_NOFOLLOW and not is_new
