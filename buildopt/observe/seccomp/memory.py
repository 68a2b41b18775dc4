"""Reads the memory of an observed process: the texts and structures that its calls point to."""

from __future__ import annotations

import errno
import os

USUAL_TEXT_BYTES = 256
"""Longer than nearly every path, and short enough to be read as fast as a shorter one."""

LONGEST_TEXT_BYTES = 4096
"""PATH_MAX of `linux/limits.h`, with the NUL; the kernel takes no longer path."""

FIRST_PAGE_BYTES = 4096
"""No process can have memory mapped below, so the kernel finds nothing there either."""

ADDRESS_BITS = (1 << 56) - 1
"""What is above belongs to the program, on processors that let it tag its pointers."""


class DoomedCall(Exception):
    """The kernel will refuse the call: its text is too long, or at no possible address."""


class Memory:
    """The memory of one process, as it is between two of its `execve`.

    It is read through an open `/proc/<task>/mem`, which is twice as fast as `process_vm_readv`
    by ctypes. That file stays with the memory that was there when it was opened: `forget` must
    be called when the process may become another program.
    """

    __slots__ = ("_file",)

    def __init__(self) -> None:
        self._file = -1

    def text(self, task: int, address: int) -> bytes:
        """The bytes from `address` up to a NUL; raises OSError, DoomedCall."""
        data = self._read(task, address, USUAL_TEXT_BYTES)
        end = data.find(0)
        if end < 0:
            data = self._long(task, address, data)
            end = data.find(0)
        if end < 0:
            raise DoomedCall
        return data[:end]

    def block(self, task: int, address: int, size_bytes: int) -> bytes:
        """Exactly so many bytes; raises OSError, DoomedCall."""
        data = self._read(task, address, size_bytes)
        while len(data) < size_bytes:
            data += self._read(task, address + len(data), size_bytes - len(data))
        return data

    def forget(self) -> None:
        """Let go of the memory; the next read looks for it anew."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _long(self, task: int, address: int, begin: bytes) -> bytes:
        """Up to the longest text; a read that meets the end of what is mapped gives less."""
        data = begin
        while len(data) < LONGEST_TEXT_BYTES and b"\0" not in data:
            data += self._read(task, address + len(data), LONGEST_TEXT_BYTES - len(data))
        return data

    def _read(self, task: int, address: int, size_bytes: int) -> bytes:
        address &= ADDRESS_BITS
        if address < FIRST_PAGE_BYTES:
            raise DoomedCall
        if self._file >= 0:
            data = os.pread(self._file, size_bytes, address)
            if data:
                return data
        return self._read_anew(task, address, size_bytes)

    def _read_anew(self, task: int, address: int, size_bytes: int) -> bytes:
        self.forget()
        self._file = os.open(f"/proc/{task}/mem", os.O_RDONLY | os.O_CLOEXEC)
        data = os.pread(self._file, size_bytes, address)
        if not data:
            raise OSError(errno.ESRCH, os.strerror(errno.ESRCH))
        return data
