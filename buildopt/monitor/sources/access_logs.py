"""Access logs that the settings name, followed while the monitor runs.

    [plugins.access-logs.shop]
    file = "/var/log/nginx/access.log"
    format = "combined"                # or "json"

NAME (`shop`) is the service. What they say goes into the journal as `buildopt.http.served`; what is
measured here is how the following goes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from buildopt.errors import SettingsError
from buildopt.monitor.hookspecs import Measurement, hookimpl
from buildopt.serving.access_lines import FORMATS, Format
from buildopt.serving.tailing import Tailing

BUILDOPT_API = 1
KEYS = ("file", "format")
TELL_NS = 2_000_000_000

_files: dict[str, tuple[str, Format]] = {}


class AccessLogSource:
    """One access log; see `hookspecs.MetricSource`."""

    interval_s = 1.0

    def __init__(self, service: str, path: str, form: Format, environ: Mapping[str, str]) -> None:
        self.name = f"access log {service}"
        self._tailing = Tailing(path, form, service, environ)
        self._told_ns = 0

    def sample(self, now_ns: int) -> Iterator[Measurement]:
        """Take in what has come; raises OSError while the file is not there."""
        tailing = self._tailing
        try:
            lines = tailing.look(now_ns / 1e9)
        finally:
            if now_ns - self._told_ns >= TELL_NS:
                self._told_ns = now_ns
                tailing.tell()
        if lines:
            service = {"service.name": tailing.service}
            yield Measurement("buildopt.access_log.requests", tailing.read_lines, "", service)
            yield Measurement("buildopt.access_log.unread", tailing.unread_lines, "", service)


@hookimpl
def configure(options: Mapping[str, Any]) -> None:  # Any: as in TOML
    """Take `[plugins.access-logs]`; raises SettingsError for what makes no sense."""
    _files.clear()
    for service, table in options.items():
        _files[service] = _checked(service, table)


@hookimpl
def metric_sources() -> list[AccessLogSource]:
    """One for each file."""
    return [AccessLogSource(name, *each, os.environ) for name, each in _files.items()]


def _checked(service: str, table: object) -> tuple[str, Format]:
    if not isinstance(table, Mapping):
        raise _refusal(service, "it is no table")
    if unknown := [key for key in table if key not in KEYS]:
        raise _refusal(service, f"unknown key `{unknown[0]}`")
    path, form = table.get("file"), table.get("format")
    if not isinstance(path, str) or not os.path.isabs(os.path.expanduser(path)):
        raise _refusal(service, "`file` is no absolute path")
    if form not in FORMATS:
        raise _refusal(service, f"`format` is none of {', '.join(FORMATS)}")
    return os.path.expanduser(path), form


def _refusal(service: str, why: str) -> SettingsError:
    return SettingsError(
        f"cannot use `[plugins.access-logs.{service}]`: {why}",
        hint='write `file = "/PATH/access.log"` and `format = "combined"`',
        slug="access-log-settings",
    )
