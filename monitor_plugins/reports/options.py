"""The table `[plugins.reports]` of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from buildopt.errors import SettingsError

Digest = Literal["off", "daily", "weekly"]
DAYS: dict[Digest, int] = {"off": 0, "daily": 1, "weekly": 7}


class Options(NamedTuple):
    """What is wanted. No `channels`: all that the settings name; hours are UTC."""

    digest: Digest = "off"
    digest_hour: int = 6
    channels: tuple[str, ...] = ()
    keep_days: int = 30

    @property
    def digest_days(self) -> int:
        """How many days a digest is of; 0 for none."""
        return DAYS[self.digest]


def read_options(table: Mapping[str, Any]) -> Options:  # Any: as in TOML
    """The options; raises SettingsError for what makes no sense."""
    for key in table:
        if key not in Options._fields:
            raise _mistake(f"unknown key `{key}`", f"it takes {', '.join(Options._fields)}")
    digest = table.get("digest", "off")
    if digest not in get_args(Digest):
        raise _mistake(f"`digest` is `{digest}`", "it is off, daily or weekly")
    channels = table.get("channels", [])
    if not isinstance(channels, list) or not all(isinstance(each, str) for each in channels):
        raise _mistake("`channels` is no list of names", 'as in channels = ["mail"]')
    return Options(
        digest=digest,
        digest_hour=_count(table, "digest_hour", 6, 0, 23),
        channels=tuple(channels),
        keep_days=_count(table, "keep_days", 30, 1, 365),
    )


def _count(table: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _mistake(f"`{name}` is `{value}`", f"a number from {least} to {most}")
    return value


def _mistake(what: str, hint: str) -> SettingsError:
    return SettingsError(
        f"cannot read `[plugins.reports]`: {what}", hint=hint, slug="report-settings"
    )
