"""What the settings of a task say of it, and which variables count because they are asked for."""

import pytest


@pytest.fixture
def project(rig):
    rig.write("in.txt", "one\n")
    return rig


def shell_task(text, *lines):
    """`[tasks.show]` of a text for the shell."""
    return f'[tasks.show]\ncommand = ["sh", "-c", \'{text}\']\ninputs = ["in.txt"]\n' + "".join(
        f"{line}\n" for line in lines
    )


@pytest.mark.parametrize("where", ["option", "variable", "file", "task"])
def test_a_variable_that_is_left_out_counts_when_it_is_asked_for(project, where):
    project.environ["DISPLAY"] = ":0"
    words = ["show"]
    extra = 'env = ["DISPL*"]'
    project.write("buildopt.toml", shell_task("echo $DISPLAY", extra if where == "task" else ""))
    if where == "file":
        project.write("buildopt.toml", extra + "\n" + shell_task("echo $DISPLAY"))
    if where == "option":
        words = ["--env", "DISPL*", "show"]
    if where == "variable":
        project.environ["BUILDOPT_ENV"] = "DISPL*"
    for _ in range(3):
        assert project.run(*words).out == b":0\n"
    project.environ["DISPLAY"] = ":1"

    changed = project.run(*words)

    assert (changed.out, changed.reasons) == (b":1\n", [("environment", "DISPLAY")])
    assert project.run(*words).outcome == "fresh"


def test_a_variable_that_is_asked_for_counts_though_a_pattern_leaves_it_out(project):
    project.write("buildopt.toml", 'env = ["MODE_A"]\nignore_env = ["MODE_*"]\n')
    project.environ |= {"MODE_A": "1", "MODE_B": "1"}
    words = ("--input", "in.txt", "--", "cat", "in.txt")
    project.run(*words)

    project.environ["MODE_B"] = "2"
    left_out = project.run(*words)
    project.environ["MODE_A"] = "2"
    counted = project.run(*words)

    assert left_out.outcome == "fresh"
    assert counted.reasons == [("environment", "MODE_A")]


def test_a_task_runs_in_its_own_directory(project):
    project.write("web/page.txt", "page\n")
    project.write("buildopt.toml", shell_task("cat page.txt", 'directory = "web"'))

    assert project.run("show").out == b"page\n"
    assert project.run("show").outcome == "fresh"


def test_a_tasks_cache_is_weaker_than_an_option_and_stronger_than_the_file(project):
    project.write("buildopt.toml", 'cache = "off"\n' + shell_task("cat in.txt", 'cache = "write"'))

    by_task = project.run("show")
    by_option = project.run("--cache", "off", "show")

    assert (by_task.result["stored"], by_option.result["stored"]) == (True, False)


def test_what_a_task_says_of_its_paths_and_of_the_network_is_in_its_key(project):
    for line in ("", 'private = ["x"]', 'state = ["x"]', 'network = "ignore"'):
        project.write("buildopt.toml", shell_task("cat in.txt", line))

        assert project.run("show").outcome == "executed"
