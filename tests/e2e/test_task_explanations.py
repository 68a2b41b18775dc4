"""`explain`, `runs` and `report` tell of a call of many tasks, and `--affected` of its choice."""

import json
import subprocess

import pytest

from tests.e2e.test_steps import MANAGER
from tests.rig import Rig

OBSERVE = "auto"
SETTINGS = """
[tasks.first]
command = "cat a"

[tasks.scripts]
command = ["./npm", "cat a && cat b"]
depends_on = ["first"]

[tasks.fails]
command = "sh -c 'cat b; exit 3'"
depends_on = ["scripts"]

[tasks.never]
command = "true"
depends_on = ["fails"]
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Of four tasks one was answered, one ran with a step answered, one failed, one did not run."""
    rig = Rig(tmp_path_factory.mktemp("told"), observe=OBSERVE)
    rig.write("buildopt.toml", SETTINGS)
    rig.write("npm", MANAGER, 0o755)
    rig.write("a", "a")
    rig.write("b", "b")
    rig.call("run", "scripts", "first")
    rig.write("b", "edited")
    assert rig.call("run", "never", "first").returncode == 3
    return rig


def say(rig, *words):
    done = rig.call(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def lines(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_explain_has_each_task_with_its_steps_behind_it(told):
    text = lines(say(told, "explain"))

    assert text[0] == "never first: executed"
    assert text[1].startswith("2 of 4 tasks and steps answered")
    names = [line.split(" saved ")[0].split()[3:] for line in text[2:] if line[:5] in KINDS]
    assert [" ".join(name) for name in names] == ["first", "scripts", "cat a", "cat b", "fails"]
    assert text.count("`b` changed") == 2
    assert "not stored: it failed" in text
    assert text[-1] == "not run: never"


KINDS = ("fresh", "resto", "execu", "faile")


def test_explain_of_one_task_has_its_reasons(told):
    text = lines(say(told, "explain", "scripts"))

    assert " scripts" in text[0]
    assert "file-changed: `b` changed" in text


def test_runs_and_report_show_the_tasks(told):
    assert "2 of 4 tasks and steps answered" in say(told, "runs").splitlines()[0]
    assert "not run: never" in lines(say(told, "runs", "show"))
    text = say(told, "report", "--markdown")
    assert "| ↳ `cat b` | ▶ executed |" in text
    assert "Not run: `never`" in text


def test_tasks_for_machines_are_in_order_with_what_is_inside(told):
    shown = json.loads(say(told, "runs", "show", "last", "--json"))

    assert [(row["task"], row["inside"]) for row in shown["tasks"]] == [
        ("first", ""), ("scripts", ""), ("cat a", "scripts"), ("cat b", "scripts"), ("fails", ""),
    ]  # fmt: skip
    assert shown["hit_ratio"] == 0.5
    begun = [row["started_s"] for row in shown["tasks"]]
    assert begun == sorted(begun)


def test_affected_says_since_when_and_runs_only_what_a_change_touches(rig):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    rig.write("buildopt.toml", '[tasks.one]\ncommand = "cat a"\n[tasks.two]\ncommand = "cat b"\n')
    rig.write("a", "a")
    rig.write("b", "b")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "x")):
        subprocess.run(("git", *identity, *words), cwd=rig.root, env=rig.environ, check=True)
    rig.call("run", "one", "two")
    rig.write("b", "edited")

    done = rig.call("run", "--affected", "one", "two", "--verbose")

    assert (done.returncode, done.stdout) == (0, b"edited")
    told = done.stderr.decode()
    assert "buildopt: since `main`: 1 of 2 tasks affected" in told
    assert "two: `b` changed" in told
    assert [row["task"] for row in rig.last_result()["tasks"]] == ["two"]
    missing = rig.call("run", "--affected=nowhere", "one", "two")
    assert missing.returncode == 125
    assert b"git knows no revision `nowhere`" in missing.stderr
