"""The terminal of the monitor: the message on stderr, with a bell where that is wanted."""

from __future__ import annotations

import sys

from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel
from monitor_plugins.alert.channels import ChannelTable
from monitor_plugins.alert.wording import below_title


class Console:
    """Writes to stderr; nobody hears it where that is closed."""

    def __init__(self, name: str, *, has_bell: bool) -> None:
        self.name = name
        self._bell = "\a" if has_bell else ""

    def send(self, notification: Notification) -> Delivery:
        """Write it."""
        if sys.stderr is None:
            return Delivery("delivered", "stderr is closed")
        encoding = sys.stderr.encoding or "ascii"
        below = below_title(notification.title, notification.text)
        text = f"{self._bell}buildopt: {notification.title}\n{below}\n"
        try:
            sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
            sys.stderr.flush()
        except (OSError, ValueError) as error:
            return Delivery("refused", str(error))
        return Delivery("delivered")


def make(name: str, table: ChannelTable) -> NotificationChannel:
    """The channel of a table."""
    return Console(name, has_bell=bool(table.get("bell", False)))
