"""Rules as data: what is read, and what is refused with its place and a hint."""

from __future__ import annotations

import tomllib

import pytest

from buildopt.errors import SettingsError
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.presets import PRESETS
from monitor_plugins.alert.rule_reading import read_rules

GOOD = """
[m]
signal = { metric = "m" }
levels.warning = { fire = 85 }
"""


def read(text: str, presets=None):
    place = Place("rules.toml", lambda path: 7)
    return read_rules(tomllib.loads(text), place=place, presets=presets or {})


def test_presets_are_sound_and_bear_the_names_of_the_contract() -> None:
    names = {
        "memory",
        "cpu",
        "api-response",
        "api-errors",
        "cache-hit-rate",
        "build-failure",
        "load",
    }

    assert names <= set(read("", PRESETS))


def test_clear_is_five_percent_inside_where_it_is_not_said() -> None:
    below = GOOD.replace("fire = 85", "fire = 100").replace("[m]", '[m]\ncompare = "<"')

    assert read(GOOD)["m"].levels[0].clear == pytest.approx(80.75)
    assert read(below)["m"].levels[0].clear == pytest.approx(105)


def test_preset_is_changed_key_by_key_and_switched_off() -> None:
    changed = read("[memory.levels.warning]\nfire = 0.5\nclear = 0.4", PRESETS)["memory"]

    assert [level.fire for level in changed.levels] == [0.5, 0.95]
    assert "memory" not in read("[memory]\nenabled = false", PRESETS)


def test_escalation_comes_after_two_and_five_minutes_where_it_is_not_said() -> None:
    rule = read(GOOD + 'escalate = ["team", "boss"]')["m"]

    assert [step.after_s for step in rule.escalate] == [120, 300]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("forr = 3", "did you mean `for`?"),
        ("signal.metrik = 'a'", "did you mean `metric`?"),
        ("compare = '>='\nlevels.warning.clear = 90", "a value on the good side"),
        ("levels.critical.fire = 80", "a worse value than that of warning"),
        ("levels.fatal.fire = 80", "known keys"),
        ('for = "3 parsecs"', "a duration"),
        ("for = -1", "a duration"),
        ("for = nan", "a duration"),
        (f'for = "{100 * "0"}5s"', "a duration"),
        ("repeat = 1e-9", "a second or more, or 0 for never"),
        ("levels.warning.fire = inf", "a number"),
        ("min_count = true", "a whole number"),
        ('on_stale = "panic"', "`keep` or `resolve` or `alert`"),
        ('gate = "__import__(1)"', "a condition"),
        ('gate = "a.b and"', "a condition"),
        ('inhibited_by = ["nobody"]', "a rule; known rules: m"),
        ('inhibited_by = ["m"]', "none inhibits itself"),
        ('signal.aggregation = "p95"', "`last` without a `window`"),
        ('signal.event = "buildopt.x"', "keep one of them"),
        ("escalate = [{ after = 5 }]", "`channels` in each step"),
        ('escalate = [{ after = 9, channels = "a" }, { after = 9, channels = "b" }]', "in order"),
        ("signal.window_count = 601", "600 samples at most"),
        ("stale_after = 0", "a duration above zero"),
        ("flap = 3", "a table with"),
        ("gate = 'not run.activ'", "did you mean `run.active`?"),
        ("gate = 'cpu.wait > 1'", "did you mean `cpu.iowait`?"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_file_line_and_hint(bad: str, said: str) -> None:
    table = "[m]\nsignal.metric = 'm'\nlevels.warning.fire = 85\n"
    table = table.replace(bad.split(" = ")[0] + " = 85\n", "")
    with pytest.raises(SettingsError) as caught:
        read(table + bad)

    assert "`rules.toml`: line 7: " in caught.value.message
    assert said in caught.value.hint
    assert caught.value.slug in ("unknown-key", "impossible-rule", "missing-key")


@pytest.mark.parametrize(
    "text",
    [
        "m = 3",
        "[m]\nlevels.warning.fire = 1",
        "[m]\nsignal.metric = 'm'",
        "[m]\nsignal.event = 'run.finished'",
        "[m]\nlevels.warning = 1\n"
        "signal = { metric = 'm', aggregation = 'predict', window = '6h', limit = 0 }",
        "[m]\nlevels.warning = 1\n"
        "signal = { metric = 'm', aggregation = 'predict', window = '6h' }",
    ],
)
def test_half_a_rule_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        '["\\u001b[31m"]\nsignal.metric = "m"\nlevels.warning.fire = 1',
        '["{NAME}"]\nsignal.metric = "m"\nlevels.warning.fire = 1'.format(NAME="x" * 5_000),
        GOOD + "gate = '{}'".format("(" * 200 + "a" + ")" * 200),
        GOOD + "gate = '{}'".format("not " * 120 + "a"),
        GOOD + "gate = 'a == 9**9**9'",
        GOOD + "gate = 'f(x)'",
        GOOD + "gate = 'a[0]'",
        GOOD + "gate = '(lambda: 0)()'",
        GOOD + "gate = 'f\"{a}\"'",
        GOOD + "levels.critical.fire = 1e999",
        GOOD + "for = 1e300",
        GOOD + "min_count = 10000000000000000000000",
        GOOD + "identity = [[[[]]]]",
        GOOD + "escalate = [1, 2]",
        GOOD + "title = ['a']",
        GOOD + "window_count = 3",
    ],
)
def test_hostile_rule_is_refused_and_shown_on_one_short_line(text: str) -> None:
    try:
        rules = read(text)
    except SettingsError as error:
        assert error.message.isprintable()
        assert len(error.message) < 400
    else:
        assert "not not" in rules["m"].gate or "((" in rules["m"].gate


def test_durations_are_read_in_the_words_that_people_use() -> None:
    for_s = [
        read(GOOD + f'for = "{text}"')["m"].levels[0].for_s
        for text in ("90 seconds", "2 minutes", "1 hour", "1h 30min", "1 week")
    ]

    assert for_s == [90, 120, 3600, 5400, 604_800]


def test_mistake_of_a_preset_that_was_changed_has_the_line_of_the_change() -> None:
    place = Place("r.toml", {("alert", "rules", "memory"): 3}.get)
    tables = {"memory": {"levels": {"warning": {"fire": 90}}}}

    with pytest.raises(SettingsError, match=r"line 3: `alert\.rules\.memory\.levels\.critical"):
        read_rules(tables, place=place, presets=PRESETS)
