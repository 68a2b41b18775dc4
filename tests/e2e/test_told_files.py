"""Result file and report are written into the project, and make nobody miss who merely lists it."""

import json

import pytest

OBSERVE = "auto"
ASKED = [("--result-file", "told.json"), ("--report",), ("--report=told.html",)]


def outcomes(rig, *options, times=3):
    return [rig.run(*options, "--", "./build.sh").outcome for _ in range(times)]


@pytest.fixture
def project(rig):
    rig.write("a", "a\n")
    rig.script("build.sh", "ls . > /dev/null; cat a > out\n")
    return rig


@pytest.mark.parametrize("options", ASKED)
def test_command_that_lists_the_project_is_answered_the_second_time(project, options):
    assert outcomes(project, *options) == ["executed", "fresh", "fresh"]

    project.write("another", "")
    assert project.run(*options, "--", "./build.sh").reasons == [("listing-changed", ".")]
    assert outcomes(project, *options, times=1) == ["fresh"]


@pytest.mark.parametrize("options", ASKED)
def test_declared_inputs_that_list_the_project_are_no_other_case(project, options):
    declared = ("--input", "*.txt", *options)

    assert outcomes(project, *declared) == ["executed", "fresh", "fresh"]


def test_command_that_reads_the_result_file_depends_on_it(project):
    project.script("build.sh", "cat *.json > out 2>/dev/null; ls . > /dev/null; exit 0\n")
    project.write("told.json", "{}")

    found = outcomes(project, "--result-file", "told.json")

    assert found == ["executed", "executed", "executed"]
    assert json.loads(project.read("out"))["outcome"] == "executed"


def test_strict_outputs_lets_it_count(project):
    found = outcomes(project, "--strict-outputs", "--result-file", "told.json")

    assert found == ["executed", "executed", "fresh"]


def test_scripts_of_a_call_of_many_tasks_are_answered_too(project):
    project.write(
        "buildopt.toml",
        '[tasks.one]\ncommand = "ls ."\n[tasks.two]\ncommand = "cat a"\ndepends_on = ["one"]\n',
    )
    options = ("--result-file", "told.json", "--report", "two")

    assert [project.run(*options).outcome for _ in range(2)] == ["executed", "fresh"]
