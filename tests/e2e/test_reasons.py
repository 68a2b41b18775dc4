"""The reason of a miss: what changed since the last run in this very checkout."""

import shutil

import pytest

RUN = ("--input", "*.txt", "--output", "out", "--", "./build.sh")


@pytest.fixture
def project(rig):
    rig.script("build.sh", "cat a.txt b.txt c.txt > out")
    for name in "abc":
        rig.write(f"{name}.txt", "main\n")
    return rig


def changed(done):
    return [subject for kind, subject in done.reasons if kind == "file-changed"]


def test_reason_is_not_what_another_branch_had_though_it_is_more_alike(project):
    project.run(*RUN)
    for name in "abc":
        project.write(f"{name}.txt", "branch\n")
    project.run(*RUN)

    project.write("a.txt", "main\n")
    project.write("b.txt", "main\n")

    assert changed(project.run(*RUN)) == ["a.txt", "b.txt"]


def test_reason_is_not_what_another_checkout_ran_later(project):
    project.run(*RUN)
    ours, theirs = project.root, project.place / "elsewhere" / "project"
    shutil.copytree(ours, theirs)
    project.root = theirs
    for name in "ab":
        project.write(f"{name}.txt", "theirs\n")
    project.run(*RUN)
    project.root = ours

    project.write("c.txt", "edited\n")

    assert changed(project.run(*RUN)) == ["c.txt"]


def test_reason_of_a_task_without_outputs_is_what_the_last_run_had(rig):
    rig.script("check.sh", "cat a.txt b.txt")
    run = ("--input", "*.txt", "--", "./check.sh")
    for content in ("one\n", "two\n"):
        rig.write("a.txt", content)
        rig.write("b.txt", content)
        rig.run(*run)

    rig.write("a.txt", "one\n")

    assert changed(rig.run(*run)) == ["a.txt"]


def test_dry_run_names_a_file_as_the_project_does(project):
    project.run(*RUN)
    project.write("a.txt", "edited\n")

    completed = project.call("run", "--dry-run", *RUN)

    assert completed.stderr == b"buildopt: would run: `a.txt` changed\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--input", "a.txt"), b"recorded only with other declared inputs"),
        (("--output", "more"), b"recorded only with other declared outputs"),
        (("--ignore-input", "b.txt"), b"recorded only with other settings"),
    ],
)
def test_changed_setting_is_told_as_such(project, options, words):
    project.run(*RUN)

    completed = project.call("run", "--dry-run", *options, *RUN)

    assert completed.stderr == b"buildopt: would run: " + words + b"\n"


def test_other_command_line_is_not_told_as_a_change(project):
    project.run(*RUN)

    completed = project.call("run", "--dry-run", *RUN, "--fast")

    assert completed.stderr == b"buildopt: would run: no record with these arguments yet\n"
