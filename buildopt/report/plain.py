"""Records of a report as JSON-ready data, the same for every kind of report."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from buildopt.events import SCHEMA
from buildopt.phrases import Phrase


def data_of(record: Any) -> dict[str, Any]:  # Any: a record of this package, JSON
    """The record with the version of its form; sentences are plain text."""
    return {"schema": SCHEMA, **plain(record)}


def plain(value: Any) -> Any:  # Any: the records in, JSON out
    """Records as objects, tuples as lists."""
    if isinstance(value, Phrase):
        return value.text
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value
