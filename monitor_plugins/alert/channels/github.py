"""In GitHub Actions: an annotation on stdout, and the whole text in the step's summary."""

from __future__ import annotations

import os
import sys

from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel
from monitor_plugins.alert.channels import ChannelTable

WORDS = {"info": "notice", "warning": "warning", "error": "error"}


class GitHub:
    """Writes what the runner reads."""

    def __init__(self, name: str, summary_path: str) -> None:
        self.name = name
        self._summary_path = summary_path

    def send(self, notification: Notification) -> Delivery:
        """Annotate; the summary is optional."""
        title = _property(notification.title)
        line = f"::{WORDS[notification.severity]} title={title}::{_data(notification.text)}\n"
        try:
            if sys.stdout is not None:
                sys.stdout.write(line)
                sys.stdout.flush()
            if self._summary_path:
                text = notification.text.replace("```", "'''")
                with open(self._summary_path, "a", encoding="utf-8") as summary:
                    summary.write(f"### {notification.title}\n\n```\n{text}\n```\n")
        except (OSError, ValueError) as error:
            return Delivery("failed", str(error))
        return Delivery("delivered")


def _data(text: str) -> str:
    """As the runner's own toolkit escapes a message: a line of a stranger is no command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def make(name: str, table: ChannelTable) -> NotificationChannel:
    """The channel of a table."""
    return GitHub(name, str(table.get("path") or os.environ.get("GITHUB_STEP_SUMMARY", "")))
