"""The plugin `alert` of the monitor: rules judge what happens, and people are told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from buildopt.monitor.hookspecs import (
    Consumer,
    Detector,
    HealthCheck,
    NotificationChannel,
    Worker,
    hookimpl,
)
from monitor_plugins.alert.channel_reading import CONSOLE
from monitor_plugins.alert.channels.making import make_channels
from monitor_plugins.alert.config import Config, read_config
from monitor_plugins.alert.consumer import AlertConsumer
from monitor_plugins.alert.delivery_health import ChannelCheck
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.worker import ChannelWorker

BUILDOPT_API = 1

_options: dict[str, Any] = {}  # Any: as in TOML
_workers: list[ChannelWorker] = []
"""Of one monitor: those that work are those whose health is told."""


@hookimpl
def configure(options: Mapping[str, Any]) -> None:  # Any: as in TOML
    """Take the table `[alert]` of the settings; raises SettingsError for what makes no sense."""
    _options.clear()
    _workers.clear()
    _options.update(options)
    _config(())


@hookimpl
def consumers(
    alert_rules: Sequence[Mapping[str, Any]],  # Any: as in TOML
    detectors: Sequence[Detector],  # noqa: ARG001  # of the hook
) -> Iterable[Consumer]:
    """The engine, with the rules of the settings and of all plugins."""
    return [AlertConsumer(_config(alert_rules))]


@hookimpl
def notification_channels() -> Iterable[NotificationChannel]:
    """Those of the settings, and the console."""
    return make_channels(_config(()).channels, os.environ)


@hookimpl
def workers() -> Iterable[Worker]:
    """A queue for each channel; one that another plugin should bring begins as the console."""
    return _channel_workers()


@hookimpl
def health_checks() -> Iterable[HealthCheck]:
    """How each channel does."""
    return [ChannelCheck(one.channel, one.look) for one in _channel_workers()]


def _channel_workers() -> list[ChannelWorker]:
    if not _workers:
        config = _config(())
        elsewhere = {name: {"type": CONSOLE} for name in config.elsewhere}
        channels = make_channels({**config.channels, **elsewhere}, os.environ)
        _workers.extend(ChannelWorker(channel) for channel in channels)
    return _workers


def _config(alert_rules: Sequence[Mapping[str, Any]]) -> Config:  # Any: as in TOML
    return read_config(_options, place=Place("settings"), further_rules=alert_rules)
