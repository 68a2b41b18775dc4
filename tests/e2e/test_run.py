"""`buildopt run` as its user meets it, with declared inputs and outputs."""

import gzip
import os
import shutil
import socket
import subprocess
import zipfile

import pytest

from tests.rig import PROGRAM

BUILD = """
rm -rf out; mkdir -p out/empty
cat src/*.txt > out/all
cp src/a.txt out/tool; chmod 755 out/tool
ln -s all out/link
echo built
echo warned >&2
"""
DECLARED = ("--input", "src/**", "--output", "out")
RUN = (*DECLARED, "--", "./build.sh")


@pytest.fixture
def project(rig):
    rig.script("build.sh", BUILD)
    rig.write("src/a.txt", "a\n")
    rig.write("src/b.txt", "b\n")
    return rig


def test_second_run_is_fresh_with_the_same_bytes(project):
    first = project.run(*RUN)

    second = project.run(*RUN)

    assert first.outcome == "executed"
    assert first.result["stored"]
    assert first.reasons == [("no-record", "task")]
    assert second.outcome == "fresh"
    assert (second.status, second.out, second.err) == (0, b"built\n", b"warned\n")
    assert second.line.startswith("buildopt: fresh in ")


def test_a_hit_appends_exactly_one_event(project):
    project.run(*RUN)
    before = len(project.events("buildopt.run.finished"))

    project.run(*RUN)

    assert len(project.events("buildopt.run.finished")) == before + 1
    last = project.last_result()
    assert last["outcome"] == "fresh"
    assert not project.events("buildopt.cache.lookup")[1:]


@pytest.mark.parametrize(
    ("damage", "outcome"),
    [*dict.fromkeys(("delete", "truncate", "tamper", "mode"), "restored").items(),
     *dict.fromkeys(("folder", "link"), "executed").items()],
)  # fmt: skip
def test_damaged_output_is_put_right(project, damage, outcome):
    project.run(*RUN)
    good = project.tree("out")
    path = project.root / "out/all"
    status = path.stat()
    if damage == "truncate":
        path.write_bytes(b"")
    elif damage == "tamper":
        path.write_bytes(b"x\nb\n")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif damage == "mode":
        path.chmod(0o600)
    else:
        path.unlink()
        if damage == "folder":
            path.mkdir()
        elif damage == "link":
            path.symlink_to(project.write("elsewhere", "not the task's"))

    done = project.run(*RUN)

    assert done.outcome == outcome
    assert project.tree("out") == good


def test_deleted_outputs_come_back_with_modes_links_and_empty_folders(project):
    project.run(*RUN)
    good = project.tree("out")
    shutil.rmtree(project.root / "out")

    done = project.run(*RUN)

    assert done.outcome == "restored"
    assert project.tree("out") == good
    assert good["empty"] == ("folder", 0o755)
    assert good["link"] == ("link", "all")


def test_outputs_in_place_are_not_touched(project):
    project.run(*RUN)
    before = {name: (project.root / "out" / name).stat() for name in ("all", "tool")}
    (project.root / "out/link").unlink()

    done = project.run(*RUN)

    assert done.outcome == "restored"
    for name, status in before.items():
        after = (project.root / "out" / name).stat()
        assert (after.st_ino, after.st_mtime_ns) == (status.st_ino, status.st_mtime_ns)


def test_touched_file_with_same_content_is_a_hit(project):
    project.run(*RUN)
    os.utime(project.root / "src/a.txt")

    assert project.run(*RUN).outcome == "fresh"


def test_edit_of_same_size_with_mtime_put_back_is_a_miss(project):
    project.run(*RUN)
    path = project.root / "src/a.txt"
    status = path.stat()
    path.write_bytes(b"z\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    done = project.run(*RUN)

    assert done.reasons == [("file-changed", "src/a.txt")]
    assert project.read("out/all") == b"z\nb\n"


def test_states_gone_back_to_are_hits(project):
    for number in range(8):
        project.write("src/a.txt", f"{number}\n")
        assert project.run(*RUN).outcome == "executed"

    for number in (0, 7, 3):
        project.write("src/a.txt", f"{number}\n")
        assert project.run(*RUN).outcome in ("restored", "fresh")
        assert project.read("out/tool") == f"{number}\n".encode()


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda rig: rig.write("src/c.txt", "c"), ("listing-changed", "src")),
        (lambda rig: (rig.root / "src/b.txt").unlink(), ("file-vanished", "src/b.txt")),
        (lambda rig: (rig.root / "src/b.txt").chmod(0o755), ("mode-changed", "src/b.txt")),
        (lambda rig: rig.script("build.sh", BUILD + "# more\n"), ("tool-changed", "build.sh")),
        (lambda rig: rig.environ.update(MODE="x"), ("environment", "MODE")),
    ],
)
def test_each_change_is_a_miss_that_names_it(project, edit, reason):
    project.run(*RUN)
    edit(project)

    done = project.run(*RUN)

    assert done.outcome == "executed"
    assert reason in done.reasons


def test_unread_file_is_no_reason(project):
    project.run(*RUN)
    project.write("notes.md", "unrelated")

    assert project.run(*RUN).outcome == "fresh"


def test_other_arguments_are_named_as_such(project):
    project.run(*RUN)

    done = project.run(*RUN, "--fast")

    assert done.reasons == [("command", "arguments")]


def test_value_of_a_variable_is_stored_nowhere(project):
    project.environ["API_TOKEN"] = canary = "canary-5e1f0c9d"
    project.run(*RUN)
    project.run(*RUN)
    project.environ["API_TOKEN"] = "other"

    done = project.run(*RUN)

    assert ("environment", "API_TOKEN") in done.reasons
    for folder in (project.cache, project.state):
        for path in folder.rglob("*"):
            assert not path.is_file() or canary.encode() not in path.read_bytes()


def test_tool_that_appears_earlier_on_the_path_is_a_miss(project):
    first, second = project.place / "bin1", project.place / "bin2"
    for folder in (first, second):
        folder.mkdir()
    tool = second / "mytool"
    tool.write_text("#!/bin/sh\necho one\n")
    tool.chmod(0o755)
    project.environ["PATH"] = f"{first}:{second}:{project.environ['PATH']}"
    run = ("--input", "src/**", "--", "mytool")
    assert project.run(*run).out == b"one\n"
    assert project.run(*run).outcome == "fresh"

    shadow = first / "mytool"
    shadow.write_text("#!/bin/sh\necho two\n")
    shadow.chmod(0o755)

    done = project.run(*run)
    assert done.out == b"two\n"
    assert done.reasons == [("file-appeared", str(shadow))]


def test_failing_command_is_never_stored(project):
    project.script("build.sh", "echo no >&2; exit 3")

    first, second = project.run(*RUN), project.run(*RUN)

    assert (first.status, second.status) == (3, 3)
    assert second.outcome == "executed"
    assert second.not_stored == [("failed", "3")]


@pytest.mark.parametrize("status", [0, 1, 2, 42, 125, 126, 127, 128, 137, 255])
def test_exit_status_is_kept(rig, status):
    done = rig.run("--input", "x", "--", "sh", "-c", f"exit {status}")

    assert done.status == status


def test_signal_that_ends_the_command_ends_us(rig):
    done = rig.run("--input", "x", "--", "sh", "-c", "kill -TERM $$")

    assert done.status == -15
    assert done.result["signal"] == 15


def test_input_changed_while_the_command_runs_is_not_stored(project):
    command, puppet = project.puppet("./build.sh")
    running = project.start("run", *DECLARED, "--", *command)
    puppet.wait_for_start()
    project.write("src/a.txt", "changed meanwhile\n")
    puppet.go_on()
    running.communicate()

    assert running.returncode == 0
    assert project.last_result()["not_stored"] == [
        {"kind": "input-changed", "subject": "src/a.txt"}
    ]
    assert project.read("out/tool") == b"changed meanwhile\n"


def test_two_runs_at_once_execute_once(project):
    command, puppet = project.puppet("./build.sh")
    first = project.start("run", *DECLARED, "--", *command)
    puppet.wait_for_start()
    second = project.start("run", *DECLARED, "--", *command)
    puppet.go_on()

    outputs = [first.communicate(), second.communicate()]

    assert [first.returncode, second.returncode] == [0, 0]
    assert outputs[0][0] == outputs[1][0] == b"built\n"
    outcomes = [event.data["outcome"] for event in project.events("buildopt.run.finished")]
    assert sorted(outcomes) == ["executed", "fresh"]


def test_stale_output_of_a_former_state_goes_and_a_strangers_file_stays(rig):
    rig.script("build.sh", 'mkdir -p out; while read -r name; do echo x > "out/$name"; done < list')
    run = ("--input", "list", "--output", "out", "--", "./build.sh")
    rig.write("list", "one\n")
    rig.run(*run)
    shutil.rmtree(rig.root / "out")
    rig.write("list", "two\n")
    rig.run(*run)
    rig.write("elsewhere", "mine")

    rig.write("list", "one\n")
    done = rig.run(*run)

    assert done.outcome == "restored"
    assert set(rig.tree("out")) == {"one"}
    assert rig.read("elsewhere") == b"mine"


def test_strangers_file_in_an_output_folder_is_a_miss_and_no_loss(rig):
    rig.script("build.sh", "mkdir -p out; echo x > out/x")
    run = ("--input", "build.sh", "--output", "out", "--", "./build.sh")
    rig.run(*run)
    rig.write("out/mine", "keep me")

    done = rig.run(*run)

    assert done.reasons == [("listing-changed", "out")]
    assert rig.read("out/mine") == b"keep me"
    assert rig.run(*run).outcome == "fresh"


def test_record_holds_in_another_checkout(project):
    project.run(*RUN)
    good = project.tree("out")
    shutil.rmtree(project.root / "out")
    moved = project.place / "elsewhere" / "project"
    moved.parent.mkdir()
    shutil.move(project.root, moved)
    project.root = moved

    done = project.run(*RUN)

    assert done.outcome == "restored"
    assert project.tree("out") == good


def test_output_that_holds_the_folders_name_serves_only_there(project):
    project.script("build.sh", "mkdir -p out; pwd > out/where")
    project.run(*RUN)
    moved = project.place / "elsewhere" / "project"
    moved.parent.mkdir()
    shutil.copytree(project.root, moved, symlinks=True)
    project.root = moved

    done = project.run(*RUN)

    assert done.outcome == "executed"
    assert ("settings", "directory") in done.reasons
    assert project.read("out/where") == f"{moved}\n".encode()


@pytest.mark.parametrize(
    "damage", [(b"\x14\x00\x14\x00", b"\x14\x00\xff\x00"), (b"\xc3\xbc", b"\xc3\x28")]
)
def test_an_archive_that_is_damaged_is_an_output_as_any_other(project, damage):
    with zipfile.ZipFile(project.place / "made.zip", "w") as archive:
        archive.writestr("\u00fc.txt", "y")
    whole = (project.place / "made.zip").read_bytes()
    (project.place / "made.zip").write_bytes(whole.replace(*damage))
    project.script("build.sh", f"mkdir -p out; cp {project.place}/made.zip out/made.zip")

    first = project.run(*RUN)
    again = project.run(*RUN)

    assert (first.status, first.outcome, again.outcome) == (0, "executed", "fresh")


def test_packed_output_that_holds_the_folders_path_serves_only_there(project):
    project.script("build.sh", "mkdir -p out; pwd | gzip -n > out/where")
    project.run(*RUN)
    moved = project.place / "elsewhere" / "other"
    moved.parent.mkdir()
    shutil.copytree(project.root, moved, symlinks=True)
    project.root = moved

    done = project.run(*RUN)

    assert done.outcome == "executed"
    assert gzip.decompress(project.read("out/where")) == f"{moved}\n".encode()


def test_names_of_any_bytes(project):
    odd = os.fsencode(project.root / "src") + b"/\xff\n tab\there.txt"
    with open(odd, "wb") as file:
        file.write(b"odd\n")
    project.script("build.sh", BUILD + "cp src/* out/")
    project.run(*RUN)
    good = project.tree("out")
    shutil.rmtree(project.root / "out")

    assert project.run(*RUN).outcome == "restored"
    assert project.tree("out") == good
    with open(odd, "wb") as file:
        file.write(b"new\n")
    assert project.run(*RUN).outcome == "executed"


@pytest.mark.parametrize("kind", ["fifo", "socket"])
def test_special_file_among_the_inputs_is_not_opened_and_not_stored(project, kind):
    if kind == "fifo":
        os.mkfifo(project.root / "src/special")
        keep = None
    else:
        keep = socket.socket(socket.AF_UNIX)
        os.chdir(project.root)
        keep.bind("src/special")

    done = project.run(*RUN)

    assert done.status == 0
    assert done.not_stored == [("incomplete", "src/special")]
    if keep:
        keep.close()


def test_cyclic_links_among_the_inputs(project):
    (project.root / "src/loop").symlink_to("loop")
    (project.root / "src/up").symlink_to(".")
    (project.root / "src/gone").symlink_to("nowhere")
    project.run(*RUN)

    assert project.run(*RUN).outcome == "fresh"
    project.write("src/nowhere", "here now")
    assert project.run(*RUN).outcome == "executed"


def test_file_behind_a_link_counts(project):
    project.write("far/away.txt", "one")
    (project.root / "src/c.txt").symlink_to("../far/away.txt")
    project.run(*RUN)

    project.write("far/away.txt", "two")

    done = project.run(*RUN)
    assert done.reasons == [("file-changed", "far/away.txt")]
    assert project.read("out/all").endswith(b"two")


def test_undeclared_command_just_runs_and_says_so(rig):
    done = rig.run("--", "sh", "-c", "echo hello")

    assert (done.status, done.out) == (0, b"hello\n")
    assert done.not_stored == [("undeclared", "inputs")]
    assert "--input" in done.line
    assert not list(rig.cache.rglob("artifacts/*/*"))


def test_named_task_and_its_command_share_a_record(project):
    project.write(
        "buildopt.toml",
        '[tasks.all]\ncommand = "./build.sh"\ninputs = ["src/**"]\noutputs = ["out"]\n',
    )
    project.run("all")

    assert project.run("--", "./build.sh").outcome == "fresh"
    assert project.run("all").outcome == "fresh"


def test_changed_settings_are_heeded_at_once(project):
    project.write("buildopt.toml", 'input = ["src/**"]\noutput = ["out"]\n')
    assert project.run("--", "./build.sh").result["stored"]
    assert project.run("--", "./build.sh").outcome == "fresh"

    project.write("buildopt.toml", 'cache = "off"\n')

    assert project.run("--", "./build.sh").outcome == "executed"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--input", "x", "--", "no-such-command"), 127, "cannot find the command"),
        (("--input", "x", "--", "./src"), 126, "cannot run `./src`"),
        (("--input", "x", "--", "./src/a.txt"), 126, "cannot run `./src/a.txt`"),
        (("--input", "x", "--output", "../o", "--", "true"), 125, "not below the project"),
        (("--input", "x", "--output", "/", "--", "true"), 125, "not below the project"),
        (("--inptu", "x", "--", "true"), 125, "no such option `--inptu`"),
        (("no-such-task",), 125, "no task or script `no-such-task`"),
        ((), 125, "nothing to run"),
        (("--",), 125, "no command behind `--`"),
        (("--cache", "maybe", "--", "true"), 125, "maybe"),
    ],
)
def test_a_mistake_is_told_with_a_hint(project, arguments, status, words):
    completed = project.call("run", *arguments)

    told = completed.stderr.decode()
    assert completed.returncode == status
    assert words in told
    assert "\nhint: " in told
    assert "Traceback" not in told


def test_cache_that_cannot_be_used_costs_only_the_hit(project):
    project.cache.write_text("a file where the folder should be")

    done = project.run(*RUN)

    assert (done.status, done.out) == (0, b"built\n")
    assert done.not_stored[0][0] == "storage"


@pytest.mark.parametrize("part", ["artifacts", "entries", "records", "hits", "checkouts"])
@pytest.mark.parametrize("damage", ["truncate", "flip", "delete"])
def test_damaged_cache_costs_at_most_a_run(project, part, damage):
    project.run(*RUN)
    good = project.tree("out")
    for path in (project.cache / "v1" / part).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if damage == "delete":
                path.unlink()
            elif damage == "truncate":
                path.write_bytes(data[: len(data) // 2])
            elif data:
                path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    shutil.rmtree(project.root / "out")

    done = project.run(*RUN)

    assert (done.status, done.out, done.err) == (0, b"built\n", b"warned\n")
    assert project.tree("out") == good
    assert project.run(*RUN).outcome == "fresh"


def test_streams_of_one_object_keep_their_order(rig):
    command = "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done"
    run = ("run", "--quiet", "--input", "x", "--", "sh", "-c", command)

    first = rig.call(*run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, capture_output=False)
    second = rig.call(*run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, capture_output=False)

    assert first.stdout == second.stdout
    assert first.stdout.split(b"\n")[:4] == [b"out 1", b"err 1", b"out 2", b"err 2"]
    assert rig.last_result()["outcome"] == "fresh"


def test_quiet_run_gives_the_commands_bytes_and_no_others(project):
    plain = subprocess.run(
        ["./build.sh"], cwd=project.root, env=project.environ, capture_output=True, check=True
    )
    for _ in ("executed", "fresh"):
        wrapped = project.call("run", "--quiet", *RUN)
        assert (wrapped.stdout, wrapped.stderr) == (plain.stdout, plain.stderr)
    shutil.rmtree(project.root / "out")
    wrapped = project.call("run", "--quiet", *RUN)
    assert (wrapped.stdout, wrapped.stderr) == (plain.stdout, plain.stderr)
    assert project.last_result()["outcome"] == "restored"


def test_dry_run_says_what_would_be_and_does_nothing(project):
    miss = project.call("run", "--dry-run", *RUN)
    assert miss.returncode == 3
    assert not (project.root / "out").exists()
    project.run(*RUN)
    assert project.call("run", "--dry-run", *RUN).returncode == 0

    project.write("src/a.txt", "new")

    miss = project.call("run", "--dry-run", *RUN)
    assert miss.returncode == 3
    assert b"src/a.txt" in miss.stderr
    quiet = project.call("run", "--dry-run", "--quiet", *RUN)
    assert (quiet.returncode, quiet.stderr) == (3, b"")


def test_force_runs_and_stores_over_a_hit(project):
    project.run(*RUN)

    done = project.run("--force", *RUN)

    assert done.outcome == "executed"
    assert done.reasons == [("forced", "task")]
    assert done.result["stored"]


def test_result_file_is_written_whole_on_a_hit_too(project):
    import json

    for outcome in ("executed", "fresh", "fresh"):
        target = project.place / f"{outcome}.json"
        project.call("run", "--result-file", target, *RUN)
        result = json.loads(target.read_text())
        assert result["outcome"] == outcome
        assert result["exit_code"] == 0


def test_stdin_that_is_a_file_is_an_input(project):
    run = ("--input", "build.sh", "--", "cat")
    for content, outcome in (("one", "executed"), ("one", "fresh"), ("two", "executed")):
        project.write("stdin", content)
        with open(project.root / "stdin", "rb") as stdin:
            done = project.run(*run, stdin=stdin)
        assert (done.out, done.outcome) == (content.encode(), outcome)


def test_stdin_that_has_something_to_say_is_never_answered_from_the_cache(rig):
    run = ("--input", "x", "--", "cat")
    assert rig.run(*run).result["stored"]

    done = rig.run(*run, stdin=None, input=b"hello")

    assert done.out == b"hello"
    assert done.not_stored == [("stdin", "pipe")]


def test_output_made_on_both_sides_of_an_edit_is_right_for_both(project):
    """An input edited after it was read: neither state may be answered with the other's output."""
    command, puppet = project.puppet("sh", "-c", "true")
    project.script("build.sh", "mkdir -p out; cp src/a.txt out/a\n" + " ".join(command))
    run = ("run", *DECLARED, "--", "./build.sh")
    running = project.start(*run)
    puppet.wait_for_start()
    project.write("src/a.txt", "later\n")
    puppet.go_on()
    running.communicate()
    project.script("build.sh", "mkdir -p out; cp src/a.txt out/a\n")

    for content in ("later\n", "a\n"):
        project.write("src/a.txt", content)
        project.run(*DECLARED, "--", "./build.sh")
        assert project.read("out/a") == content.encode()


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
"""Runs a command in a mount namespace of its own, where a folder cannot be written."""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_cache_that_may_only_be_read_still_answers(project):
    project.environ["BUILDOPT_FAST_PATH"] = "0"
    project.run(*RUN)
    good = project.tree("out")
    shutil.rmtree(project.root / "out")

    completed = subprocess.run(
        ["unshare", "-m", "sh", "-c", READ_ONLY, project.cache, PROGRAM, "run", *RUN],
        cwd=project.root,
        env=project.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    assert (completed.returncode, completed.stdout) == (0, b"built\n")
    assert b"buildopt: restored" in completed.stderr
    assert project.tree("out") == good
