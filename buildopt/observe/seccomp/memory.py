"""Reads the memory of an observed process: the texts and structures that its calls point to."""

from __future__ import annotations

import ctypes
import errno
import os

PAGE_BYTES = 4096
"""The smallest page there is. A read that ends with it fails whole or not at all."""

LONGEST_TEXT_BYTES = 4096
"""PATH_MAX of `linux/limits.h`, with the NUL; the kernel takes no longer path."""

# PyDLL: what is copied is a page at most, which is no reason to let another thread run.
_readv = ctypes.PyDLL(None, use_errno=True).process_vm_readv
_readv.restype = ctypes.c_ssize_t
_readv.argtypes = (
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_ulong,
)


FIRST_PAGE_BYTES = 4096
"""No process can have memory mapped below, so the kernel finds nothing there either."""


class DoomedCall(Exception):
    """The kernel will refuse the call: its text is too long, or at no possible address."""


class _Vector(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_size_t), ("length", ctypes.c_size_t))


class Memory:
    """Reads of other processes through one buffer that is used again and again."""

    def __init__(self) -> None:
        self._buffer = ctypes.create_string_buffer(PAGE_BYTES + 1)
        self._local = _Vector(ctypes.addressof(self._buffer), PAGE_BYTES)
        self._remote = _Vector(0, 0)
        self._local_address = ctypes.addressof(self._local)
        self._remote_address = ctypes.addressof(self._remote)

    def text(self, task: int, address: int) -> bytes:
        """The bytes from `address` up to a NUL; raises OSError, DoomedCall."""
        text = self._text_in_page(task, address)
        if text is not None:
            return text
        return self._long_text(task, address)

    def block(self, task: int, address: int, size_bytes: int) -> bytes:
        """Exactly so many bytes; raises OSError, DoomedCall."""
        pieces = b""
        while len(pieces) < size_bytes:
            at = address + len(pieces)
            wanted = min(size_bytes - len(pieces), PAGE_BYTES - at % PAGE_BYTES)
            pieces += self._buffer.raw[: self._read(task, at, wanted)]
        return pieces

    def _text_in_page(self, task: int, address: int) -> bytes | None:
        size_bytes = self._read(task, address, PAGE_BYTES - address % PAGE_BYTES)
        buffer = self._buffer
        buffer[size_bytes] = 0  # type: ignore[call-overload]  # faster than b"\0"
        text: bytes = buffer.value
        return text if len(text) < size_bytes else None

    def _long_text(self, task: int, address: int) -> bytes:
        text = b""
        while len(text) < LONGEST_TEXT_BYTES:
            end = self._text_in_page(task, address + len(text))
            if end is not None:
                text += end
                break
            text += self._buffer.raw[: PAGE_BYTES - (address + len(text)) % PAGE_BYTES]
        if len(text) >= LONGEST_TEXT_BYTES:
            raise DoomedCall
        return text

    def _read(self, task: int, address: int, size_bytes: int) -> int:
        if address < FIRST_PAGE_BYTES:
            raise DoomedCall
        remote = self._remote
        remote.base = address
        remote.length = size_bytes
        done: int = _readv(task, self._local_address, 1, self._remote_address, 1, 0)
        if done <= 0:
            number = ctypes.get_errno() or errno.EFAULT
            raise OSError(number, os.strerror(number))
        return done
