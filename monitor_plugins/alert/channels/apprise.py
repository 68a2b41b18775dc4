"""Everything else (Teams, Telegram, PagerDuty …) through apprise, where it is installed.

`pip install 'buildopt[notify]'`. apprise says only whether it went well, so what fails is tried
again by our outbox, not by it.
"""

from __future__ import annotations

import importlib
from typing import Any

from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel
from monitor_plugins.alert.channels import ChannelTable

TYPES = {"info": "info", "warning": "warning", "error": "failure"}


class Apprise:
    """Sends to one address of apprise."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url

    def send(self, notification: Notification) -> Delivery:
        """Send it."""
        try:
            library: Any = importlib.import_module("apprise")  # Any: an extra without types
        except ImportError:
            return Delivery("refused", "apprise is missing: pip install 'buildopt[notify]'")
        sender = library.Apprise()
        if not sender.add(self._url):
            return Delivery("refused", "apprise does not know the address")
        is_sent = sender.notify(
            title=notification.title,
            body=notification.text,
            notify_type=TYPES[notification.severity],
        )
        return Delivery("delivered") if is_sent else Delivery("failed", "apprise could not send it")


def make(name: str, table: ChannelTable) -> NotificationChannel:
    """The channel of a table."""
    return Apprise(name, str(table["url"]))
