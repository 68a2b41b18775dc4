"""Reads the tables `[alert.channels.NAME]`; a channel that cannot work is refused at once."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from monitor_plugins.alert.channels import KINDS, ChannelTable, Form
from monitor_plugins.alert.place import meant
from monitor_plugins.alert.section import Section

CONSOLE = "console"


def read_channels(alert: Section) -> dict[str, ChannelTable]:
    """The channels by name, and the console, which is always there; raises SettingsError."""
    raw = alert.part("channels", "a table for each channel")
    found: dict[str, ChannelTable] = {CONSOLE: {"type": CONSOLE}}
    for name in raw.table:
        found[name] = _channel(raw, name)
    for name, table in found.items():
        fallback = table.get("fallback")
        if fallback and fallback not in found:
            channel = raw.part(name, "a table")
            expected = f"a channel; {meant(fallback, found, 'channels')}"
            raise channel.wrong("fallback", fallback, expected)
    return found


def _channel(channels: Section, name: str) -> ChannelTable:
    channel = channels.part(name, "a table with `type`")
    kind = channel.table.get("type", name)
    if not isinstance(kind, str) or kind not in KINDS:
        raise channel.wrong("type", kind, " or ".join(f"`{one}`" for one in KINDS))
    keys = KINDS[kind].keys
    channel.only(("type", "fallback", *keys, *(f"{key}_variable" for key in keys)))
    for key, form in keys.items():
        channel.text(f"{key}_variable")
        if key in channel.table:
            _require(channel, key, form)
    for key in KINDS[kind].required:
        if not (channel.table.get(key) or channel.table.get(f"{key}_variable")):
            hint = f"add `{key}`, or `{key}_variable` with the name of a variable that holds it"
            raise channel.place.missing(channel.path, key, hint)
    channel.text("fallback")
    return {**channel.table, "type": kind}


def _require(channel: Section, key: str, form: Form) -> None:
    match form:
        case "text":
            channel.text(key)
        case "texts":
            channel.names(key)
        case "flag":
            channel.flag(key, default=False)
        case "port":
            if not 0 < channel.count(key) < 65_536:
                raise channel.wrong(key, channel.table[key], "a port")
        case "tls":
            channel.choice(key, ("starttls", "tls", "none"), "starttls")
        case "address":
            if not _is_address(channel.text(key)):
                raise channel.wrong(
                    key, channel.table[key], "an address that begins with `https://`"
                )
        case "table":
            _require_texts(channel.part(key, "a table of texts"))


def _require_texts(table: Section) -> None:
    for key in table.table:
        table.text(key)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def fallbacks_of(channels: Mapping[str, ChannelTable]) -> dict[str, str]:
    """Channel -> the one that gets what it refuses."""
    return {
        name: str(table["fallback"]) for name, table in channels.items() if table.get("fallback")
    }
