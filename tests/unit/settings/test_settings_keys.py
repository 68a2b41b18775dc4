"""The table of keys is what the records hold, what `run` offers, and no more."""

from pathlib import Path

import click
import pytest

from buildopt import hit
from buildopt.cli import call, run
from buildopt.monitor import choice
from buildopt.settings.keys import KEYS, NAMESPACES, SWITCHES, TASK_KEYS, WAYS
from buildopt.settings.records import Settings, TaskSettings
from buildopt.settings.values import checked

NOT_KEYS = {"tasks", "namespaces", "overrides", "root", "file", "npm_caches", "consulted"}
"""What of a record is found out and not set by a key of its own."""


def test_every_field_of_the_settings_has_its_key():
    assert {key.name for key in KEYS} == set(Settings._fields) - NOT_KEYS


def test_every_field_of_a_task_has_its_key():
    assert {key.name for key in TASK_KEYS} == set(TaskSettings._fields) - {"name"}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_default_is_a_value_that_its_key_takes(key):
    default = getattr(Settings(), key.name)

    if default == "":
        assert key.kind == "text"
    else:
        assert checked(key, list(default) if key.kind == "list" else default) == default


def test_every_option_of_run_is_a_key_with_the_same_choices():
    offered = {
        max(option.opts, key=len): getattr(option.type, "choices", ())
        for option in run.command.params
        if isinstance(option, click.Option)
    }

    expected = {key.option: key.choices for key in KEYS if key.has_option}
    assert {name: tuple(choices) for name, choices in offered.items()} == expected


def test_the_ways_of_observing_are_those_of_the_calls():
    assert call.WAYS == WAYS


def test_no_name_is_taken_twice():
    names = [key.name for key in KEYS] + ["tasks", *NAMESPACES]

    assert len(set(names)) == len(names)


def test_every_switch_is_a_variable_that_the_code_reads():
    code = [Path(module.__file__) for module in (run, hit, choice)]

    text = "".join(path.read_text() for path in code)

    assert all(name in text for name in SWITCHES)
