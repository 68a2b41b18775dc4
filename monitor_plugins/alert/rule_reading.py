"""Reads rules from the tables of a settings file; what makes no sense is told with its place.

[alert.rules.NAME]
signal = { metric = "system.memory.utilization" }      # or { event = "buildopt.run.finished" }
levels.warning = { fire = 0.85, clear = 0.80 }
for = "30s"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, get_args

from monitor_plugins.alert.place import Path, Place
from monitor_plugins.alert.rule import (
    CLEAR_SHARE,
    DEFAULT_INTERVAL_S,
    DEFAULT_KEEP_S,
    ESCALATION_S,
    LEVELS,
    STALE_INTERVALS,
    Compare,
    Flap,
    Inhibition,
    Level,
    LevelName,
    OnStale,
    Rule,
    Step,
)
from monitor_plugins.alert.section import Section, Table
from monitor_plugins.alert.signal_reading import read_signal
from monitor_plugins.alert.soundness import require_possible, require_sources

LONGEST_NAME = 100
RULE_KEYS = (
    "signal", "levels", "compare", "for", "keep", "min_count", "interval", "stale_after",
    "on_stale", "gate", "identity", "resolve_identity", "resolve_after", "group_by", "group_wait",
    "group_interval", "repeat", "escalate", "reopen_within", "flap", "inhibited_by", "channels",
    "notify_short", "title", "advice", "unit", "runbook", "enabled", "id",
)  # fmt: skip
DURATIONS = {
    "keep": "keep_s", "stale_after": "stale_after_s", "resolve_after": "resolve_after_s",
    "group_wait": "group_wait_s", "group_interval": "group_interval_s", "repeat": "repeat_s",
    "reopen_within": "reopen_within_s",
}  # fmt: skip
TEXTS = ("title", "advice", "unit", "runbook")
LISTS = ("identity", "resolve_identity", "group_by", "channels")


def read_rules(
    tables: Table, *, place: Place, presets: Mapping[str, Table], top: Path = ("alert", "rules")
) -> dict[str, Rule]:
    """All rules by name: presets, as the tables change them, and further ones."""
    rules: dict[str, Rule] = {}
    for name, table in {**{name: {} for name in presets}, **tables}.items():
        path = (*top, name)
        if not isinstance(table, Mapping):
            raise place.impossible(path, table, "a table")
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise place.impossible(path, name, f"a name of at most {LONGEST_NAME} letters")
        merged = _merged(presets.get(name, {}), table)
        if Section(place, path, merged).flag("enabled", default=True):
            rules[name] = read_rule(name, merged, place=place, path=path)
    for rule in rules.values():
        require_sources(rule, rules, place, (*top, rule.id))
    return rules


def read_rule(name: str, table: Table, *, place: Place, path: Path) -> Rule:
    """One rule; raises SettingsError."""
    raw = Section(place, path, table)
    raw.only(RULE_KEYS)
    signal = read_signal(raw)
    no_compare: Compare | Literal[""] = ""
    compare = raw.choice("compare", get_args(Compare), no_compare)
    is_event = bool(signal.event and not signal.value and signal.aggregation == "last")
    levels = _levels(raw, compare, is_event=is_event)
    is_below = levels[0].clear > levels[0].fire or compare.startswith("<")
    values: dict[str, Any] = {  # Any: fields of Rule
        "keep_s": 0.0 if is_event else DEFAULT_KEEP_S,
        "stale_after_s": STALE_INTERVALS * raw.seconds("interval", DEFAULT_INTERVAL_S),
    }
    values |= {field: raw.seconds(key) for key, field in DURATIONS.items() if key in table}
    values |= {key: raw.text(key) for key in TEXTS}
    values |= {key: raw.names(key) for key in LISTS}
    if not is_event and values["stale_after_s"] <= 0:
        raise raw.wrong("stale_after", 0, "a duration above zero")
    keep: OnStale = "keep"
    rule = Rule(
        id=name,
        signal=signal,
        levels=levels,
        compare=compare or ("<" if is_below else ">="),
        min_count=raw.count("min_count"),
        on_stale=raw.choice("on_stale", get_args(OnStale), keep),
        gate=raw.condition("gate"),
        escalate=_steps(raw),
        flap=_flap(raw.part("flap", "a table with `count`, `window`, `quiet`")),
        inhibited_by=_inhibitions(raw),
        notify_short=raw.flag("notify_short", default=False),
        **values,
    )
    require_possible(rule, place, path)
    return rule


def with_escalation(rules: Mapping[str, Rule], channels: Iterable[str]) -> dict[str, Rule]:
    """Rules without steps of their own escalate to these channels, after 2 and 5 minutes."""
    steps = tuple(
        Step(after_s=after_s, channels=(channel,))
        for after_s, channel in zip(ESCALATION_S, channels, strict=False)
    )
    return {
        name: rule if rule.escalate else replace(rule, escalate=steps)
        for name, rule in rules.items()
    }


def _merged(preset: Table, table: Table) -> dict[str, Any]:  # Any: as in TOML
    """A preset with what the settings change; tables in it key by key."""
    merged = dict(preset)
    for key, value in table.items():
        before = merged.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(before, value) if both else value  # type: ignore[arg-type]  # both are
    return merged


def _levels(rule: Section, compare: str, *, is_event: bool) -> tuple[Level, ...]:
    raw = rule.table.get("levels")
    if is_event and raw is None:
        raw = {"warning": {"fire": 1, "clear": 1}}
    if isinstance(raw, str) and raw in LEVELS:
        raw = {raw: {"fire": 1, "clear": 1}}
    if raw is None:
        raise rule.place.missing(rule.path, "levels", "add `levels.warning = { fire = … }`")
    if not isinstance(raw, Mapping) or not raw:
        raise rule.wrong("levels", raw, "`warning` and `critical`, each with `fire`")
    levels = Section(rule.place, (*rule.path, "levels"), raw)
    levels.only(LEVELS)
    for_s = rule.seconds("for")
    return tuple(_level(levels, name, for_s, compare) for name in LEVELS if name in raw)


def _level(levels: Section, name: Any, for_s: float, compare: str) -> Level:  # Any: of LEVELS
    raw = levels.table[name]
    if not isinstance(raw, Mapping):
        raw = {"fire": raw}
    level = Section(levels.place, (*levels.path, name), raw)
    level.only(("fire", "clear", "for"))
    if "fire" not in raw:
        raise level.place.missing(level.path, "fire", "add `fire` to it")
    fire = level.number("fire")
    inside = CLEAR_SHARE if compare.startswith("<") else -CLEAR_SHARE
    clear = level.number("clear", fire + inside * abs(fire))
    return Level(name=name, fire=fire, clear=clear, for_s=level.seconds("for", for_s))


def _steps(rule: Section) -> tuple[Step, ...]:
    steps: list[Step] = []
    for number, raw in enumerate(rule.parts("escalate", "channels")):
        raw.only(("after", "min_level", "channels"))
        usual_s = ESCALATION_S[min(number, len(ESCALATION_S) - 1)] * max(1, number)
        lowest: LevelName = "warning"
        step = Step(
            after_s=raw.seconds("after", usual_s),
            channels=raw.names("channels"),
            min_level=raw.choice("min_level", LEVELS, lowest),
        )
        if not step.channels:
            raise rule.wrong("escalate", "nobody", "`channels` in each step")
        if steps and step.after_s <= steps[-1].after_s:
            expected = "steps in order, each later than the last"
            raise rule.wrong("escalate", raw.table.get("after", ""), expected)
        steps.append(step)
    return tuple(steps)


def _flap(raw: Section) -> Flap:
    raw.only(("count", "window", "quiet"))
    usual = Flap()
    return Flap(
        count=raw.count("count", usual.count),
        window_s=raw.seconds("window", usual.window_s),
        quiet_s=raw.seconds("quiet", usual.quiet_s),
    )


def _inhibitions(rule: Section) -> tuple[Inhibition, ...]:
    found = []
    for raw in rule.parts("inhibited_by", "rule"):
        raw.only(("rule", "equal"))
        found.append(Inhibition(rule=raw.text("rule"), equal=raw.names("equal")))
    return tuple(found)
