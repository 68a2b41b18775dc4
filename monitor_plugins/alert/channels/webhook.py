"""A webhook: JSON, with an idempotency key, signed where there is a secret.

`X-Buildopt-Signature: sha256=HEX` is the HMAC of `TIMESTAMP.BODY`; the timestamp, in seconds, is in
`X-Buildopt-Timestamp`, so that a receiver can refuse what is old.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable

from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel
from monitor_plugins.alert.channels import ChannelTable
from monitor_plugins.alert.channels.http import post


class Webhook:
    """Posts each notification to one address."""

    def __init__(
        self, name: str, table: ChannelTable, now_s: Callable[[], float] = time.time
    ) -> None:
        self.name = name
        self._url = str(table["url"])
        self._secret = str(table.get("secret", ""))
        self._headers = {str(k): str(v) for k, v in dict(table.get("headers", {})).items()}
        self._now_s = now_s

    def send(self, notification: Notification) -> Delivery:
        """Post it."""
        body = json.dumps(
            {
                "schema": 1, "key": notification.key, "title": notification.title,
                "text": notification.text, "severity": notification.severity,
                **notification.data,
            }
        ).encode()  # fmt: skip
        headers = {
            **self._headers,
            "Content-Type": "application/json",
            "Idempotency-Key": notification.key,
        }
        if self._secret:
            stamp = str(int(self._now_s()))
            headers["X-Buildopt-Timestamp"] = stamp
            headers["X-Buildopt-Signature"] = signature(self._secret, stamp, body)
        return post(self._url, body, headers)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What a receiver computes to know that it was us, and when."""
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def make(name: str, table: ChannelTable) -> NotificationChannel:
    """The channel of a table."""
    return Webhook(name, table)
