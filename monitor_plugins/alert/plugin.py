"""The plugin `alert` of the monitor: rules judge what happens, and people are told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from buildopt.monitor.hookspecs import (
    Consumer,
    Detector,
    NotificationChannel,
    Worker,
    hookimpl,
)
from monitor_plugins.alert.channels.making import make_channels
from monitor_plugins.alert.config import CONSOLE, Config, read_config
from monitor_plugins.alert.consumer import AlertConsumer
from monitor_plugins.alert.rule_reading import Place
from monitor_plugins.alert.worker import ChannelWorker

BUILDOPT_API = 1

_options: dict[str, Any] = {}  # Any: as in TOML


@hookimpl
def configure(options: Mapping[str, Any]) -> None:  # Any: as in TOML
    """Take the table `[alert]` of the settings; raises SettingsError for what makes no sense."""
    _options.clear()
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
    config = _config(())
    stand_ins = make_channels({name: {"type": CONSOLE} for name in config.elsewhere}, os.environ)
    return [ChannelWorker(channel) for channel in (*notification_channels(), *stand_ins)]


def _config(alert_rules: Sequence[Mapping[str, Any]]) -> Config:  # Any: as in TOML
    return read_config(_options, place=Place("settings"), further_rules=alert_rules)
