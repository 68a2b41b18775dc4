"""The text of a settings file, new or added to, is what the settings take."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildopt import settings
from buildopt.project.own_tasks import OwnTask
from buildopt.project.starter import EXAMPLE, HEAD, new_file, task_names, with_tasks

BUILD = OwnTask(name="build", command="npm run build", origin="package.json")
UNIT = OwnTask(name="test:unit", command="make 'a b'", origin="Makefile")


def loaded(folder, text):
    (folder / "buildopt.toml").write_text(text)
    return settings.load(str(folder), {})


def values(chosen):
    return chosen._asdict()


def test_a_new_file_changes_no_setting(tmp_path):
    plain = loaded(tmp_path, "")

    new = loaded(tmp_path, new_file((), ("dev",)))

    assert values(new) == values(plain)


def test_every_line_that_is_commented_out_is_a_setting(tmp_path):
    uncommented = re.sub(r"^# (?=\w+ = |\[)", "", HEAD + EXAMPLE, flags=re.MULTILINE)

    chosen = loaded(tmp_path, uncommented)

    assert chosen.cache_limit == "10 GB"
    assert [task.name for task in chosen.tasks] == ["build"]
    assert uncommented.count("\n# ") < HEAD.count("\n# ") - 8


def test_the_tasks_of_a_new_file_are_those_that_were_found(tmp_path):
    chosen = loaded(tmp_path, new_file((BUILD, UNIT), ()))

    assert {task.name: task.command for task in chosen.tasks} == {
        "build": ("npm", "run", "build"),
        "test:unit": ("make", "a b"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "# mine\nquiet = true  # yes\n",
        "[tasks.own]\ncommand = 'x'\n\n# the end",
        "tasks.own.command = 'x'\n",
        "[tasks]\n[tasks.own]\ncommand = 'x'\n[[alert]]\n",
    ],
)
def test_what_was_there_stays_to_the_last_byte(text):
    after = with_tasks(text, (BUILD,))

    assert after.startswith(text)
    assert tomllib.loads(after) == tomllib.loads(text) | {
        "tasks": tomllib.loads(text).get("tasks", {}) | {"build": {"command": "npm run build"}}
    }


def test_line_ends_stay_as_they_are():
    after = with_tasks("quiet = true\r\n", (BUILD, UNIT))

    assert "\n" not in after.replace("\r\n", "")


def test_a_part_of_a_pyproject_is_added_to_wherever_it_stands():
    text = "[tool.buildopt]\nquiet = true\n\n# about black\n[tool.black]\nx = 1\n"

    after = with_tasks(text, (BUILD,), ("tool", "buildopt"))

    assert after.startswith(text)
    assert task_names(after, ("tool", "buildopt")) == {"build"}


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("tasks = {own = {command = 'x'}}\n", ()),
        ("[tool]\nbuildopt = {quiet = true}\n", ("tool", "buildopt")),
        ("[tasks.build]\ncommand = 'x'\n", ()),
    ],
)
def test_where_no_table_can_follow_it_raises(text, tables):
    with pytest.raises(ValueError, match=r"."):
        with_tasks(text, (BUILD,), tables)


WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)


@given(WORDS, WORDS)
def test_any_name_and_command_comes_back_as_it_was(name, command):
    task = OwnTask(name=name, command=command, origin="package.json")

    table = tomllib.loads(with_tasks("", (task,)))

    assert table == {"tasks": {name: {"command": command}}}
