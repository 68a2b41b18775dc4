"""What settings leave out, or switch off, is named by `explain` and by the result."""

import json

import pytest

LEFT_OUT = ("--ignore-input", "b", "--ignore-output", "log", "--ignore-env", "STAMP")
AS_JSON = {"input": ["b"], "output": ["log"], "env": ["STAMP"]}
LINES = [
    "  left out by settings: inputs `b`",
    "  left out by settings: outputs `log`",
    "  left out by settings: variables `STAMP`",
]


@pytest.fixture
def project(rig):
    rig.environ["BUILDOPT_OBSERVE"] = "auto"
    rig.write("a", "a\n")
    rig.write("b", "b\n")
    rig.script("build.sh", "cat a b > out; date >> log\n")
    return rig


def said(rig, *words):
    return rig.call("explain", *words).stdout.decode()


def test_explain_names_what_a_run_left_out_of_its_record(project):
    for outcome in ("executed", "fresh", "fresh"):
        done = project.run(*LEFT_OUT, "--", "./build.sh")

        assert (done.outcome, done.result["ignored"]) == (outcome, AS_JSON)
        assert said(project).splitlines()[-3:] == LINES
        assert json.loads(said(project, "--json"))["ignored"] == AS_JSON


def test_explain_of_a_command_names_what_would_be_left_out(project):
    before = said(project, *LEFT_OUT, "--", "./build.sh").splitlines()
    project.run(*LEFT_OUT, "--", "./build.sh")
    after = said(project, *LEFT_OUT, "--", "./build.sh").splitlines()

    assert (before[0], before[-3:]) == ("would run:", LINES)
    assert (after[0].startswith("would hit"), after[-3:]) == (True, LINES)
    found = json.loads(said(project, *LEFT_OUT, "--json", "--", "./build.sh"))
    assert (found["would"], found["ignored"]) == ("hit", AS_JSON)


def test_explain_says_how_to_ignore_the_variable_that_made_a_miss(project):
    project.run("--", "./build.sh")
    project.environ["STAMP"] = "2"
    ignored = "      to ignore it: --ignore-env STAMP, or `ignore_env` in the settings"

    assert ignored in said(project, "--", "./build.sh").splitlines()
    project.run("--", "./build.sh")
    assert ignored in said(project).splitlines()


def test_result_has_nothing_of_it_where_nothing_is_left_out(project):
    assert "ignored" not in project.run("--", "./build.sh").result
    assert "left out" not in said(project)


@pytest.mark.parametrize(
    ("observe", "observer", "reason", "words"),
    [
        ("off", "off", ("settings", "observe"), "watching is off for it"),
        ("declared", "declared", ("undeclared", "inputs"), "no inputs are declared"),
    ],
)
def test_command_that_nobody_observes_says_why(project, observe, observer, reason, words):
    done = project.run("--observe", observe, "--", "./build.sh")
    asked = project.call("run", "--observe", observe, "--dry-run", "--", "./build.sh")
    explained = json.loads(said(project, "--observe", observe, "--json", "--", "./build.sh"))

    assert (done.result["observer"], done.not_stored) == (observer, [reason])
    assert words in done.line
    assert (asked.returncode, words in asked.stderr.decode()) == (3, True)
    kind, subject = reason
    assert explained == {
        "schema": 1,
        "would": "miss",
        "miss_reasons": [],
        "not_stored": [{"kind": kind, "subject": subject}],
    }


def test_declared_inputs_change_nothing_where_observing_is_off(project):
    done = project.run("--observe", "off", "--input", "a", "--output", "out", "--", "./build.sh")

    assert done.not_stored == [("settings", "observe")]
