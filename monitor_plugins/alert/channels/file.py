"""A file that gets one JSON object a line, each in one write, so that others can follow it."""

from __future__ import annotations

import json
import os
import stat

from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel
from monitor_plugins.alert.channels import ChannelTable


class File:
    """Appends to one file, which belongs to its user alone."""

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self._path = os.path.expanduser(path)

    def send(self, notification: Notification) -> Delivery:
        """Append it, on a line of its own whatever a short write or a kill has left before it."""
        line = json.dumps({"schema": 1, **notification._asdict()}).encode() + b"\n"
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                return _append(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            return Delivery("failed", str(error))


def _append(descriptor: int, line: bytes) -> Delivery:
    state = os.fstat(descriptor)
    is_file = stat.S_ISREG(state.st_mode)
    if is_file and state.st_size and os.pread(descriptor, 1, state.st_size - 1) != b"\n":
        line = b"\n" + line
    if os.write(descriptor, line) < len(line):
        return Delivery("failed", "the disk is full")
    if is_file:
        os.fdatasync(descriptor)
    return Delivery("delivered")


def make(name: str, table: ChannelTable) -> NotificationChannel:
    """The channel of a table."""
    return File(name, str(table["path"]))
