"""What cannot be followed makes the record incomplete, and never breaks the command."""

import os
import shutil
import struct
from pathlib import Path

import pytest

NOBODY = 65534
TRUE = Path(shutil.which("true") or "/bin/true")

ARCHITECTURE = ("incomplete", "architecture")
NAMESPACE = ("incomplete", "namespace")


def program_of_32_bits(path):
    """An ELF file for i386, which opens `a` and exits with 7; written by hand."""
    at, name = 0x08048000, b"a\0"
    code = bytes.fromhex("b805000000 bb") + struct.pack("<I", at + 84 + 31)  # open(a,
    code += bytes.fromhex("31c9 31d2 cd80")  # O_RDONLY, 0)
    code += bytes.fromhex("b801000000 bb07000000 cd80 90 90 90")  # exit(7)
    assert len(code) == 31
    size = 84 + len(code) + len(name)
    ident = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    header = struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, at + 84, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 0, at, at, size, size, 5, 0x1000)
    path.write_bytes(ident + header + segment + code + name)
    path.chmod(0o755)


def let_in(folder):
    """Let another user reach a folder of pytest's, which only its own may enter."""
    for above in (folder, *folder.parents):
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o011)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="a program for Intel processors")
def test_program_of_another_architecture(observe):
    program_of_32_bits(observe.folder / "program")

    told = observe("sh", "-c", "./program; echo $?")

    if told.out != b"7\n":
        pytest.skip("this kernel runs no 32-bit programs")
    assert told.incomplete == {ARCHITECTURE}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of Intel processors")
def test_call_by_a_number_of_x32(observe):
    told = observe.python('assert syscall(0x40000000 + 257, -100, b"a", 0, 0) in (-38, -2)')

    assert (told.status, told.incomplete) == (0, {ARCHITECTURE})


def test_call_that_is_newer_than_the_table(observe):
    told = observe.python("assert syscall(4000) == -38")

    assert told.status == 0
    assert told.incomplete == {("incomplete", "system call 4000")}


@pytest.mark.parametrize(
    "enter",
    [
        'syscall("unshare", 0x00020000)',
        'syscall("unshare", 0x10000000 | 0x00020000)',
        'syscall("clone", 0x10000000 | 0x00020000 | 17, 0, 0, 0, 0) or os._exit(0)',
        'syscall("clone3", ctypes.create_string_buffer(NEW, 88), 88) or os._exit(0)',
        'syscall("setns", os.open("/proc/self/ns/mnt", os.O_RDONLY), 0)',
        'syscall("chroot", b"/")',
        'syscall("mount", b"none", b"/nowhere", b"tmpfs", 0, 0)',
    ],
)
def test_new_namespace_or_root(observe, enter):
    told = observe.python(
        f"""
        import struct
        NEW = struct.pack("QQQQQQQQ", 0x10020000, 0, 0, 0, 17, 0, 0, 0)
        {enter}
        """
    )

    assert (told.status, told.incomplete) == (0, {NAMESPACE})


def test_flags_of_clone_that_are_a_signal_are_no_namespace(observe):
    """CLONE_NEWTIME is 0x80, which in `clone` lies among the bits of the signal."""
    told = observe.python('syscall("clone", 0x80 | 17, 0, 0, 0, 0) or os._exit(0)')

    assert told.incomplete == set()


def test_ring_is_refused_so_that_programs_fall_back(observe):
    told = observe.python(
        """
        buffer = ctypes.create_string_buffer(120)
        assert syscall("io_uring_setup", 8, buffer) == -38
        """
    )

    assert (told.status, told.incomplete) == (0, set())


def test_background_process_that_outlives_the_command(observe):
    os.mkfifo(observe.folder / "end")

    told = observe("sh", "-c", "(read x < end) > /dev/null 2>&1 & echo done")

    assert told.out == b"done\n"
    assert {kind for kind, _ in told.incomplete} == {"survivor"}
    (observe.folder / "end").write_text("go\n")


@pytest.mark.parametrize("way", ["process", "thread"])
def test_daemon_that_left_its_session(observe, way):
    os.mkfifo(observe.folder / "end")
    (observe.folder / "late").write_text("1")

    told = observe.python(
        """
        if os.fork():
            os._exit(3)
        os.setsid()
        if os.fork():
            os._exit(0)
        os.closerange(0, 3)
        open("end").read()
        open("late").read()
        with open("end", "w") as file:
            file.write("alive")
        """,
        way=way,
    )
    (observe.folder / "end").write_text("go\n")

    assert told.status == 3
    assert {kind for kind, _ in told.incomplete} == {"survivor"}
    assert (observe.folder / "end").read_text() == "alive"


def test_child_that_ends_soon_after_the_command_is_waited_for(observe):
    (observe.folder / "late").write_text("1")

    told = observe("sh", "-c", "(cat late > out) > /dev/null 2>&1 & exit 0")

    assert (told.status, told.incomplete) == (0, set())
    assert told.operations(observe.folder / "late")


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
def test_program_that_may_be_run_but_not_read(observe):
    program = observe.folder / "program"
    program.write_bytes(TRUE.read_bytes())
    program.chmod(0o111)
    let_in(observe.folder)

    told = observe(program, uid=NOBODY)

    assert told.status == 0
    assert ("incomplete", str(program)) in told.incomplete


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
@pytest.mark.parametrize("way", ["process", "thread"])
def test_user_without_privileges_is_observed_as_any_other(observe, way):
    (observe.folder / "a").write_text("1")
    let_in(observe.folder)

    told = observe("sh", "-c", "cat a; cat b 2> /dev/null; true", uid=NOBODY, way=way)

    assert (told.status, told.out, told.incomplete) == (0, b"1", set())
    assert told.operations(observe.folder / "a")
    assert told.operations(observe.folder / "b")


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
def test_folder_that_a_process_is_in_but_could_not_be_reached_by_name(observe):
    inner = observe.folder / "locked/in"
    inner.mkdir(parents=True)
    (inner / "a").write_text("1")
    inner.parent.chmod(0o700)
    let_in(observe.folder)

    told = observe("cat", "a", uid=NOBODY, cwd=inner)

    assert (told.status, told.out) == (0, b"1")
    assert told.incomplete


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
@pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed")
def test_process_that_hides_its_memory_from_its_own_user(observe):
    let_in(observe.folder)
    prctl = {"x86_64": 157, "aarch64": 167}[os.uname().machine]

    told = observe("perl", "-e", f"syscall({prctl}, 4, 0, 0, 0, 0); -e 'a'; exit 5", uid=NOBODY)

    assert told.status == 5
    assert {kind for kind, _ in told.incomplete} == {"incomplete"}


@pytest.mark.parametrize("limit", [24, 40])
def test_fewer_descriptors_than_processes(observe, limit):
    told = observe.python(
        f"""
        import resource
        resource.prlimit(int(os.environ["HELPER_PID"]), resource.RLIMIT_NOFILE, ({limit}, {limit}))
        children = []
        for number in range(60):
            ours, theirs = os.pipe()
            if os.fork() == 0:
                os.close(theirs)
                os.access(f"file-{{number}}", 0)
                os.read(ours, 1)
                os.access(f"late-{{number}}", 0)
                os._exit(0)
            children.append(theirs)
        [os.close(child) for child in children]
        for _ in children:
            assert os.wait()[1] == 0
        """
    )

    names = [f"{name}-{number}" for name in ("file", "late") for number in range(60)]
    assert told.status == 0
    assert told.incomplete or all(told.of(observe.folder / name) for name in names)
