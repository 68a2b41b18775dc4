"""Makes a channel of its table; values that stand in variables are taken from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from buildopt.monitor.hookspecs import NotificationChannel
from monitor_plugins.alert.channels import KINDS, ChannelTable


def make_channels(
    tables: Mapping[str, ChannelTable], environ: Mapping[str, str]
) -> list[NotificationChannel]:
    """A channel for each table."""
    return [_make(name, _resolved(table, environ)) for name, table in tables.items()]


def _make(name: str, table: ChannelTable) -> NotificationChannel:
    module = import_module(f"monitor_plugins.alert.channels.{KINDS[table['type']].module}")
    channel: NotificationChannel = module.make(name, table)
    return channel


def _resolved(table: ChannelTable, environ: Mapping[str, str]) -> ChannelTable:
    suffix = "_variable"
    values = {key: value for key, value in table.items() if not key.endswith(suffix)}
    for key, value in table.items():
        if key.endswith(suffix):
            values[key.removesuffix(suffix)] = environ.get(str(value), "")
    return values
