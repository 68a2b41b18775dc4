"""The ways to people, by the `type` of their table in the settings; imported when used.

A secret (the address of a webhook, a password) need not stand in the settings: `url_variable =
"NAME"` takes it from the environment, for any key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

ChannelTable = Mapping[str, Any]  # Any: as in TOML


class Kind(NamedTuple):
    """A type of channel: its module, which has `make(name, table)`, and its keys."""

    module: str
    keys: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "console": Kind("console", ("bell",)),
    "file": Kind("file", ("path",), ("path",)),
    "desktop": Kind("desktop", ("program",)),
    "webhook": Kind("webhook", ("url", "secret", "headers"), ("url",)),
    "mail": Kind(
        "mail", ("host", "port", "tls", "user", "password", "sender", "to"), ("host", "to")
    ),
    "slack": Kind("slack", ("url",), ("url",)),
    "github": Kind("github", ("path",)),
    "apprise": Kind("apprise", ("url",), ("url",)),
}
KNOWN_KEYS: Mapping[str, tuple[str, ...]] = {
    name: tuple(key for one in kind.keys for key in (one, f"{one}_variable"))
    for name, kind in KINDS.items()
}
