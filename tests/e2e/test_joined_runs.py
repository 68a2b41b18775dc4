"""A `buildopt run` inside a watched command is a step of it, with a record of its own."""

import json

import pytest

from tests.rig import PROGRAM

OBSERVE = "auto"


@pytest.fixture(autouse=True)
def sources(rig):
    for name in ("a", "b"):
        rig.write(name, f"{name}\n")


def outer(rig, *inner):
    """Each of the `inner` calls in a shell script, which no package manager starts."""
    rig.script("build.sh", "set -e\n" + "\n".join(f"{PROGRAM} run {call}" for call in inner))
    return rig.run("--", "./build.sh")


def steps(done):
    return [(step["task"], step["outcome"]) for step in done.result.get("tasks", ())]


def test_call_inside_is_answered_where_only_another_ones_input_changed(rig):
    calls = ("-- cp a x", "-- cp b y")
    outer(rig, *calls)
    rig.write("b", "edited\n")

    done = outer(rig, *calls)

    assert steps(done) == [("cp a x", "fresh"), ("cp b y", "executed")]
    assert (rig.read("x"), rig.read("y")) == (b"a\n", b"edited\n")


@pytest.mark.parametrize("edited", ["a", "b"])
def test_whole_depends_on_what_answered_calls_depend_on(rig, edited):
    calls = ("-- cp a x", "-- cat b other")
    rig.write("other", "1")
    outer(rig, *calls)
    rig.write("other", "2")
    assert outer(rig, *calls).result["hit_ratio"] == 0.5
    assert outer(rig, *calls).outcome == "fresh"
    rig.write(edited, "edited\n")

    done = outer(rig, *calls)

    assert done.outcome == "executed"
    assert (rig.read("x"), done.out) == ((rig.root / "a").read_bytes(), rig.read("b") + b"2")


def test_named_task_inside_runs_as_the_settings_say(rig):
    rig.write("sub/c", "c\n")
    rig.write("buildopt.toml", '[tasks.copy]\ncommand = "cp c d"\ndirectory = "sub"\n')
    outer(rig, "copy", "-- cat b")
    rig.write("b", "edited\n")
    again = outer(rig, "copy", "-- cat b")
    rig.write("buildopt.toml", '[tasks.copy]\ncommand = "cp c e"\ndirectory = "sub"\n')

    done = outer(rig, "copy", "-- cat b")

    assert steps(again) == [("copy", "fresh"), ("cat b", "executed")]
    assert steps(done)[0] == ("copy", "executed")
    assert rig.read("sub/e") == b"c\n"


def test_settings_behind_a_link_count_as_well(rig):
    rig.write("real.toml", '[tasks.copy]\ncommand = "cat a"\n')
    (rig.root / "buildopt.toml").symlink_to("real.toml")
    outer(rig, "copy")
    rig.write("real.toml", '[tasks.copy]\ncommand = "cat b"\n')

    assert outer(rig, "copy").out == b"b\n"


@pytest.mark.parametrize("task", ['cache = "off"', 'cache = "write"'])
def test_task_inside_that_must_not_be_answered_keeps_the_whole_from_being_stored(rig, task):
    rig.write("buildopt.toml", f'[tasks.copy]\ncommand = "cat a"\n{task}\n')

    assert outer(rig, "copy").not_stored == [("settings", "call inside")]


def test_input_that_is_declared_inside_counts_for_both(rig):
    call = "--input 'more/*' -- cat a"
    rig.write("more/one", "1")
    outer(rig, call, "-- cat b")
    rig.write("b", "edited\n")
    outer(rig, call, "-- cat b")
    rig.write("more/one", "2")

    done = outer(rig, call, "-- cat b")

    assert steps(done) == [("cat a", "executed"), ("cat b", "fresh")]


def test_input_that_is_left_out_inside_counts_for_the_whole_only(rig):
    call = "--ignore-input a -- cat a"
    outer(rig, call)
    rig.write("a", "edited\n")

    done = outer(rig, call)

    assert (done.outcome, steps(done), done.out) == ("executed", [("cat a", "fresh")], b"a\n")


@pytest.mark.parametrize("option", ["--cache off", "--cache write", "--force", "--observe off"])
def test_call_that_must_not_be_answered_keeps_the_whole_from_being_stored(rig, option):
    outer(rig, f"{option} -- cat a")

    done = outer(rig, f"{option} -- cat a")

    assert (done.outcome, steps(done)) == ("executed", [("cat a", "executed")])
    assert done.not_stored == [("settings", "call inside")]


def test_variable_that_only_the_call_inside_counts_keeps_the_whole_from_being_stored(rig):
    rig.environ["TERM"] = "one"
    call = "--env TERM -- printenv TERM"
    outer(rig, call)
    rig.environ["TERM"] = "two"

    done = outer(rig, call)

    assert (done.outcome, done.out) == ("executed", b"two\n")


def test_call_inside_gets_an_empty_stdin_where_asked(rig):
    rig.script("build.sh", f"echo typed | {PROGRAM} run --no-stdin -- cat - a\n")

    done = rig.run("--", "./build.sh")

    assert (steps(done), done.out) == ([("cat - a", "executed")], b"a\n")
    assert done.result["tasks"][0]["stored"]


def test_force_around_is_one_for_the_calls_inside_too(rig):
    outer(rig, "-- cat a")

    done = rig.run("--force", "--", "./build.sh")

    assert (steps(done), done.result["stored"]) == ([("cat a", "executed")], True)


def test_call_inside_whose_stdin_is_open_just_runs(rig):
    rig.script("build.sh", f"(cat a; sleep 0.1) | {PROGRAM} run -- cat - b\n")

    done = rig.run("--", "./build.sh")

    assert (done.out, done.result["tasks"][0]["stored"]) == (b"a\nb\n", False)


def test_result_file_of_a_call_inside_is_an_output(rig):
    done = outer(rig, "--result-file r.json -- cp a x")
    inner = json.loads(rig.read("r.json"))
    (rig.root / "r.json").unlink()

    again = outer(rig, "--result-file r.json -- cp a x")

    assert (inner["task"], inner["outcome"], done.result["stored"]) == ("cp a x", "executed", True)
    assert (again.outcome, json.loads(rig.read("r.json"))) == ("restored", inner)


def test_dry_run_inside_runs_nothing_and_is_not_stored(rig):
    done = outer(rig, "--dry-run -- cp a x || test $? = 3")

    assert not (rig.root / "x").exists()
    assert done.not_stored == [("settings", "call inside")]
    assert b"would run" in done.err


@pytest.mark.parametrize("call", ["-- ./missing", "-- ./a", "nobody", "--wrong -- true", ""])
def test_mistake_inside_is_told_as_outside(rig, call):
    plain = rig.call("run", *call.split())

    done = outer(rig, call)

    assert done.status == plain.returncode
    assert plain.stderr.splitlines()[0] in done.err


def test_status_and_signal_of_a_command_inside_are_its_own(rig):
    rig.write("fail.sh", "exit 7")
    rig.write("die.sh", "kill -TERM $$")
    ended = outer(rig, "-- sh fail.sh || test $? = 7", "-- sh die.sh || test $? = 143")

    assert ended.status == 0


def test_call_that_calls_itself_does_not_wait_for_itself(rig):
    rig.script(
        "again.sh",
        f'if test "$1" = x && ! test -e mark; then touch mark; {PROGRAM} run -- ./again.sh x; fi\n'
        "rm -f mark; cat a\n",
    )

    done = outer(rig, "-- ./again.sh x")

    assert done.out == b"a\na\n"


def test_scripts_of_a_command_inside_are_steps_too(rig):
    rig.write("npm", '#!/bin/sh\nexec "${npm_config_script_shell:-/bin/sh}" -c "$1"\n', 0o755)
    done = outer(rig, "-- ./npm 'cp a x && cp b y'")

    assert [task for task, _ in steps(done)] == ["./npm 'cp a x && cp b y'", "cp a x", "cp b y"]


def test_other_program_that_starts_us_by_module_joins_too(rig):
    python = PROGRAM.parent / "python"
    rig.script("build.sh", f"{python} -m buildopt run -- cp a x\n")

    done = rig.run("--", "./build.sh")

    assert (steps(done), done.result["stored"]) == ([("cp a x", "executed")], True)


def test_call_inside_a_run_that_is_not_watched_just_runs(rig):
    rig.script("build.sh", f"{PROGRAM} run -- cat a\n")

    done = rig.call("run", "--observe", "off", "--", "./build.sh")

    assert (done.returncode, done.stdout) == (0, b"a\n")


def test_graph_inside_is_seen_as_any_other_program(rig):
    rig.write(
        "buildopt.toml",
        '[tasks.one]\ncommand = "cp a x"\n[tasks.two]\ncommand = "cp b y"\ndepends_on = ["one"]\n',
    )
    first = outer(rig, "two one")
    assert outer(rig, "two one").outcome == "fresh"
    rig.write("b", "edited\n")

    done = outer(rig, "two one")

    assert (first.status, done.outcome) == (0, "executed")
    assert (rig.read("x"), rig.read("y")) == (b"a\n", b"edited\n")


def test_call_inside_is_as_strict_about_outputs_as_the_run_around(rig):
    rig.script("build.sh", f"{PROGRAM} run -- mkdir made; cat a\n")
    rig.run("--strict-outputs", "--", "./build.sh")
    rig.write("a", "edited\n")

    done = rig.run("--strict-outputs", "--", "./build.sh")

    assert b"File exists" in done.err
