"""What fell due again and again while nobody was there is told once, by the last of it.

The time of a step is short while the monitor runs: one event, or one timer. It is weeks long where
the monitor was off for weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor_plugins.alert.message import Entry, Message


def without_early_repeats(history: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:  # Any: JSON
    """The transitions of one step; of the repeats of an incident the last."""
    kept: list[dict[str, Any]] = []  # Any: as above
    repeated: set[str] = set()
    for entry in reversed(history):
        if not (_is_repeat(entry) and entry["incident"] in repeated):
            kept.append(entry)
        if _is_repeat(entry):
            repeated.add(entry["incident"])
    return kept[::-1]


def worth_sending(messages: Sequence[Message]) -> list[Message]:
    """The messages of one step; what repeats only is left out where a later one tells of it."""
    kept: list[Message] = []
    told: set[tuple[str, tuple[str, ...]]] = set()
    for message in reversed(messages):
        about = {(entry["incident"], message.channels) for entry in message.entries}
        repeats_only = all(map(_is_repeat, message.entries))
        if message.came_and_went or not (repeats_only and about <= told):
            kept.append(message)
        told |= about
    return kept[::-1]


def _is_repeat(entry: Entry) -> bool:
    return bool(entry["kind"] == "repeat")
