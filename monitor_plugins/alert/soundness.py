"""Refuses rules that could never end, never begin, or would ring for ever."""

from __future__ import annotations

from collections.abc import Mapping

from monitor_plugins.alert.expressions import names
from monitor_plugins.alert.place import Path, Place, meant
from monitor_plugins.alert.rule import Rule

FACTS = ("run.active", "run.slower", "cpu.iowait", "cpu.steal")
LEAST_REPEAT_S = 1.0
FAMILIES = frozenset(name.partition(".")[0] for name in FACTS)


def require_possible(rule: Rule, place: Place, path: Path) -> None:
    """Hold the values of one rule against each other; raises SettingsError."""
    if not rule.is_event:
        _require_order(rule, place, (*path, "levels"))
    _require_facts(rule, place, (*path, "gate"))
    if 0 < rule.repeat_s < LEAST_REPEAT_S:
        expected = "a second or more, or 0 for never"
        raise place.impossible((*path, "repeat"), rule.repeat_s, expected)
    if rule.signal.window_count and rule.min_count > rule.signal.window_count:
        raise place.impossible((*path, "min_count"), rule.min_count, "no more than `window_count`")


def _require_facts(rule: Rule, place: Place, path: Path) -> None:
    """A name beside the facts that there are would keep the gate shut for ever; any other name may
    be a metric.
    """
    for name in sorted(names(rule.gate)) if rule.gate else ():
        if name.partition(".")[0] in FAMILIES and name not in FACTS:
            expected = f"facts that there are; {meant(name, FACTS, 'facts')}"
            raise place.impossible(path, name, expected)


def _require_order(rule: Rule, place: Place, path: Path) -> None:
    for level in rule.levels:
        is_bad = level.clear < level.fire if rule.is_below else level.clear > level.fire
        if is_bad:
            expected = f"a value on the good side of `fire` ({level.fire:g})"
            raise place.impossible((*path, level.name, "clear"), level.clear, expected)
    if len(rule.levels) == 2:
        low, high = rule.levels
        is_upside_down = high.fire >= low.fire if rule.is_below else high.fire <= low.fire
        if is_upside_down:
            expected = f"a worse value than that of warning ({low.fire:g})"
            raise place.impossible((*path, "critical", "fire"), high.fire, expected)


def require_sources(rule: Rule, rules: Mapping[str, Rule], place: Place, path: Path) -> None:
    """Rules that hold this one back have to be there; raises SettingsError."""
    for one in rule.inhibited_by:
        at = (*path, "inhibited_by")
        if one.rule == rule.id:
            raise place.impossible(at, one.rule, "another rule: none inhibits itself")
        if one.rule not in rules:
            raise place.impossible(at, one.rule, f"a rule; {meant(one.rule, rules, 'rules')}")
