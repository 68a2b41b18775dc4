"""Which further files the kernel opens when a program is executed.

It opens the interpreter that a `#!` line names and the loader that an ELF file names without a
system call of anybody, so neither can be seen; they are read from the file, as the kernel does.
"""

from __future__ import annotations

import os
import stat
import struct
from typing import Literal, NamedTuple

HEAD_BYTES = 4096
"""How much of a file is looked at first: a page holds the program headers of usual files."""

SCRIPT_HEAD_BYTES = 256
"""BINPRM_BUF_SIZE: as far as the kernel looks for a `#!` line's end."""

DEEPEST_NESTING = 5
"""Scripts whose interpreter is a script: the kernel gives up behind as many."""

BINARY_FORMATS = "/proc/sys/fs/binfmt_misc"
PROGRAM_HEADER_INTERPRETER = 3
ELF64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"

Via = Literal["script", "loader"]


class Interpreter(NamedTuple):
    """A file that the kernel opens: as a script's interpreter, or as a program's loader.

    `path` is as the file names it, so it may be relative to the working directory.
    """

    path: str
    via: Via


class UnreadableProgram(Exception):
    """The file can be executed but not read, so what it needs is not known."""


class ForeignProgram(Exception):
    """The file may be run by an interpreter that only the kernel's settings name."""


class Interpreters:
    """Looks into executed files, into each version of one only once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, int], Interpreter | None] = {}

    def of(self, path: str) -> Interpreter | None:
        """What the file at `path` is run by, if that is another file."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode) or not status.st_mode & 0o111:
            return None
        version = (status.st_dev, status.st_ino, status.st_ctime_ns, status.st_mtime_ns)
        if version not in self._known:
            self._known[version] = _read_interpreter(path)
        return self._known[version]


def _read_interpreter(path: str) -> Interpreter | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError as error:
        raise UnreadableProgram(path) from error
    except OSError:
        return None
    try:
        head = os.pread(descriptor, HEAD_BYTES, 0)
        if head.startswith(b"#!"):
            return _of_script(head)
        if head.startswith(ELF64_LITTLE_ENDIAN):
            return _of_program(descriptor, head)
    finally:
        os.close(descriptor)
    if _has_binary_formats():
        raise ForeignProgram(path)
    return None


def _of_script(head: bytes) -> Interpreter | None:
    line = head[2:SCRIPT_HEAD_BYTES].split(b"\n", 1)[0].split(b"\0", 1)[0]
    words = line.split()
    return Interpreter(os.fsdecode(words[0]), "script") if words else None


def _of_program(descriptor: int, head: bytes) -> Interpreter | None:
    """Find PT_INTERP among the program headers of a 64-bit ELF file; see elf(5)."""
    if len(head) < 64:
        return None
    (table_offset,) = struct.unpack_from("<Q", head, 32)
    entry_bytes, count = struct.unpack_from("<HH", head, 54)
    table = os.pread(descriptor, entry_bytes * count, table_offset)
    for at in range(0, len(table) - 55, max(entry_bytes, 56)):
        kind, _, offset, _, _, size_bytes = struct.unpack_from("<IIQQQQ", table, at)
        if kind == PROGRAM_HEADER_INTERPRETER:
            name = os.pread(descriptor, min(size_bytes, 4096), offset)
            return Interpreter(os.fsdecode(name.split(b"\0", 1)[0]), "loader")
    return None


def _has_binary_formats() -> bool:
    try:
        return bool({*os.listdir(BINARY_FORMATS)} - {"register", "status"})
    except OSError:
        return False
