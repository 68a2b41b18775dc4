"""Messages for a person: what, since when, how bad against what is usual, why, what to do, where.

Labels and event data are strangers' text: control characters are shown as `?`, and it is cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from monitor_plugins.alert.durations import spoken
from monitor_plugins.alert.inputs import real
from monitor_plugins.alert.rule import rank

Entry = Mapping[str, Any]  # Any: JSON
NAMED = 10
"""Incidents of one message that are named; the rest is counted."""
LONGEST_TEXT = 300
WORDS = {
    "fired": "", "raised": "worse: ", "reopened": "again: ", "resolved": "over: ",
    "escalated": "still going on, nobody took it: ", "repeat": "still going on: ",
    "flapping": "comes and goes: ", "settled": "settled: ", "stale": "nothing is heard of it: ",
}  # fmt: skip


IN_TITLE = ("fingerprint", "task", "finding", "group", "name")
"""Labels that a title says, or that only tell alerts apart."""


def title_of(entries: Sequence[Entry]) -> str:
    """One line: how grave, what, where."""
    if not entries:
        return "buildopt"
    if entries[0]["kind"] == "overflowed":
        return _overflow(entries[0])
    lead = max(entries, key=lambda one: (_kind(one) != "resolved", rank(one["level"])))
    more = f" and {len(entries) - 1} more" if len(entries) > 1 else ""
    level = "" if _kind(lead) == "resolved" else f"{lead['level'] or 'warning'}: "
    return f"{level}{WORDS.get(_kind(lead), '')}{_what(lead)}{_where(lead)}{more}"


def text_of(
    entries: Sequence[Entry], *, held: int = 0, came_and_went: int = 0, zone: tzinfo | None = None
) -> str:
    """The whole message in plain lines."""
    blocks = ["\n".join(_lines(entry, zone)) for entry in entries[:NAMED]]
    if len(entries) > NAMED:
        blocks.append(f"and {len(entries) - NAMED} more: {_counted(entries[NAMED:])}")
    notes = []
    if held:
        notes.append(f"{held} more held back (silence, window or another alert)")
    if came_and_went:
        notes.append(f"{came_and_went} came and went meanwhile")
    return "\n\n".join([*blocks, *(["; ".join(notes)] if notes else [])])


def below_title(title: str, text: str) -> str:
    """The text as it stands below its title: without a first line that the title has said."""
    first, _, rest = text.partition("\n")
    return rest if rest and first in title else text


def _lines(entry: Entry, zone: tzinfo | None) -> Iterable[str]:
    yield f"{WORDS.get(_kind(entry), '')}{_what(entry)}{_where(entry)}"
    yield f"  since {_clock(entry['since'], zone)}{_for_how_long(entry, zone)}"
    if bad := _how_bad(entry):
        yield f"  {bad}"
    if error := entry.get("context", {}).get("error"):
        yield f"  said: {plain(str(error))}"
    if cause := _cause(entry):
        yield f"  likely cause: {cause}"
    if entry.get("note"):
        yield f"  {plain(entry['note'])}"
    if _kind(entry) != "resolved" and entry.get("advice"):
        yield f"  to do: {plain(entry['advice'])}"
    places = [plain(entry[name]) for name in ("runbook",) if entry.get(name)]
    if entry.get("run"):
        places.append(f"buildopt runs show {plain(entry['run'])}")
    places.append(f"buildopt alert show {entry['incident']}")
    yield f"  more: {' | '.join(places)}"


def _overflow(entry: Entry) -> str:
    return f"rule `{plain(entry['rule'])}` has too many label sets: {entry['limit']} are followed"


def _what(entry: Entry) -> str:
    context = entry.get("context", {})
    title = plain(entry.get("title") or entry["rule"])
    if "exit_code" in context or "signal" in context:
        task = plain(str(context.get("task") or entry["labels"].get("task", "")))
        return f"{title}: `{task}`" if task else title
    if name := plain(str(entry["labels"].get("name", ""))):
        return f"{name}: {title}"
    if _kind(entry) == "resolved":
        return title
    return f"{title}: {quantity(entry['value'], entry.get('unit', ''))}"


def _where(entry: Entry) -> str:
    named = [
        f"{name}={plain(str(value))}" for name, value in sorted(entry["labels"].items())
        if value and name not in IN_TITLE
    ]  # fmt: skip
    return f" ({', '.join(named[:5])})" if named else ""


def _for_how_long(entry: Entry, zone: tzinfo | None) -> str:
    slept_s = entry.get("slept_s", 0.0)
    slept = (
        f", of which the machine slept or its clock was set on {spoken(slept_s)}" if slept_s else ""
    )
    lasted = spoken(entry["duration_s"])
    if _kind(entry) == "resolved":
        told = (
            f", fired {_clock(entry['fired'], zone)}" if "fired" in entry.get("unsent", ()) else ""
        )
        return f"{told}, resolved {_clock(entry.get('ended', 0), zone)} after {lasted}{slept}"
    late = f", late by {spoken(entry['late_s'])}" if entry.get("late_s") else ""
    held = entry.get("held_since")
    held_text = f", held since {_clock(held, zone)}" if held else ""
    return f" ({lasted}{slept}{held_text}{late})"


def _how_bad(entry: Entry) -> str:
    unit = entry.get("unit", "")
    parts = []
    if "exit_code" in entry.get("context", {}):
        status = entry["context"].get("exit_code")
        parts.append(f"exit status {status}")
    elif all(_is_number(entry.get("context", {}).get(name)) for name in ("before", "after")):
        before, after = entry["context"]["before"], entry["context"]["after"]
        unit = plain(str(entry["context"].get("unit", "")))
        parts.append(f"was {quantity(before, unit)}, is {quantity(after, unit)}")
    elif entry["compare"]:
        parts.append(f"limit {entry['compare']} {quantity(entry['threshold'], unit)}")
        parts.append(f"worst {quantity(entry['peak'], unit)}")
    if "usual" in entry:
        parts.append(f"usually {quantity(entry['usual'], unit)}")
    if entry.get("occurrences"):
        parts.append(f"{entry['occurrences']} times")
    if entry.get("flaps"):
        parts.append(f"{entry['flaps']} times so far")
    if entry.get("state"):
        parts.append(f"now {entry['state']}")
    return ", ".join(parts)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(real(value))


def _cause(entry: Entry) -> str:
    context = entry.get("context", {})
    parts = []
    if context.get("changed"):
        parts.append(f"changed: {plain(str(context['changed']))}")
    if context.get("cause"):
        parts.append(plain(str(context["cause"])))
    if context.get("process"):
        parts.append(f"process {plain(str(context['process']))}")
    if context.get("chunk"):
        parts.append(f"chunk {plain(str(context['chunk']))}")
    if context.get("command"):
        parts.append(f"command `{plain(str(context['command']))}`")
    return "; ".join(parts)


def _kind(entry: Entry) -> str:
    return str(entry["kind"])


def _counted(entries: Sequence[Entry]) -> str:
    over = sum(1 for entry in entries if _kind(entry) == "resolved")
    parts = [f"{len(entries) - over} firing"] if len(entries) > over else []
    return ", ".join([*parts, *([f"{over} over"] if over else [])])


def _clock(wall_s: float, zone: tzinfo | None) -> str:
    return datetime.fromtimestamp(wall_s, zone).strftime("%Y-%m-%d %H:%M:%S")


def quantity(value: float, unit: str) -> str:
    """A value with its unit; ratios as percent, bytes as what one reads."""
    if unit == "%":
        return f"{value * 100:.3g} %"
    if unit == "By":
        for name in ("B", "kB", "MB", "GB"):
            if abs(value) < 1000:
                return f"{value:.3g} {name}"
            value /= 1000
        return f"{value:.3g} TB"
    return f"{value:.4g} {unit}".rstrip()


def plain(text: str) -> str:
    """A stranger's text on one line, without control characters, cut."""
    shown = "".join(char if char.isprintable() else "?" for char in text[:LONGEST_TEXT])
    return shown + ("…" if len(text) > LONGEST_TEXT else "")
