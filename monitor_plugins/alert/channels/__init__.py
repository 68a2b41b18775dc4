"""The ways to people, by the `type` of their table in the settings; imported when used.

A secret (the address of a webhook, a password) need not stand in the settings: `url_variable =
"NAME"` takes it from the environment, for any key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

ChannelTable = Mapping[str, Any]  # Any: as in TOML


Form = Literal["text", "texts", "flag", "port", "tls", "address", "table"]


class Kind(NamedTuple):
    """A type of channel: its module, which has `make(name, table)`, and the form of its keys."""

    module: str
    keys: Mapping[str, Form]
    required: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "console": Kind("console", {"bell": "flag"}),
    "file": Kind("file", {"path": "text"}, ("path",)),
    "desktop": Kind("desktop", {"program": "text"}),
    "webhook": Kind("webhook", {"url": "address", "secret": "text", "headers": "table"}, ("url",)),
    "mail": Kind(
        "mail",
        {
            "host": "text", "port": "port", "tls": "tls", "user": "text", "password": "text",
            "sender": "text", "to": "texts",
        },
        ("host", "to"),
    ),
    "slack": Kind("slack", {"url": "address"}, ("url",)),
    "github": Kind("github", {"path": "text"}),
    "apprise": Kind("apprise", {"url": "text"}, ("url",)),
}  # fmt: skip
