"""Scripts of a package manager inside a wrapped command: each has a record of its own."""

import json
import os
import shutil

import pytest

from tests.e2e.fuzz_grammar import INCREMENTAL
from tests.rig import PROGRAM

OBSERVE = "auto"
MANAGER = '#!/bin/sh\nexec "${npm_config_script_shell:-/bin/sh}" -c "$1"\n'
"""Starts a script as npm does, without the second that npm takes."""


@pytest.fixture(autouse=True)
def manager(rig):
    rig.write("npm", MANAGER, 0o755)


def run(rig, script):
    return rig.run("--", "./npm", script)


def steps(done):
    """Command and outcome of each step, in the order in which they began."""
    return [(step["command"][-1], step["outcome"]) for step in done.result.get("tasks", ())]


def test_of_a_list_only_the_part_runs_whose_input_changed(rig):
    rig.write("a", "1")
    rig.write("b", "2")
    run(rig, "cp a x && cp b y")

    rig.write("b", "3")
    done = run(rig, "cp a x && cp b y")

    assert steps(done) == [("cp a x", "fresh"), ("cp b y", "executed")]
    assert done.result["hit_ratio"] == 0.5
    assert (rig.read("x"), rig.read("y")) == (b"1", b"3")


def test_answered_step_gives_its_outputs_and_its_text_back(rig):
    rig.write("a", "1")
    rig.write("b", "2")
    script = "cat a && cp a x && cat b"
    run(rig, script)
    (rig.root / "x").unlink()
    rig.write("b", "3")

    done = run(rig, script)

    assert steps(done) == [("cat a", "fresh"), ("cp a x", "restored"), ("cat b", "executed")]
    assert (done.out, rig.read("x")) == (b"13", b"1")


@pytest.mark.parametrize("changed", ["a", "b", "folder/new", "c"])
def test_run_whose_steps_were_answered_depends_on_all_that_they_depend_on(rig, changed):
    for name in ("a", "b", "c", "folder/old", "other"):
        rig.write(name, name)
    script = "cp a x && ls folder && cat b && cat c && cat other"
    run(rig, script)
    rig.write("other", "edited, so that all other steps are answered")
    answered = run(rig, script)
    rig.write(changed, "changed")

    plain, tree = rig.always_rebuild("./npm", script)
    done = run(rig, script)

    assert {outcome for _, outcome in steps(answered)} == {"fresh", "executed"}
    assert done.outcome == "executed"
    assert (done.out, rig.tree()) == (plain.stdout, tree)


def test_outputs_of_answered_steps_come_back_with_the_whole_run(rig):
    for name in ("a", "b"):
        rig.write(name, name)
    script = "mkdir -p out && cp a out/x && cat b"
    run(rig, script)
    rig.write("b", "edited")
    run(rig, script)
    tree = rig.tree()
    shutil.rmtree(rig.root / "out")

    done = run(rig, script)

    assert (done.outcome, rig.tree()) == ("restored", tree)


def test_step_inside_a_step_is_one_of_its_own(rig):
    rig.write("a", "1")
    rig.write("b", "2")
    script = "./npm 'cp a x && cp b y' && cat x y"
    run(rig, script)
    rig.write("b", "3")

    done = run(rig, script)

    assert steps(done) == [
        ("./npm 'cp a x && cp b y'", "executed"),
        ("cp a x", "fresh"),
        ("cp b y", "executed"),
        ("cat x y", "executed"),
    ]
    assert done.out == b"13"


def test_step_whose_inner_step_made_something_is_answered(rig):
    rig.write("a", "1")
    rig.write("b", "2")
    script = "./npm 'cp a x' && cat b"
    run(rig, script)
    rig.write("b", "3")
    (rig.root / "x").unlink()

    done = run(rig, script)

    assert steps(done) == [("./npm 'cp a x'", "restored"), ("cat b", "executed")]
    assert (done.out, rig.read("x")) == (b"3", b"1")


def test_step_knows_what_it_made_once_though_the_whole_run_gave_it_back(rig):
    rig.write("build.sh", "ls out; rm -rf out; mkdir out; cp a out/$(cat a)\n")
    script = "sh build.sh && cat b"
    for a, b in (("1", "1"), ("2", "1"), ("1", "1")):
        rig.write("a", a)
        rig.write("b", b)
        whole = run(rig, script)
    rig.write("b", "2")

    done = run(rig, script)

    assert whole.outcome == "restored"
    assert steps(done) == [("sh build.sh", "fresh"), ("cat b", "executed")]


def test_whole_run_is_stored_though_an_answered_step_removed_what_was_stale(rig):
    rig.write("build.sh", "mkdir -p out; rm -f out/*; cp a out/$(cat a)\n")
    script = "sh build.sh && cat b"
    for a in "213":
        rig.write("a", a)
        rig.write("b", a)
        run(rig, script)
    rig.write("a", "1")
    rig.write("b", "4")

    done = run(rig, script)

    assert steps(done) == [("sh build.sh", "restored"), ("cat b", "executed")]
    assert done.result["stored"], done.not_stored
    assert run(rig, script).outcome == "fresh"


def test_whole_run_is_stored_though_a_step_reads_what_an_answered_one_once_made(rig):
    rig.write("build.sh", INCREMENTAL)
    script = "sh build.sh && cat c out/a"
    for path, content in (("a", "1"), ("b", "1"), ("c", "1"), ("b", "2"), ("c", "2")):
        rig.write(path, content)
        if (rig.root / "c").exists():
            done = run(rig, script)

    assert steps(done) == [("sh build.sh", "fresh"), ("cat c out/a", "executed")]
    assert done.result["stored"], done.not_stored
    assert run(rig, script).outcome == "fresh"


def test_list_ends_with_the_part_that_fails(rig):
    rig.write("a", "1")

    done = run(rig, "cp a x && sh fail.sh && cp a y")

    assert done.status == 2
    assert [path for path in ("x", "y") if os.path.exists(rig.root / path)] == ["x"]
    assert not done.result["tasks"][1]["stored"]


def test_part_that_a_signal_ends_ends_the_list_as_it_does_without_us(rig):
    rig.write("die.sh", "kill -TERM $$")

    done = run(rig, "sh die.sh && echo never")

    plain, _ = rig.always_rebuild("./npm", "sh die.sh && echo never")
    assert (done.status, done.out) == (plain.returncode, plain.stdout)


def test_scripts_do_not_see_our_script_shell(rig):
    done = run(rig, "printenv npm_config_script_shell; printenv BUILDOPT_SCRIPT_SHELL; true")

    assert done.out == b""


def test_script_shell_of_the_user_runs_the_scripts(rig):
    rig.write("shell", '#!/bin/sh\necho mine\nexec /bin/sh "$@"\n', 0o755)
    rig.environ["npm_config_script_shell"] = str(rig.root / "shell")

    done = run(rig, "printenv npm_config_script_shell")

    assert done.out.split() == [b"mine", os.fsencode(rig.root / "shell")]


def test_script_shell_in_a_configuration_is_left_alone(rig):
    rig.write(".npmrc", "script-shell=/bin/bash\n")

    done = run(rig, "echo $0")

    assert (steps(done), done.out) == ([], b"/bin/sh\n")


def test_both_streams_keep_their_bytes_where_steps_are_answered(rig):
    rig.write("a", "1")
    script = "sh -c 'echo out; echo err >&2' && cat a"
    first = run(rig, script)
    rig.write("a", "2")

    done = run(rig, script)

    assert [outcome for _, outcome in steps(done)] == ["fresh", "executed"]
    assert (first.out, done.out) == (b"out\n1", b"out\n2")
    assert b"err\n" in done.err


def test_steps_of_npm_itself_are_found(rig):
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    scripts = {"prebuild": "cp a x", "build": "cp b y && cat x y"}
    rig.write("package.json", json.dumps({"name": "demo", "scripts": scripts}))
    rig.write("a", "1")
    rig.write("b", "2")
    rig.run("--", "npm", "run", "build")
    rig.write("b", "3")

    done = rig.run("--", "npm", "run", "build")

    assert steps(done) == [("cp a x", "fresh"), ("cp b y", "executed"), ("cat x y", "executed")]
    assert done.result["tasks"][0]["task"] == "demo: cp a x"
    assert done.out.endswith(b"13")


def test_steps_that_write_one_path_are_named_and_the_later_is_not_stored(rig):
    rig.write("one.sh", "echo 1 > x")
    rig.write("two.sh", "echo 2 > x")

    done = run(rig, "sh one.sh && sh two.sh")

    first, second = done.result["tasks"]
    assert (first["stored"], second["stored"]) == (True, False)
    assert second["not_stored"] == [{"kind": "hazard", "subject": "x"}]


def test_other_call_of_ours_inside_a_step_is_a_command_like_any(rig):
    rig.write("dist/app.js", "let a = 1\n")
    script = f"{PROGRAM} bundle dist --json && true"
    run(rig, script)
    rig.write("dist/app.js", "let a = 1\n" * 100)

    done = run(rig, script)

    assert [outcome for _, outcome in steps(done)] == ["executed", "fresh"]
    assert json.loads(done.out)


def test_settings_that_name_the_command_of_a_call_inside_count(rig):
    rig.write("buildopt.toml", '[tasks.x]\ncommand = "echo 1"\n')
    script = f"{PROGRAM} run x; true"
    run(rig, script)
    rig.write("buildopt.toml", '[tasks.x]\ncommand = "echo 2"\n')

    done = run(rig, script)

    assert done.out == b"2\n"


@pytest.mark.parametrize("where", ["file", "variable"])
def test_list_stays_whole_where_the_settings_say_so(rig, where):
    if where == "file":
        rig.write("buildopt.toml", "lists = false\n")
    else:
        rig.environ["BUILDOPT_LISTS"] = "off"

    done = run(rig, "true && printenv BUILDOPT_LISTS")

    assert [command for command, _ in steps(done)] == ["true && printenv BUILDOPT_LISTS"]


def test_step_that_is_not_worth_an_answer_is_run_and_the_whole_is_as_complete(rig):
    for name in ("a", "b"):
        rig.write(name, name)
    script = "cp a x && cat b"
    run(rig, script)
    for path in rig.cache.rglob("*.owned"):
        path.with_suffix(".worth").write_text("4 0")
    rig.write("b", "edited")

    done = run(rig, script)

    assert steps(done) == [("cp a x", "executed"), ("cat b", "executed")]
    step = done.result["tasks"][0]
    assert step["not_stored"] == [{"kind": "settings", "subject": "cost"}]
    assert [reason["subject"] for reason in step["miss_reasons"]] == ["cost"]
    assert done.result["stored"]
    rig.write("a", "edited too")
    assert run(rig, script).outcome == "executed"
    assert rig.read("x") == b"edited too"


def test_step_that_listed_what_a_later_step_makes_first_misses_once(rig):
    rig.write("b", "1")
    rig.write("list.sh", "ls")
    script = "sh list.sh && mkdir -p dist && cat b"
    outcomes = []
    for text in ("1", "2", "3"):
        rig.write("b", text)
        outcomes.append(steps(run(rig, script))[0])

    assert [outcome for _, outcome in outcomes] == ["executed", "executed", "fresh"]


def test_error_of_a_package_manager_names_the_shell_that_it_names_without_us(rig):
    shell = 'shell="${npm_config_script_shell:-sh}"'
    rig.script("npm", f'{shell}; echo "npm error command $shell -c $1" >&2\nexit 3\n')

    plain, _ = rig.always_rebuild("./npm", "x")
    done = run(rig, "x")

    assert (done.status, done.out, done.err) == (plain.returncode, plain.stdout, plain.stderr)
