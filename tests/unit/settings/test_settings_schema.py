"""The schema says of a file what the checks say."""

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildopt.errors import SettingsError
from buildopt.settings import loading
from buildopt.settings.files import Part
from buildopt.settings.keys import FILE_KEYS, NAMESPACES, TASK_KEYS
from buildopt.settings.schema import DIALECT, schema

VALIDATOR = jsonschema.Draft202012Validator(schema())


def is_loaded(table):
    """Whether the checks take a file with that content."""
    part = Part(path="x.toml", shown="x.toml", text="", prefix=(), table=table)
    try:
        loading.values_of(part)
    except SettingsError:
        return False
    return True


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())

    assert schema()["$schema"] == DIALECT


def test_every_key_is_told_with_its_meaning_and_default():
    top = schema()["properties"]
    task = top["tasks"]["additionalProperties"]["properties"]

    assert set(top) == {*FILE_KEYS, "tasks", *NAMESPACES}
    assert set(task) == {key.name for key in TASK_KEYS}
    assert all(node["description"] for node in (*top.values(), *task.values()))
    assert top["cache_limit"]["default"] == "10 GB"


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"input": ["src/**"], "quiet": True, "cache": "read", "cache_limit": "1.5 GiB"},
        {"cache_limit": "4096", "cache_max_age_days": 7.0, "lists": False},
        {"tasks": {"a b": {"command": "make x"}, "c": {"command": ["make", ""], "env": ["A"]}}},
    ],
)
def test_good_files_pass_both(table):
    assert VALIDATOR.is_valid(table)
    assert is_loaded(table)


@pytest.mark.parametrize(
    "table",
    [
        {"inptu": []},
        {"force": True},
        {"quiet": 1},
        {"input": "src"},
        {"input": [""]},
        {"input": ["a\0b"]},
        {"cache": ""},
        {"cache_limit": "0 GB"},
        {"cache_limit": "1 XB"},
        {"cache_limit": "GB"},
        {"cache_max_age_days": 0},
        {"cache_max_age_days": True},
        {"cache_max_age_days": 10**30},
        {"tasks": []},
        {"tasks": {"a": "make"}},
        {"tasks": {"a": {}}},
        {"tasks": {"": {"command": "x"}}},
        {"tasks": {"-a": {"command": "x"}}},
        {"tasks": {"a": {"command": " "}}},
        {"tasks": {"a": {"command": []}}},
        {"tasks": {"a": {"command": ["", "x"]}}},
        {"tasks": {"a": {"command": "x", "input": []}}},
        {"tasks": {"a": {"command": "x", "persistent": "no"}}},
        {"tasks": {"a": {"command": "x", "directory": ""}}},
    ],
)
def test_bad_files_pass_neither(table):
    assert not VALIDATOR.is_valid(table)
    assert not is_loaded(table)


WORDS = st.sampled_from(
    ["", "a", "a b", "off", "read", "auto", "deny", "1 GB", "1.5 kib", ".5 T", "1..2", "x\0", "00"]
)
VALUES = st.recursive(
    WORDS | st.booleans() | st.integers(-2, 40_000) | st.floats(allow_nan=False) | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=3,
)
TASKS = st.dictionaries(
    st.sampled_from([key.name for key in TASK_KEYS] + ["x"]), VALUES, max_size=3
)
FILES = st.dictionaries(
    st.sampled_from([*FILE_KEYS, "x"]), VALUES, max_size=2
) | st.fixed_dictionaries({"tasks": st.dictionaries(WORDS, TASKS, max_size=1) | VALUES})


@given(FILES)
def test_schema_and_checks_agree_on_any_file(table):
    assert VALIDATOR.is_valid(table) == is_loaded(table)
