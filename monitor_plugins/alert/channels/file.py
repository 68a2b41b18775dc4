"""A file that gets one JSON object a line, each in one write, so that others can follow it."""

from __future__ import annotations

import json
import os

from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel
from monitor_plugins.alert.channels import ChannelTable


class File:
    """Appends to one file, which belongs to its user alone."""

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self._path = os.path.expanduser(path)

    def send(self, notification: Notification) -> Delivery:
        """Append it; what could only be written in part is written again, on a line of its own."""
        line = json.dumps({"schema": 1, **notification._asdict()}).encode() + b"\n"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                written = os.write(descriptor, line)
                if written < len(line):
                    os.write(descriptor, b"\n")
                    return Delivery("failed", "the disk is full")
            finally:
                os.close(descriptor)
        except OSError as error:
            return Delivery("failed", str(error))
        return Delivery("delivered")


def make(name: str, table: ChannelTable) -> NotificationChannel:
    """The channel of a table."""
    return File(name, str(table["path"]))
