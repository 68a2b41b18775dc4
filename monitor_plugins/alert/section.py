"""Reads the values of one table of the settings; each mistake is told with its place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from buildopt.errors import SettingsError
from monitor_plugins.alert import durations, expressions
from monitor_plugins.alert.place import Path, Place

Table = Mapping[str, Any]  # Any: as in TOML
Chosen = TypeVar("Chosen", bound=str)
LARGEST_COUNT = 1_000_000


@dataclass(frozen=True, slots=True)
class Section:
    """A table, and where it stands. A key that is not there has its default; all may raise."""

    place: Place
    path: Path
    table: Table

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys that are none."""
        names = tuple(known)
        for key in self.table:
            if key not in names:
                raise self.place.unknown((*self.path, key), names)

    def wrong(self, key: str, value: object, expected: str) -> SettingsError:
        """A value that the key does not take."""
        return self.place.impossible((*self.path, key), value, expected)

    def text(self, key: str) -> str:
        """A text; empty by default."""
        value = self.table.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(key, value, "a text")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.table.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, value, "true or false")
        return value

    def count(self, key: str, default: int = 0) -> int:
        """A whole number that is not negative."""
        value = self.table.get(key, default)
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not 0 <= value <= LARGEST_COUNT:
            raise self.wrong(key, value, "a whole number")
        return int(value)

    def number(self, key: str, default: float = 0.0) -> float:
        """A finite number."""
        value = self.table.get(key, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value):
            raise self.wrong(key, value, "a number")
        return float(value)

    def seconds(self, key: str, default_s: float = 0.0) -> float:
        """A duration."""
        if key not in self.table:
            return default_s
        try:
            return durations.seconds(self.table[key])
        except ValueError as error:
            raise self.wrong(key, self.table[key], str(error)) from None

    def condition(self, key: str) -> str:
        """An expression that can be evaluated; empty by default."""
        text = self.text(key)
        if text:
            try:
                expressions.check(text)
            except expressions.BadExpression as error:
                raise self.wrong(key, text, f"a condition: {error}") from None
        return text

    def choice(self, key: str, choices: tuple[Any, ...], default: Chosen) -> Chosen:
        """One of some words."""  # Any: of a Literal, which the caller's type names
        value: Chosen = self.table.get(key, default)
        if value != default and value not in choices:
            raise self.wrong(key, value, " or ".join(f"`{one}`" for one in choices))
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """Some names, or one; none by default."""
        value = self.table.get(key, ())
        raw = (value,) if isinstance(value, str) else value
        if not isinstance(raw, list | tuple) or not all(
            isinstance(one, str) and one for one in raw
        ):
            raise self.wrong(key, value, "a list of names")
        return tuple(raw)

    def part(self, key: str, expected: str) -> Section:
        """A table in it; empty by default."""
        value = self.table.get(key, {})
        if not isinstance(value, Mapping):
            raise self.wrong(key, value, expected)
        return Section(self.place, (*self.path, key), value)

    def parts(self, key: str, word: str) -> list[Section]:
        """Some tables, or one; a bare text is a table with that word as its only key."""
        value = self.table.get(key, ())
        raw = (value,) if isinstance(value, Mapping | str) else value
        is_list = isinstance(raw, list | tuple)
        if not is_list or not all(isinstance(one, str | Mapping) for one in raw):
            raise self.wrong(key, value, "a list of tables")
        path = (*self.path, key)
        return [
            Section(self.place, path, {word: one} if isinstance(one, str) else one) for one in raw
        ]
