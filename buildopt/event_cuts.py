"""What goes first from an event that is too long: long texts, then the longest list by halves.

What went of a list is counted beside it: `outputs_left_out` is how many are missing in `outputs`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

LONG_TEXT = 2_000
"""Texts are cut to as many characters."""


def shorter(data: Mapping[str, Any]) -> dict[str, Any] | None:  # Any: JSON
    """The object with something cut of it; None where nothing is long."""
    texts = {key: value for key, value in data.items() if len(json.dumps(value)) > LONG_TEXT}
    for key, value in texts.items():
        if cut := _cut_texts(value):
            return {**data, key: cut}
    return _with_shorter_list(data)


def _cut_texts(value: Any) -> Any:  # Any: JSON
    """The value with every long text in it cut; None where there is none."""
    if isinstance(value, str):
        return value[:LONG_TEXT] + "…" if len(value) > LONG_TEXT + 1 else None
    if isinstance(value, list | tuple):
        cut = [_cut_texts(item) for item in value]
        if any(cut):
            return [new or old for new, old in zip(cut, value, strict=True)]
    if isinstance(value, dict):
        pairs = {key: _cut_texts(item) for key, item in value.items()}
        if any(pairs.values()):
            return {key: pairs[key] or item for key, item in value.items()}
    return None


def _with_shorter_list(data: Mapping[str, Any]) -> dict[str, Any] | None:  # Any: JSON
    """The object with its longest list halved, of rows first the longest lists in them: no row
    goes while another one has a hundred reasons. None where nothing is long.
    """
    lists = {key: value for key, value in data.items() if isinstance(value, list | tuple)}
    name = max(lists, key=lambda key: len(json.dumps(lists[key])), default="")
    if not name:
        return None
    if shorter := _with_shorter_rows(lists[name]):
        return {**data, name: shorter}
    return _halved(data, name)


def _with_shorter_rows(rows: Sequence[Any]) -> list[Any] | None:  # Any: JSON
    """The rows with the lists of rows in them halved, where they are long; None: none is."""
    inner = [_longest_rows(row) for row in rows]
    longest = max(
        (len(row[name]) for row, name in zip(rows, inner, strict=True) if name), default=0
    )
    if longest < 2:
        return None
    return [
        _halved(row, name) or row if name and len(row[name]) > longest / 2 else row
        for row, name in zip(rows, inner, strict=True)
    ]


def _longest_rows(row: Any) -> str:  # Any: JSON
    """The name of the longest list of objects in an object; empty where there is none."""
    if not isinstance(row, Mapping):
        return ""
    lists = [
        name
        for name, value in row.items()
        if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping)
    ]
    return max(lists, key=lambda name: len(row[name]), default="")


def _halved(data: Mapping[str, Any], name: str) -> dict[str, Any] | None:  # Any: JSON
    """The object with the first half of that list, and how many were left out."""
    rows = data[name]
    if len(rows) < 2:
        return None
    kept, counter = len(rows) // 2, f"{name}_left_out"
    left_out = data.get(counter, 0) + len(rows) - kept
    return {**data, name: rows[:kept], counter: left_out}
