"""Reads rules from the tables of a settings file; what makes no sense is told with its place.

[alert.rules.NAME]
signal = { metric = "system.memory.utilization" }      # or { event = "buildopt.run.finished" }
levels.warning = { fire = 0.85, clear = 0.80 }
for = "30s"
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from buildopt.errors import SettingsError
from monitor_plugins.alert import durations, expressions
from monitor_plugins.alert.rule import (
    CLEAR_SHARE,
    DEFAULT_INTERVAL_S,
    DEFAULT_KEEP_S,
    ESCALATION_S,
    LEVELS,
    STALE_INTERVALS,
    Aggregation,
    Bound,
    Compare,
    Flap,
    Inhibition,
    Level,
    OnStale,
    Rule,
    Signal,
    Step,
)

Table = Mapping[str, Any]  # Any: as in TOML
Path = tuple[str, ...]
LONGEST_NAME = 100
SIGNAL_KEYS = (
    "metric", "event", "value", "where", "bad", "good", "aggregation", "window", "window_count",
    "bound", "limit",
)  # fmt: skip
LEVEL_KEYS = ("fire", "clear", "for")
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


class Place:
    """Says where in which file a key stands."""

    def __init__(self, shown: str, line_of: Callable[[Path], int | None] | None = None) -> None:
        """`shown` names the file; `line_of` gives the line of a key's path from the top."""
        self._shown = shown
        self._line_of = line_of

    def error(self, path: Path, what: str, hint: str, *, slug: str) -> SettingsError:
        """A mistake at a key."""
        line = self._line_of(path) if self._line_of else None
        where = f"line {line}: " if line else ""
        return SettingsError(
            f"cannot read settings `{self._shown}`: {where}{what}", hint=hint, slug=slug
        )

    def impossible(self, path: Path, value: object, expected: str) -> SettingsError:
        """A value that its key does not take."""
        shown = value if isinstance(value, str | int | float) else type(value).__name__
        text, name = _shown(str(shown)), _shown(".".join(path), 120)
        return self.error(
            path, f"`{name}` cannot be `{text}`", f"it takes {expected}", slug="impossible-rule"
        )

    def unknown(self, path: Path, known: Iterable[str]) -> SettingsError:
        """A key that is none."""
        names = list(known)
        close = difflib.get_close_matches(path[-1], names, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"known keys: {', '.join(sorted(names))}"
        return self.error(
            path, f"unknown key `{_shown('.'.join(path), 120)}`", hint, slug="unknown-key"
        )


def _shown(text: str, most: int = 60) -> str:
    """What a stranger wrote, on one line and cut."""
    return "".join(char if char.isprintable() else "?" for char in text[:most])


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
        if _flag(place, path, merged, "enabled", default=True):
            rules[name] = read_rule(name, merged, place=place, path=path)
    for rule in rules.values():
        _require_sources(rule, rules, place, (*top, rule.id))
    return rules


def read_rule(name: str, table: Table, *, place: Place, path: Path) -> Rule:
    """One rule; raises SettingsError."""
    for key in table:
        if key not in RULE_KEYS:
            raise place.unknown((*path, key), RULE_KEYS)
    signal = _signal(table, place, path)
    compare = _choice(place, path, table, "compare", get_args(Compare), "")
    for_s = _duration(place, path, table, "for", 0.0)
    is_event = bool(signal.event and not signal.value and signal.aggregation == "last")
    levels = _levels(table, place, path, for_s, compare, is_event)
    is_below = levels[0].clear > levels[0].fire or compare.startswith("<")
    interval_s = _duration(place, path, table, "interval", DEFAULT_INTERVAL_S)
    values: dict[str, Any] = {  # Any: fields of Rule
        "keep_s": 0.0 if is_event else DEFAULT_KEEP_S,
        "stale_after_s": STALE_INTERVALS * interval_s,
    }
    for key, field in DURATIONS.items():
        if key in table:
            values[field] = _duration(place, path, table, key, 0.0)
    for key in TEXTS:
        values[key] = _text(place, path, table, key)
    for key in LISTS:
        values[key] = _names(place, (*path, key), table.get(key, ()))
    if not is_event and values["stale_after_s"] <= 0:
        raise place.impossible((*path, "stale_after"), 0, "a duration above zero")
    rule = Rule(
        id=name,
        signal=signal,
        levels=levels,
        compare=compare or ("<" if is_below else ">="),  # type: ignore[arg-type]  # one of Compare
        min_count=_count(place, path, table, "min_count"),
        on_stale=_choice(place, path, table, "on_stale", get_args(OnStale), "keep"),  # type: ignore[arg-type]  # as chosen
        gate=_condition(place, path, table, "gate"),
        escalate=_steps(place, (*path, "escalate"), table.get("escalate", ())),
        flap=_flap(place, (*path, "flap"), table.get("flap", {})),
        inhibited_by=_inhibitions(place, (*path, "inhibited_by"), table.get("inhibited_by", ())),
        notify_short=_flag(place, path, table, "notify_short", default=False),
        **values,
    )
    _require_possible(rule, place, path)
    return rule


def _merged(preset: Table, table: Table) -> dict[str, Any]:  # Any: as in TOML
    """A preset with what the settings change; tables in it key by key."""
    merged = dict(preset)
    for key, value in table.items():
        before = merged.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(before, value) if both else value  # type: ignore[arg-type]  # both are
    return merged


def _signal(table: Table, place: Place, path: Path) -> Signal:
    path = (*path, "signal")
    raw = table.get("signal")
    if raw is None:
        what = f"`{'.'.join(path[:-1])}` has no `signal`"
        hint = 'add `signal = { metric = "…" }` or `{ event = "…" }`'
        raise place.error(path[:-1], what, hint, slug="missing-key")
    if isinstance(raw, str):
        raw = {"event" if raw.startswith("buildopt.") and "." in raw[9:] else "metric": raw}
    if not isinstance(raw, Mapping):
        raise place.impossible(path, raw, "a table with `metric` or `event`")
    for key in raw:
        if key not in SIGNAL_KEYS:
            raise place.unknown((*path, key), SIGNAL_KEYS)
    signal = Signal(
        metric=_text(place, path, raw, "metric"),
        event=_text(place, path, raw, "event"),
        value=_text(place, path, raw, "value"),
        where=_condition(place, path, raw, "where"),
        bad=_condition(place, path, raw, "bad"),
        good=_condition(place, path, raw, "good"),
        aggregation=_choice(place, path, raw, "aggregation", get_args(Aggregation), "last"),  # type: ignore[arg-type]  # as chosen
        window_s=_duration(place, path, raw, "window", 0.0),
        window_count=_count(place, path, raw, "window_count"),
        bound=_choice(place, path, raw, "bound", get_args(Bound), "none"),  # type: ignore[arg-type]  # as chosen
        limit=_number(place, path, raw, "limit", 0.0),
    )
    if bool(signal.metric) == bool(signal.event):
        raise place.error(path, f"`{'.'.join(path)}` needs either `metric` or `event`",
                          "keep one of them", slug="impossible-rule")  # fmt: skip
    has_window = signal.window_s or signal.window_count
    if signal.aggregation != "last" and not has_window:
        raise place.impossible(
            (*path, "aggregation"), signal.aggregation, "`last` without a `window`"
        )
    if signal.aggregation == "predict" and signal.limit <= 0:
        raise place.impossible(
            (*path, "limit"), signal.limit, "what the resource can hold, above 0"
        )
    return signal


def _levels(  # the parameters are what the defaults of a level depend on
    table: Table,
    place: Place,
    path: Path,
    for_s: float,
    compare: str,
    is_event: bool,
) -> tuple[Level, ...]:
    path = (*path, "levels")
    raw = table.get("levels")
    if is_event and raw is None:
        raw = {"warning": {"fire": 1, "clear": 1}}
    if isinstance(raw, str) and raw in LEVELS:
        raw = {raw: {"fire": 1, "clear": 1}}
    if not isinstance(raw, Mapping) or not raw:
        raise place.impossible(path, raw or "nothing", "`warning` and `critical`, each with `fire`")
    for name in raw:
        if name not in LEVELS:
            raise place.unknown((*path, name), LEVELS)
    return tuple(
        _level(name, raw[name], place, (*path, name), for_s, compare)
        for name in LEVELS
        if name in raw
    )


def _level(
    name: Any, raw: Any, place: Place, path: Path, for_s: float, compare: str
) -> Level:  # Any: TOML
    if not isinstance(raw, Mapping):
        raw = {"fire": raw}
    for key in raw:
        if key not in LEVEL_KEYS:
            raise place.unknown((*path, key), LEVEL_KEYS)
    if "fire" not in raw:
        raise place.error(
            path, f"`{'.'.join(path)}` has no `fire`", "add `fire` to it", slug="missing-key"
        )
    fire = _number(place, path, raw, "fire", 0.0)
    inside = -CLEAR_SHARE if not compare.startswith("<") else CLEAR_SHARE
    clear = _number(place, path, raw, "clear", fire + inside * abs(fire))
    return Level(name=name, fire=fire, clear=clear, for_s=_duration(place, path, raw, "for", for_s))


def _require_possible(rule: Rule, place: Place, path: Path) -> None:
    """Refuse what could never end, never begin, or would ring for ever."""
    for level in rule.levels:
        at = (*path, "levels", level.name, "clear")
        if not rule.is_event and (
            level.clear < level.fire if rule.is_below else level.clear > level.fire
        ):
            raise place.impossible(
                at, level.clear, f"a value on the good side of `fire` ({level.fire:g})"
            )
    if len(rule.levels) == 2:
        low, high = rule.levels
        at = (*path, "levels", "critical", "fire")
        is_upside_down = high.fire >= low.fire if rule.is_below else high.fire <= low.fire
        if is_upside_down and not rule.is_event:
            raise place.impossible(
                at, high.fire, f"a worse value than that of warning ({low.fire:g})"
            )
    if rule.signal.window_count and rule.min_count > rule.signal.window_count:
        raise place.impossible((*path, "min_count"), rule.min_count, "no more than `window_count`")


def _require_sources(rule: Rule, rules: Mapping[str, Rule], place: Place, path: Path) -> None:
    for one in rule.inhibited_by:
        at = (*path, "inhibited_by")
        if one.rule == rule.id:
            raise place.impossible(at, one.rule, "another rule: none inhibits itself")
        if one.rule not in rules:
            raise place.impossible(at, one.rule, f"a rule; known: {', '.join(sorted(rules))}")


def _steps(place: Place, path: Path, raw: object) -> tuple[Step, ...]:
    steps: list[Step] = []
    for number, one in enumerate(_tables(place, path, raw)):
        for key in one:
            if key not in ("after", "min_level", "channels"):
                raise place.unknown((*path, key), ("after", "min_level", "channels"))
        usual_s = ESCALATION_S[min(number, len(ESCALATION_S) - 1)] * max(1, number)
        step = Step(
            after_s=_duration(place, path, one, "after", usual_s),
            channels=_names(place, (*path, "channels"), one.get("channels", ())),
            min_level=_choice(place, path, one, "min_level", LEVELS, "warning"),  # type: ignore[arg-type]  # as chosen
        )
        if not step.channels:
            raise place.impossible(path, "nobody", "`channels` in each step")
        if steps and step.after_s <= steps[-1].after_s:
            raise place.impossible(
                path, one.get("after", ""), "steps in order, each later than the last"
            )
        steps.append(step)
    return tuple(steps)


def _flap(place: Place, path: Path, raw: object) -> Flap:
    if not isinstance(raw, Mapping):
        raise place.impossible(path, raw, "a table with `count`, `window`, `quiet`")
    for key in raw:
        if key not in ("count", "window", "quiet"):
            raise place.unknown((*path, key), ("count", "window", "quiet"))
    usual = Flap()
    return Flap(
        count=_count(place, path, raw, "count", usual.count),
        window_s=_duration(place, path, raw, "window", usual.window_s),
        quiet_s=_duration(place, path, raw, "quiet", usual.quiet_s),
    )


def _inhibitions(place: Place, path: Path, raw: object) -> tuple[Inhibition, ...]:
    if isinstance(raw, str):
        raw = ({"rule": raw},)
    found = []
    for one in _tables(place, path, raw):
        for key in one:
            if key not in ("rule", "equal"):
                raise place.unknown((*path, key), ("rule", "equal"))
        name = _text(place, path, one, "rule")
        found.append(Inhibition(rule=name, equal=_names(place, path, one.get("equal", ()))))
    return tuple(found)


def _tables(place: Place, path: Path, raw: object) -> list[Table]:
    if isinstance(raw, Mapping):
        raw = (raw,)
    if not isinstance(raw, list | tuple) or not all(isinstance(one, str | Mapping) for one in raw):
        raise place.impossible(path, raw, "a list of tables")
    word = "rule" if path[-1] == "inhibited_by" else "channels"
    return [{word: one} if isinstance(one, str) else one for one in raw]


def _names(place: Place, path: Path, raw: object) -> tuple[str, ...]:
    if isinstance(raw, str):
        raw = (raw,)
    if not isinstance(raw, list | tuple) or not all(isinstance(one, str) and one for one in raw):
        raise place.impossible(path, raw, "a list of names")
    return tuple(raw)


def _text(place: Place, path: Path, table: Table, key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise place.impossible((*path, key), value, "a text")
    return value


def _flag(place: Place, path: Path, table: Table, key: str, *, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise place.impossible((*path, key), value, "true or false")
    return value


def _count(place: Place, path: Path, table: Table, key: str, default: int = 0) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1_000_000:
        raise place.impossible((*path, key), value, "a whole number")
    return value


def _number(place: Place, path: Path, table: Table, key: str, default: float) -> float:
    value = table.get(key, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise place.impossible((*path, key), value, "a number")
    return float(value)


def _duration(place: Place, path: Path, table: Table, key: str, default: float) -> float:
    if key not in table:
        return default
    try:
        return durations.seconds(table[key])
    except ValueError as error:
        raise place.impossible((*path, key), table[key], str(error)) from None


def _condition(place: Place, path: Path, table: Table, key: str) -> str:
    text = _text(place, path, table, key)
    if text:
        try:
            expressions.check(text)
        except expressions.BadExpression as error:
            raise place.impossible((*path, key), text, f"a condition: {error}") from None
    return text


def _choice(
    place: Place, path: Path, table: Table, key: str, choices: Iterable[str], default: str
) -> str:
    value = table.get(key, default)
    if value != default and value not in tuple(choices):
        raise place.impossible((*path, key), value, " or ".join(f"`{one}`" for one in choices))
    return str(value)


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
