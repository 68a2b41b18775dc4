"""Each once was a wrong answer, a lost file or a traceback; found by reading and by first use."""

import json
import os
import shutil
import subprocess

import pytest

from tests.rig import PROGRAM

DECLARED = ("--input", "src/**", "--output", "out")


@pytest.fixture
def project(rig):
    rig.write("src/a", "1\n")
    return rig


def shell(text):
    return ("--", "sh", "-c", text)


def test_input_changed_and_put_back_while_the_command_reads_it_is_not_stored(project):
    command, puppet = project.puppet("sh", "-c", "cp src/a out; cat $0", "src/a")
    running = project.start("run", *DECLARED, "--", *command)
    puppet.wait_for_start()
    project.write("src/a", "2\n")
    project.write("src/a", "1\n")
    puppet.go_on()
    running.communicate()

    assert project.last_result()["not_stored"] == [{"kind": "input-changed", "subject": "src/a"}]


def test_passed_descriptors_are_nobodys_record(project):
    for _ in range(2):
        done = project.run("--pass-fds", *DECLARED, *shell("true"))
        assert done.outcome == "executed"


def test_declared_output_that_the_command_removes_is_a_condition(project):
    run = ("--input", "src/**", "--output", "flag", "--output", "out")
    project.run(*run, *shell("rm -f flag; echo 1 > out"))
    project.write("flag")

    project.run(*run, *shell("rm -f flag; echo 1 > out"))

    assert not (project.root / "flag").exists()


def test_strangers_file_beside_the_outputs_of_a_pattern_is_a_condition(project):
    run = ("--input", "src/**", "--output", "dist/*.js")
    command = shell("mkdir -p dist; rm -f dist/*.js; echo 1 > dist/a.js")
    project.run(*run, *command)
    project.write("dist/old.js")

    project.run(*run, *command)

    assert set(project.tree("dist")) == {"a.js"}


def test_file_on_the_path_that_becomes_executable_shadows_the_tool(project):
    for name, mode in (("one", 0o644), ("two", 0o755)):
        path = project.place / name / "tool"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\necho {name}\n")
        path.chmod(mode)
    places = f"{project.place}/one:{project.place}/two"
    project.environ["PATH"] = f"{places}:{project.environ['PATH']}"
    assert project.run("--input", "src/**", "--", "tool").out == b"two\n"

    (project.place / "one/tool").chmod(0o755)

    assert project.run("--input", "src/**", "--", "tool").out == b"one\n"


def test_settings_behind_a_link_are_heeded(project):
    real = project.place / "shared.toml"
    (project.root / "buildopt.toml").symlink_to(real)
    for word in ("one", "two"):
        real.write_text(f'[tasks.t]\ncommand = "echo {word}"\ninputs = ["src/**"]\n')
        for _ in range(2):
            assert project.run("t").out == f"{word}\n".encode()


@pytest.mark.parametrize("name", ["[id].txt", "c.buildopt-prod.json", "what?.md"])
def test_name_that_looks_like_something_else_is_an_input(project, name):
    project.write(f"src/{name}", "1")
    run = ("--input", f"src/{name}", *shell(f"cat 'src/{name}'"))
    project.run(*run)

    project.write(f"src/{name}", "2")

    assert project.run(*run).out == b"2"


def test_every_byte_of_an_index_is_sealed(project):
    run = (*DECLARED, *shell("echo hello; echo world >&2"))
    project.call("run", *run)
    (index,) = (project.cache / "v1/hits").iterdir()
    whole = index.read_bytes()
    header = whole.index(b"\n")
    for at in range(0, header + 1, 4):  # each word of the header
        index.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        done = project.call("run", *run)
        assert (done.returncode, done.stdout) == (0, b"hello\n")
        assert b"Traceback" not in done.stderr
        index.write_bytes(whole)


def test_closed_stdin_is_not_an_empty_one(project):
    run = ("run", "--input", "src/**", "--", "cat")
    assert project.call(*run).returncode == 0

    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", PROGRAM, *run],
        cwd=project.root, env=project.environ, capture_output=True, check=False,
    )  # fmt: skip

    assert closed.returncode == 1


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_a_stranger_put_in_an_outputs_place_is_left_to_the_command(project, kind):
    run = (*DECLARED, *shell("mkdir -p out && echo 1 > out/x"))
    project.run(*run)
    shutil.rmtree(project.root / "out")
    for path in project.cache.rglob("*.owned"):
        path.unlink()
    elsewhere = project.place / "elsewhere"
    elsewhere.mkdir()
    if kind == "file":
        project.write("out", "mine")
    else:
        (project.root / "out").symlink_to(elsewhere)

    done = project.run(*run)

    assert done.outcome == "executed"
    if kind == "file":
        assert project.read("out") == b"mine"
    assert os.path.islink(project.root / "out") == (kind == "link")


def test_edited_source_that_the_command_rewrites_is_never_overwritten_from_the_cache(project):
    project.script("format.sh", "sed -i 's/  */ /g' src/a")
    run = ("--input", "src/**", "--output", "src", "--", "./format.sh")
    project.run(*run)
    project.write("src/a", "my  edit\n")

    done = project.run(*run)

    assert done.outcome == "executed"
    assert project.read("src/a") == b"my edit\n"


def test_argument_of_100_kb_is_no_trouble(project):
    done = project.run("--input", "src/**", "--", "true", "x" * 100_000)

    assert done.status == 0
    assert done.outcome == "executed"


def test_command_that_wraps_itself_ends(project):
    project.script(
        "again.sh", '[ "$ROUND" ] || ROUND=2 exec buildopt run --input src -- ./again.sh'
    )
    project.environ["PATH"] = f"{PROGRAM.parent}:{project.environ['PATH']}"

    done = project.call("run", "--input", "src", "--", "./again.sh", timeout=60)

    assert done.returncode == 0


def test_large_outputs_whose_names_begin_alike_are_restored(project):
    names = " ".join(f"{'n' * 60}{number}" for number in range(3))
    run = (
        *DECLARED,
        *shell(f"mkdir -p out; for n in {names}; do head -c 2000000 /dev/zero > out/$n; done"),
    )
    project.run(*run)
    good = project.tree("out")
    shutil.rmtree(project.root / "out")

    assert project.run(*run).outcome == "restored"
    assert project.tree("out") == good


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('[tasks.t]\ninputs = ["src"]\n', "has no `command`"),
        ("[tasks]\nt = 3\n", "tasks.t"),
    ],
)
def test_task_without_a_command_is_told(project, settings, words):
    project.write("buildopt.toml", settings)

    done = project.call("run", "t")

    assert done.returncode == 125
    assert words in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_named_task_runs_in_the_folder_of_its_settings(project):
    project.write("buildopt.toml", '[tasks.t]\ncommand = "pwd"\ninputs = ["src"]\n')
    below = project.root / "src"

    done = subprocess.run(
        [PROGRAM, "run", "t"], cwd=below, env=project.environ, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout == f"{project.root}\n"


def test_task_whose_command_needs_a_shell_gets_one(project):
    command = "mkdir -p out && cat src/* > out/all"
    project.write("buildopt.toml", f'[tasks.t]\ncommand = "{command}"\ninputs = ["src"]\n')

    project.run("t")

    assert project.read("out/all") == b"1\n"


def test_output_that_cannot_be_written_is_a_failure(project):
    run = ("run", *DECLARED, *shell("seq 1 20000"))
    for _ in range(3):
        with open("/dev/full", "wb") as full:
            done = project.call(*run, stdout=full, stderr=subprocess.PIPE, capture_output=False)
        assert done.returncode != 0
        assert b"Traceback" not in done.stderr
        project.call(*run)


def test_result_file_that_is_a_pipe_stays_one(project):
    pipe = project.place / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)

    project.call("run", "--result-file", pipe, *DECLARED, *shell("true"))

    assert json.loads(reader.communicate()[0])["outcome"] == "executed"
    assert not pipe.is_file()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("run -- /bin/echo x", 125),
        ("bundle", 2),
        ("bundle check", 2),
        ("config", 2),
        ("integrations ci", 2),
    ],
)
def test_folder_that_is_gone_is_told(project, words, status):
    done = subprocess.run(
        ["sh", "-c", f'mkdir gone; cd gone; rmdir ../gone; exec "$0" {words}', PROGRAM],
        cwd=project.root, env=project.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == status
    assert done.stderr.startswith("buildopt: cannot tell the working directory: ")
