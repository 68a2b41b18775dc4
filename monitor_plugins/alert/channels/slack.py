"""A Slack incoming webhook: title in bold, the text as it is, no links of strangers' making."""

from __future__ import annotations

import json

from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel
from monitor_plugins.alert.channels import ChannelTable
from monitor_plugins.alert.channels.http import post
from monitor_plugins.alert.wording import below_title

LONGEST_TEXT = 3_000
"""Characters of one block (Slack's limit for a section)."""


class Slack:
    """Posts to one channel of Slack."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url

    def send(self, notification: Notification) -> Delivery:
        """Post it."""
        title = escaped(notification.title)
        text = escaped(below_title(notification.title, notification.text))
        body = {
            "text": title,
            "blocks": [
                {"type": "section", "text": {"type": "mrkdwn", "text": f"*{title[:500]}*"}},
                {"type": "section", "text": {"type": "mrkdwn", "text": text[:LONGEST_TEXT] or " "}},
            ],
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": notification.key}
        return post(self._url, json.dumps(body).encode(), headers)


def escaped(text: str) -> str:
    """Slack's three control characters as entities, so that nobody is mentioned by a label."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def make(name: str, table: ChannelTable) -> NotificationChannel:
    """The channel of a table."""
    return Slack(name, str(table["url"]))
