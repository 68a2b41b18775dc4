"""Many tasks in one call: their order, what is answered, what a failure stops."""

import json
import subprocess

import pytest

OBSERVE = "auto"
SETTINGS = """
[tasks.gen]
command = "sh gen.sh"
[tasks.lint]
command = "sh lint.sh"
[tasks.build]
command = "sh build.sh"
depends_on = ["gen"]
[tasks.all]
command = "true"
depends_on = ["build", "lint"]
"""


@pytest.fixture
def graph(rig):
    rig.write("buildopt.toml", SETTINGS)
    rig.write("gen.sh", "cat src/a > gen.txt; echo generated")
    rig.write("lint.sh", "cat src/b; echo linted >&2")
    rig.write("build.sh", "cat gen.txt src/b > out.txt; echo built")
    rig.write("src/a", "a\n")
    rig.write("src/b", "b\n")
    return rig


def outcomes(rig):
    return {row["task"]: row["outcome"] for row in rig.last_result()["tasks"]}


def settings(**tasks):
    """A settings file: commands, or a command with what a task depends on."""
    text = ""
    for name, (command, *before) in tasks.items():
        text += f'[tasks."{name}"]\ncommand = ["sh", "-c", {json.dumps(command)}]\n'
        text += f"depends_on = {json.dumps(before)}\n"
    return text


def test_a_task_that_was_answered_is_not_said_to_be_left_unstored(rig):
    rig.write("buildopt.toml", settings(a=("echo 1 > x",), b=("echo 2 > x",)))
    rig.run("b")

    told = rig.run("a", "b", "--jobs", "1").err.decode()

    assert "`b` and `a` both write `x`, and nothing orders them\n" in told


def test_tasks_run_behind_what_they_depend_on_and_an_edit_reruns_what_it_touches(graph):
    first = graph.run("all")
    second = graph.run("all")
    graph.write("src/a", "other\n")
    third = graph.run("all")

    assert (first.status, second.status, third.status) == (0, 0, 0)
    assert set(first.out.splitlines()) == {b"generated", b"b", b"built"}
    assert sorted(second.out.splitlines()) == sorted(first.out.splitlines())
    assert second.outcome == "fresh"
    assert second.result["hit_ratio"] == 1
    assert second.result["time_saved_s"] > 0
    assert outcomes(graph) == {
        "gen": "executed", "build": "executed", "lint": "fresh", "all": "fresh",
    }  # fmt: skip
    assert graph.read("out.txt") == b"other\nb\n"
    assert "4 tasks" in third.line
    assert "2 hits" in third.line


def test_lost_outputs_come_back_before_the_next_task_needs_them(graph):
    graph.run("build")
    (graph.root / "gen.txt").unlink()
    (graph.root / "out.txt").unlink()

    done = graph.run("build")

    assert done.outcome == "restored"
    assert graph.read("out.txt") == b"a\nb\n"


def test_one_task_without_others_is_answered_as_ever(graph):
    graph.run("lint")

    done = graph.run("lint")

    assert done.outcome == "fresh"
    assert "tasks" not in done.result


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_a_failure_stops_what_depends_on_it_and_its_status_is_ours(rig, jobs):
    rig.write(
        "buildopt.toml",
        settings(a=("echo broken; exit 7",), b=("true", "a"), c=("echo c", "d"), d=("echo d",)),
    )

    done = rig.run("b", "c", "--jobs", jobs, "--continue")

    assert done.status == 7
    assert done.result["exit_code"] == 7
    assert done.result["not_run"] == ["b"]
    assert outcomes(rig) == {"a": "executed", "c": "executed", "d": "executed"}
    assert b"broken" in done.out
    assert "failed: a; not run: b" in done.line


def test_after_a_failure_nothing_begins_without_continue(rig):
    rig.write("buildopt.toml", settings(a=("exit 3",), b=("touch x",), all=("true", "a", "b")))

    done = rig.run("all", "--jobs", "1")

    assert done.status == 3
    assert not (rig.root / "x").exists()
    assert set(done.result["not_run"]) == {"b", "all"}


@pytest.mark.parametrize(("command", "status"), [("no-such-program", 127), ("./src", 126)])
def test_a_task_that_cannot_be_started_is_told_and_the_others_end(rig, command, status):
    rig.write("src/x")
    rig.write(
        "buildopt.toml",
        f'[tasks.a]\ncommand = "{command}"\n' + settings(b=("echo fine",), all=("true", "a", "b")),
    )

    done = rig.run("all", "--continue", "--jobs", "2")

    assert done.status == status
    assert done.out == b"fine\n"
    assert command.encode() in done.err


def test_a_task_ended_by_a_signal_ends_us_by_it(rig):
    rig.write("buildopt.toml", settings(a=("kill -TERM $$",), all=("true", "a")))

    done = rig.run("all")

    assert done.status == -15
    assert done.result["signal"] == 15


def test_output_of_several_at_once_comes_task_by_task_and_failed_ones_last(rig):
    noisy = "for i in 1 2 3 4 5; do echo {0}; sleep 0.05; done; exit {1}"
    rig.write(
        "buildopt.toml",
        settings(
            a=(noisy.format("a", 1),), b=(noisy.format("b", 0),), c=(noisy.format("c", 0),),
            all=("true", "a", "b", "c"),
        ),
    )  # fmt: skip

    done = rig.run("all", "--jobs", "4", "--continue")

    lines = done.out.decode().split()
    assert sorted(lines) == sorted("aaaaabbbbbccccc")
    assert "".join(lines) in ("bbbbbcccccaaaaa", "cccccbbbbbaaaaa")
    heads = [line for line in done.err.decode().splitlines() if line.startswith("buildopt: ")]
    assert [head.split(": ")[1] for head in heads][-1] == "a"


def test_groups_of_github_actions_hold_what_a_task_printed(rig):
    rig.environ["GITHUB_ACTIONS"] = "true"
    rig.write("buildopt.toml", settings(a=("printf x",), b=("true", "a")))

    for _ in range(2):
        done = rig.run("b", "--jobs", "2")

        first, text, end, *_ = done.out.decode().splitlines()
        assert first.startswith("::group::buildopt: a: ")
        assert (text, end) == ("x", "::endgroup::")


def test_quiet_leaves_only_what_the_tasks_print(graph):
    for _ in range(2):
        done = graph.call("run", "all", "--quiet", "--jobs", "2")

        assert sorted(done.stdout.splitlines()) == [b"b", b"built", b"generated"]
        assert done.stderr == b"linted\n"


def test_tasks_read_nothing_from_our_stdin(rig):
    rig.write("buildopt.toml", settings(a=("cat; echo end",), b=("true", "a")))

    done = rig.call("run", "b", input=b"typed", stdin=None)

    assert done.stdout == b"end\n"


def test_dry_run_tells_of_each_task_and_runs_none(graph):
    before = graph.call("run", "all", "--dry-run")
    assert not (graph.root / "gen.txt").exists()
    graph.run("all")
    after = graph.call("run", "--dry-run", "all")
    graph.write("src/a", "other")
    edited = graph.call("run", "--dry-run", "all")

    assert (before.returncode, after.returncode, edited.returncode) == (3, 0, 3)
    assert after.stderr.count(b"would hit") == 4
    told = edited.stderr.decode()
    assert "gen    would run: `src/a` changed" in told
    assert "build  may run" in told
    assert "lint   would hit" in told
    quiet = graph.call("run", "--dry-run", "-q", "all")
    assert (quiet.returncode, quiet.stderr) == (3, b"")


def test_graph_is_drawn_and_nothing_runs(graph):
    text = graph.call("run", "all", "--graph")
    plan = json.loads(graph.call("run", "--graph", "json", "all").stdout)
    dot = graph.call("run", "--graph=dot", "all")

    assert b"gen" in text.stdout
    assert [task["id"] for task in plan["tasks"]][-1] == "all"
    assert dot.stdout.startswith(b"digraph")
    assert not (graph.root / "gen.txt").exists()


def test_two_that_write_one_path_are_named_and_the_later_one_is_not_stored(rig):
    rig.write(
        "buildopt.toml",
        settings(a=("echo a > x",), b=("echo b > x",), all=("true", "a", "b")),
    )

    done = rig.run("all", "--jobs", "1")

    rows = {row["task"]: row for row in done.result["tasks"]}
    assert not rows["b"]["stored"]
    assert rows["b"]["not_stored"] == [{"kind": "hazard", "subject": "x"}]
    assert done.result["not_stored"] == [{"kind": "hazard", "subject": "x"}]
    told = done.err.decode()
    assert "`b` and `a` both write `x`, and nothing orders them; `b` is not stored" in told
    assert '`depends_on = ["a"]` is missing in the task `b`' in told


def test_record_of_a_task_is_taken_back_when_another_wrote_there_while_it_ran(rig):
    """`b` writes `x` while `a` runs: what was recorded of `a` may be the content of `b`."""
    words, puppet = rig.puppet("sh", "-c", "echo b >> x")
    rig.write(
        "buildopt.toml",
        settings(a=("echo a >> x",), all=("true", "a", "b"))
        + f"[tasks.b]\ncommand = {json.dumps(list(words))}\n",
    )

    running = rig.start("run", "all", "--jobs", "2")
    puppet.wait_for_start()
    while not (rig.root / "x").exists():
        pass
    puppet.go_on()
    _, err = running.communicate()

    rows = {row["task"]: row for row in rig.last_result()["tasks"]}
    assert (rows["a"]["stored"], rows["b"]["stored"]) == (False, False), err
    (rig.root / "x").unlink()
    assert rig.run("a").outcome == "executed"


def test_reader_of_what_another_writes_has_to_depend_on_it(rig):
    rig.write("x", "old")
    rig.write(
        "buildopt.toml",
        settings(w=("echo new > x",), z=("cat x",), all=("true", "w", "z")),
    )

    done = rig.run("all", "--jobs", "1")

    assert "`z` reads `x`, which `w` writes" in done.err.decode()
    assert not next(row for row in done.result["tasks"] if row["task"] == "z")["stored"]


def test_in_order_tasks_may_read_what_the_earlier_one_wrote(graph):
    done = graph.run("all")

    assert all(row["stored"] for row in done.result["tasks"])
    assert b"hazard" not in done.err


def test_two_tasks_may_make_one_folder(rig):
    rig.write(
        "buildopt.toml",
        settings(
            a=("mkdir -p out; echo a > out/a",), b=("mkdir -p out; echo b > out/b",),
            all=("true", "a", "b"),
        ),
    )  # fmt: skip

    done = rig.run("all", "--jobs", "1")

    assert all(row["stored"] for row in done.result["tasks"])


def test_inside_a_watched_command_the_tasks_are_a_part_of_it(graph):
    command = ("run", "--", "buildopt", "run", "all")
    graph.environ["PATH"] = f"{graph_program_folder()}:{graph.environ['PATH']}"
    first = graph.run(*command[1:])
    second = graph.run(*command[1:])
    graph.write("src/b", "other\n")
    third = graph.run(*command[1:])

    assert (first.status, second.outcome, third.outcome) == (0, "fresh", "executed")
    assert graph.read("out.txt") == b"a\nother\n"


def graph_program_folder():
    from tests.rig import PROGRAM

    return PROGRAM.parent


def test_persistent_tasks_start_last_and_the_call_lasts_until_they_end(rig):
    rig.write(
        "buildopt.toml",
        settings(a=("echo ready > x",))
        + '[tasks.dev]\ncommand = ["sh", "-c", "cat x; echo served"]\n'
        + 'persistent = true\ndepends_on = ["a"]\n'
        + '[tasks.api]\ncommand = ["sh", "-c", "echo api"]\npersistent = true\n',
    )

    one = rig.run("dev")
    two = rig.run("dev", "api")

    assert one.out == b"ready\nserved\n"
    assert sorted(two.out.splitlines()) == [b"api | api", b"dev | ready", b"dev | served"]
    assert rig.run("api").out == b"api\n"
    assert outcomes(rig) == {"api": "executed"}


def test_result_file_has_every_task(graph):
    graph.call("run", "all", "--result-file", "result.json")

    result = json.loads((graph.root / "result.json").read_text())
    assert [row["task"] for row in result["tasks"]][-1] == "all"
    assert result["task"] == "all"


def test_result_of_a_call_counts_what_its_tasks_read_and_made(graph):
    alone = [graph.run(name).result for name in ("gen", "lint")]
    made = {"files": 2, "bytes": len("a\n") + len("a\nb\n"), "removed": 0}

    for _ in range(2):
        result = graph.run("all").result

        assert result["outputs"] == made
        assert result["inputs"]["files"] >= sum(row["inputs"]["files"] for row in alone)
        assert result["inputs"]["variables"] > 0


def test_affected_word_is_a_task_where_git_knows_no_such_revision(graph):
    def git(*words):
        subprocess.run(["git", *words], cwd=graph.root, env=graph.environ, check=True)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "first")
    graph.run("all")
    graph.run("build")

    nothing = graph.run("--affected", "build")
    graph.write("src/a", "other\n")
    of_head = graph.run("--affected", "HEAD", "build", "lint")

    assert "0 tasks" in nothing.line
    assert outcomes(graph) == {"gen": "executed", "build": "executed"}
    assert of_head.status == 0


def test_build_runs_the_task_build_with_what_comes_before(graph):
    done = graph.run("build")
    assert done.status == 0
    done = graph.call("build")

    assert done.returncode == 0
    assert b"built" in done.stdout
    assert b"2 hits" in done.stderr


def test_two_calls_at_once_run_each_task_once(rig):
    words, puppet = rig.puppet("sh", "-c", "echo built > out")
    rig.write(
        "buildopt.toml",
        f'[tasks.a]\ncommand = {json.dumps(list(words))}\noutputs = ["out"]\n'
        + settings(all=("cat out", "a")),
    )
    rig.environ["BUILDOPT_OBSERVE"] = "declared"  # nobody can follow what a puppet waits for
    first = rig.start("run", "all", "--jobs", "2")
    puppet.wait_for_start()
    second = rig.start("run", "all", "--jobs", "2")  # a second start of the puppet would hang

    puppet.go_on()

    try:
        for running in (first, second):
            out, _ = running.communicate(timeout=60)
            assert (running.returncode, out) == (0, b"built\n")
    finally:
        for running in (first, second):
            running.terminate()
            running.communicate()


def test_names_of_scripts_are_completed(rig):
    rig.write("package.json", json.dumps({"name": "n", "scripts": {"bundle": "x", "lint": "y"}}))
    rig.environ |= {
        "_BUILDOPT_COMPLETE": "bash_complete", "COMP_WORDS": "buildopt run b", "COMP_CWORD": "2",
    }  # fmt: skip

    assert b"bundle" in rig.call().stdout
    assert b"lint" not in rig.call().stdout


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"a": ("true", "b"), "b": ("true", "a")}, "a -> b -> a"),
        ({"a": ("true", "nobody")}, "nobody"),
    ],
)
def test_a_graph_that_makes_no_sense_is_told_before_anything_starts(rig, rows, words):
    rig.write("buildopt.toml", settings(**rows))

    done = rig.call("run", "a")

    assert done.returncode == 125
    assert words in done.stderr.decode()
    assert b"hint: " in done.stderr


def test_events_tell_of_each_task_by_its_name(graph):
    graph.run("all")
    graph.run("all")

    told = [(e.data["task"], e.data["outcome"]) for e in graph.events("buildopt.task.finished")]
    assert sorted(told[:4]) == [(name, "executed") for name in ("all", "build", "gen", "lint")]
    assert sorted(told[4:]) == [(name, "fresh") for name in ("all", "build", "gen", "lint")]
