"""What the result of a run, its event and its summary say of the steps inside."""

import json

import pytest

from tests.e2e.test_steps import MANAGER

OBSERVE = "auto"


@pytest.fixture(autouse=True)
def manager(rig):
    rig.write("npm", MANAGER, 0o755)


def run(rig, script, *options):
    return rig.run(*options, "--", "./npm", script)


def test_each_step_says_what_decided_it_before_and_after_by_relative_paths(rig):
    rig.write("in/a", "1")
    rig.write("b", "2")
    script = "cp in/a x && cp b y"
    run(rig, script)
    rig.write("in/a", "3")

    first, second = run(rig, script).result["tasks"]

    (reason,) = first["miss_reasons"]
    assert (reason["kind"], reason["subject"]) == ("file-changed", "in/a")
    assert reason["before"] and reason["after"] and reason["before"] != reason["after"]
    assert (first["stored"], second["stored"]) == (True, False)
    assert (first["not_stored"], second["miss_reasons"]) == ([], [])
    assert {first["directory"], second["directory"]} == {str(rig.root)}


def test_steps_tell_when_they_began_and_the_run_what_they_saved(rig):
    rig.write("a", "1")
    rig.write("b", "2")
    script = "cat a && cat b"
    run(rig, script)
    rig.write("b", "3")

    result = run(rig, script).result

    hit, real = result["tasks"]
    assert 0 < hit["started_s"] < real["started_s"] <= result["duration_s"]
    assert real["time_saved_s"] == 0
    assert result["time_saved_s"] == hit["time_saved_s"]


def test_new_step_is_not_taken_for_another_command_with_other_arguments(rig):
    rig.write("a", "1")
    run(rig, "cp a x")

    steps = run(rig, "cat a && cp a y").result["tasks"]

    assert [step["miss_reasons"][0]["kind"] for step in steps] == ["no-record", "command"]
    assert steps[1]["miss_reasons"][0]["before"] == "/bin/sh -c cp a x"


def test_summary_says_how_many_steps_were_answered(rig):
    rig.write("a", "1")
    rig.write("b", "2")
    script = "cp a x && cp b y"
    first = run(rig, script)
    rig.write("b", "3")

    second = run(rig, script)

    assert "answered" not in first.line
    assert ", 1 of 2 steps answered" in second.line
    assert second.line.endswith("`b` changed; stored")


@pytest.mark.parametrize("fast_path", ["0", "1"])
def test_hit_of_the_whole_run_has_no_steps(rig, fast_path, tmp_path):
    rig.write("a", "1")
    rig.environ["BUILDOPT_FAST_PATH"] = fast_path
    run(rig, "cp a x")

    for _ in range(2):
        done = run(rig, "cp a x")
        assert done.outcome == "fresh"
        assert "tasks" not in done.result
        assert "hit_ratio" not in done.result


def test_step_whose_stdin_may_hold_something_is_told_as_not_stored_for_that(rig):
    rig.write("a", "1")

    done = run(rig, "echo in | ./npm 'cat a -'")

    steps = {step["command"][-1]: step for step in done.result["tasks"]}
    inner = steps["cat a -"]
    assert (inner["outcome"], inner["exit_code"], inner["stored"]) == ("executed", 0, False)
    assert inner["not_stored"] == [{"kind": "stdin", "subject": "step"}]
    assert done.out == b"1in\n"


def test_result_file_and_event_say_the_same_of_the_steps(rig, tmp_path):
    rig.write("a", "1")
    path = tmp_path / "result.json"

    done = run(rig, "cp a x && cat x", "--result-file", str(path))

    written = json.loads(path.read_text())
    assert written["tasks"] == done.result["tasks"]
    assert written["hit_ratio"] == done.result["hit_ratio"] == 0
