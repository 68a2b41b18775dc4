"""`explain` and `runs` tell of the steps of a run."""

import json

import pytest

from tests.e2e.test_steps import MANAGER
from tests.rig import Rig

OBSERVE = "auto"
SCRIPT = "cat a && cat b c"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The last run had one step answered, and one that ran for two reasons; only looked at."""
    return edited(Rig(tmp_path_factory.mktemp("told"), observe=OBSERVE))


def edited(rig):
    rig.write("npm", MANAGER, 0o755)
    for name in "abc":
        rig.write(name, name)
    rig.run("--", "./npm", SCRIPT)
    for name in "bc":
        rig.write(name, "edited")
    rig.run("--", "./npm", SCRIPT)
    return rig


def say(rig, *words, status=0):
    done = rig.call(*words)
    assert done.returncode == status, done.stderr
    return done.stdout.decode() or done.stderr.decode()


def lines(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_explain_tells_of_the_run_itself_and_then_of_each_step(told):
    text = lines(say(told, "explain"))

    assert text[0] == "./npm 'cat a && cat b c': executed"
    assert "file-changed: `b` changed" in text
    heading = next(i for i, line in enumerate(text) if line.startswith("1 of 2 steps answered"))
    hit, real, why = text[heading + 1 :]
    assert hit.startswith("fresh ") and " cat a" in hit
    assert real.startswith("executed ") and " cat b c" in real
    assert why == "`b` changed and 1 more"


def test_explain_verbose_has_every_reason_of_every_step_with_before_and_after(told):
    text = lines(say(told, "explain", "-v"))

    steps = text[next(i for i, line in enumerate(text) if "steps answered" in line) :]
    assert [line for line in steps if line.startswith("file-changed")] == [
        "file-changed: `b` changed",
        "file-changed: `c` changed",
    ]
    assert len([line for line in steps if line.startswith(("before:", "after:"))]) == 4
    assert "all that its record depends on is as recorded" in steps


@pytest.mark.parametrize("word", ["cat b c", "b c"])
def test_explain_of_a_step_has_all_about_it_and_nothing_else(told, word):
    text = lines(say(told, "explain", word))

    assert text[0].endswith("cat b c")
    assert [line for line in text if "changed" in line] == [
        "file-changed: `b` changed",
        "file-changed: `c` changed",
    ]
    assert not [line for line in text if "cat a" in line]


def test_flags_may_stand_behind_the_step_too(told):
    one = json.loads(say(told, "explain", "cat b c", "--json"))

    assert [row["task"] for row in one["tasks"]] == ["cat b c"]
    assert say(told, "explain", "last", "-v") == say(told, "explain", "-v")


def test_explain_of_an_answered_step_says_so(told):
    assert "all that its record depends on is as recorded" in say(told, "explain", "cat a")


def test_explain_of_neither_a_run_nor_a_step_says_what_there_is(told):
    assert "no run, and no step of the last one, is called `lint`" in say(
        told, "explain", "lint", status=2
    )


def test_explain_for_machines_has_the_steps(told):
    found = json.loads(say(told, "explain", "--json"))

    assert [reason["subject"] for reason in found["miss_reasons"]] == ["b", "c"]
    assert [(row["task"], row["outcome"]) for row in found["tasks"]] == [
        ("cat a", "fresh"),
        ("cat b c", "executed"),
    ]
    assert [reason["subject"] for reason in found["tasks"][1]["miss_reasons"]] == ["b", "c"]
    one = json.loads(say(told, "explain", "--json", "cat b c"))
    assert one["tasks"] == found["tasks"][1:]


def test_runs_tell_how_many_steps_were_answered_and_show_has_a_table(told):
    newest, oldest = say(told, "runs").splitlines()
    shown = lines(say(told, "runs", "show"))

    assert "1 of 2 steps answered" in newest and "answered" not in oldest
    table = shown[next(i for i, line in enumerate(shown) if line.startswith("1 of 2 steps")) :]
    assert table[1].startswith("fresh ") and table[2].endswith("cat b c")
    assert not [line for line in shown if line.startswith("tasks:")]


def test_run_for_machines_is_its_result_file(rig, tmp_path):
    path = tmp_path / "result.json"
    rig.write("npm", MANAGER, 0o755)
    rig.write("a", "a")
    rig.run("--result-file", str(path), "--", "./npm", "cat a && true")

    assert json.loads(say(rig, "runs", "show", "last", "--json")) == json.loads(path.read_text())


def test_report_shows_the_steps(told):
    text = say(told, "report", "--markdown")

    assert "1 of 2 steps answered" in text
    assert "| `cat b c` | ▶ executed |" in text
