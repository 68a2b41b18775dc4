"""Runs that must leave no record, and trouble that the command must not feel."""

import contextlib
import errno
import fcntl
import os
import pty
import signal
import socket
import subprocess

import pytest

from tests.e2e.tracing_rig import needs, python, shell
from tests.rig import PROGRAM

OBSERVE = "auto"


def assert_never_stored(rig, run, reason):
    for _ in range(2):
        done = rig.run(*run)
        assert (done.outcome, done.result["stored"]) == ("executed", False)
        assert reason in done.not_stored
    return done


def test_program_of_32_bits_is_not_stored(rig):
    needs("gcc")
    rig.write(
        "small.c",
        'void _start(void) { __asm__("mov $1, %eax; mov $0, %ebx; int $0x80"); }\n',
    )
    build = ["gcc", "-m32", "-nostdlib", "-static", "-o", "small", "small.c"]
    if subprocess.run(build, cwd=rig.root, check=False, capture_output=True).returncode:
        pytest.skip("the compiler makes no 32-bit programs")
    if subprocess.run([rig.root / "small"], check=False).returncode:
        pytest.skip("this kernel runs no 32-bit programs")

    done = assert_never_stored(rig, ("--", "./small"), ("incomplete", "architecture"))

    assert done.status == 0
    assert "32" in done.line or "architecture" in done.line


def test_daemon_that_reads_after_the_command_has_ended_is_not_stored(rig):
    os.mkfifo(rig.place / "end")
    rig.write("late", "1")
    run = python(
        rig,
        f"""
        import os
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 3)
                open("{rig.place}/end").read()
                open("late").read()
                open("{rig.place}/end", "w").write("alive")
            os._exit(0)
        """,
    )

    done = rig.run(*run)

    assert done.status == 0
    assert "survivor" in dict(done.not_stored)
    (rig.place / "end").write_text("go\n")
    assert (rig.place / "end").read_text() == "alive"


def test_input_that_is_edited_after_it_was_read_is_not_stored(rig):
    words, puppet = rig.puppet("true")
    rig.write("a", "old")
    command = f"cat a > out; {' '.join(words)}"
    process = rig.start("run", *shell(command))
    puppet.wait_for_start()

    rig.write("a", "new")
    puppet.go_on()
    process.communicate()

    assert ["input-changed", "a"] in [
        [reason["kind"], reason["subject"]] for reason in rig.last_result()["not_stored"]
    ]
    assert rig.read("out") == b"old"


def test_input_that_is_edited_before_it_is_read_is_stored_as_it_was_read(rig):
    rig.write("a", "old")
    lock = rig.write("lock")
    run = python(
        rig,
        """
        import fcntl
        print("started", flush=True)
        with open("lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        print(open("a").read())
        """,
    )
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = rig.start("run", *run)
        process.stdout.readline()

        rig.write("a", "new")
    out, _ = process.communicate()

    assert (out, rig.last_result()["not_stored"]) == (b"new\n", [])
    assert rig.run(*run).outcome == "fresh"
    rig.write("a", "old")
    assert rig.run(*run).out == b"started\nold\n"


def test_failure_is_run_again(rig):
    rig.write("a", "1")

    done = assert_never_stored(rig, shell("cat a > out; exit 3"), ("failed", "3"))

    assert done.status == 3


def test_run_that_a_signal_ended_is_run_again(rig):
    done = assert_never_stored(rig, shell("echo part > out; kill -KILL $$"), ("signal", "9"))

    assert done.status == -signal.SIGKILL
    assert rig.read("out") == b"part\n"


def test_interrupted_run_leaves_what_is_there_and_no_record(rig):
    words, puppet = rig.puppet("true")
    rig.write("out", "former")
    process = rig.start("run", "--", *words)
    puppet.wait_for_start()

    process.send_signal(signal.SIGINT)
    process.communicate()

    assert process.returncode != 0
    assert not rig.last_result().get("stored")
    assert rig.read("out") == b"former"


CONNECTING = """
    import socket, sys
    address = ("127.0.0.1", int(sys.argv[1]))
    if not address[1]:
        server = socket.create_server(("127.0.0.1", 0))
        address = server.getsockname()
    socket.create_connection(address).close()
"""


def test_connection_to_a_server_of_the_run_is_stored(rig):
    run = (*python(rig, CONNECTING), "0")

    assert rig.run(*run).result["stored"]
    assert rig.run(*run).outcome == "fresh"


def test_connection_to_any_other_server_is_not_stored_and_names_it(rig):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        run = (*python(rig, CONNECTING), str(port))
        assert_never_stored(rig, run, ("network", f"127.0.0.1:{port}"))


@pytest.mark.parametrize(
    "setting",
    ['network = "ignore"', 'allow_hosts = ["127.0.0.1:{}"]', 'allow_hosts = ["127.0.0.1"]'],
)
def test_connection_that_the_settings_accept_is_stored(rig, setting):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        rig.write("buildopt.toml", setting.format(port) + "\n")
        run = (*python(rig, CONNECTING), str(port))

        assert rig.run(*run).not_stored == []
        assert rig.run(*run).outcome == "fresh"


def test_connection_is_refused_where_the_settings_say_so(rig):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        rig.write("buildopt.toml", 'network = "deny"\n')
        tries = f"import socket; print(socket.socket().connect_ex(('127.0.0.1', {port})))"

        done = rig.run(*python(rig, tries))

        assert (int(done.out), done.not_stored) == (errno.ECONNREFUSED, [])
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    run = (*python(rig, CONNECTING), "0")
    assert rig.run(*run).status == 0


def test_connection_to_a_named_socket_outside_is_not_stored(rig):
    path = str(rig.place / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        run = python(rig, f"import socket; socket.socket(socket.AF_UNIX).connect('{path}')")
        assert_never_stored(rig, run, ("network", f"unix:{path}"))


@pytest.mark.parametrize(
    "enter",
    ["ctypes.CDLL(None).unshare(0x10020000)", "ctypes.CDLL(None).syscall(56, 0x10020011, 0)"],
    ids=["unshare", "clone"],
)
def test_new_namespace_is_not_stored(rig, enter):
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of Intel processors")

    run = python(rig, f"import ctypes; {enter}")

    assert_never_stored(rig, run, ("incomplete", "namespace"))


def test_killed_supervisor_leaves_the_command_alone_and_no_record(rig):
    rig.write("a", "1")
    siblings = "$(cat /proc/$PPID/task/*/children)"
    command = f"cat a; for p in {siblings}; do [ $p = $$ ] || kill -9 $p; done; cat a > out; cat a"

    done = rig.run(*shell(command))

    if done.result["stored"]:
        pytest.skip("this kernel does not list the children of a process")
    assert (done.status, done.out, rig.read("out")) == (0, b"11", b"1")
    assert done.not_stored == [("incomplete", "supervisor")]


@pytest.mark.parametrize(
    "change",
    ["os.fchmod(file, 0o750)", "os.utime(file, (1, 1))", "os.setxattr(file, 'user.x', b'1')"],
)
def test_change_through_a_descriptor_that_is_open_for_reading(rig, change):
    rig.write("a", "1")
    rig.write("out", "former")
    run = python(
        rig,
        f"""
        import os, shutil
        shutil.copyfile("a", "out")
        file = os.open("out", os.O_RDONLY)
        {change}
        """,
    )
    for _ in range(2):
        rig.run(*run)
    (rig.root / "out").unlink()

    plain, tree = rig.always_rebuild(*run[1:])
    done = rig.run(*run)

    assert plain.returncode == done.status == 0
    assert rig.tree() == tree
    assert os.listxattr(rig.root / "out") == (["user.x"] if "xattr" in change else [])


def test_mode_of_a_source_that_is_set_through_a_descriptor_comes_back(rig):
    rig.write("a", "1", 0o644)
    run = python(rig, 'import os; os.fchmod(os.open("a", os.O_RDONLY), 0o750)')
    for _ in range(2):
        rig.run(*run)

    (rig.root / "a").chmod(0o600)

    rig.run(*run)
    assert (rig.root / "a").stat().st_mode & 0o777 == 0o750


READS_THE_TERMINAL = "read word < /dev/tty; echo got $word"


@pytest.mark.parametrize("streams", ["< /dev/null", "< /dev/null > text 2>&1"])
def test_word_that_is_typed_past_stdin_is_no_part_of_a_record(rig, streams):
    line = f"{PROGRAM} run -- sh -c '{READS_THE_TERMINAL}' {streams}"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(rig.root)
        os.execve("/bin/sh", ["sh", "-c", line], rig.environ)
    os.write(terminal, b"word\n")
    with contextlib.suppress(OSError):  # EIO: nobody holds the other end any more
        while os.read(terminal, 1000):
            pass
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0

    result = rig.last_result()

    assert [(r["kind"], r["subject"]) for r in result["not_stored"]] == [("incomplete", "/dev/tty")]
