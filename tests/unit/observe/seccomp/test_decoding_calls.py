"""What each kind of call is told as, made by real processes in every way there is."""

import os
import shutil
import subprocess

import pytest

from buildopt.observe.access import Operation

OPEN, STAT, EXECUTE = Operation.OPEN, Operation.STAT, Operation.EXECUTE


def test_call_past_the_c_library_is_told(observe):
    told = observe.python(
        """
        buffer = ctypes.create_string_buffer(4096)
        syscall("openat", -100, b"opened", 0, 0)
        syscall("statx", -100, b"looked-at", 0, 0xFFF, buffer)
        syscall("readlinkat", -100, b"link", buffer, 100)
        syscall("faccessat2", -100, b"asked-for", 4, 0x100)
        syscall("name_to_handle_at", -100, b"handle", buffer, buffer, 0)
        syscall("file_getattr", -100, b"attributes", buffer, 24, 0)
        syscall("unlinkat", -100, b"removed", 0)
        syscall("unlinkat", -100, b"folder", 0x200)
        """
    )

    names = {
        "opened": OPEN,
        "looked-at": STAT,
        "link": Operation.READLINK,
        "asked-for": STAT,
        "handle": STAT,
        "attributes": STAT,
        "removed": Operation.UNLINK,
        "folder": Operation.REMOVE_FOLDER,
    }
    assert {name: told.operations(observe.folder / name) for name in names} == {
        name: [operation] for name, operation in names.items()
    }


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        ("os.fchmod(file, 0o600)", Operation.CHANGE_MODE),
        ("os.fchown(file, -1, -1)", Operation.CHANGE_OWNER),
        ("os.utime(file)", Operation.CHANGE_TIMES),
        ("os.setxattr(file, 'user.x', b'1')", Operation.WRITE_ATTRIBUTE),
        ("os.removexattr(file, 'user.x')", Operation.WRITE_ATTRIBUTE),
        ("os.getxattr(file, 'user.x')", Operation.READ_ATTRIBUTE),
        ("os.listxattr(file)", Operation.READ_ATTRIBUTE),
    ],
)
def test_change_through_a_descriptor_that_is_open_for_reading(observe, change, operation):
    (observe.folder / "a").write_text("1")

    told = observe.python(
        f"""
        file = os.open("a", os.O_RDONLY)
        try:
            {change}
        except OSError:
            pass
        """
    )

    assert told.status == 0
    assert told.operations(observe.folder / "a") == [OPEN, operation]


def test_mode_and_size_are_told(observe):
    (observe.folder / "a").write_text("123")

    told = observe.python(
        """
        os.chmod("a", 0o640)
        os.fchmod(os.open("a", os.O_RDONLY), 0o644)
        os.truncate("a", 2)
        """
    )

    accesses = told.of(observe.folder / "a")
    assert [access.mode for access in accesses] == [0o640, 0, 0o644, 0]
    assert accesses[-1].size_bytes == 2


def test_input_that_is_mapped_was_opened_before(observe):
    (observe.folder / "a").write_text("1")

    told = observe.python(
        """
        import mmap
        with open("a", "rb") as file:
            assert mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)[:1] == b"1"
        """
    )

    assert (told.status, told.operations(observe.folder / "a")) == (0, [OPEN])


def test_input_that_is_read_by_another_of_its_names(observe):
    (observe.folder / "a").write_text("1")
    (observe.folder / "b").hardlink_to(observe.folder / "a")

    told = observe("cat", "b")

    assert OPEN in told.operations(observe.folder / "b")
    assert not told.of(observe.folder / "a")


def test_pairs_of_paths_are_told_with_both(observe):
    (observe.folder / "d").mkdir()
    (observe.folder / "a").write_text("1")

    told = observe.python(
        """
        folder = os.open("d", os.O_PATH)
        os.link("a", "b", dst_dir_fd=folder)
        os.rename("b", "c", src_dir_fd=folder, dst_dir_fd=folder)
        os.symlink("../a", "link", dir_fd=folder)
        assert syscall("renameat2", folder, b"c", folder, b"link", 2) == 0
        """
    )

    d = str(observe.folder / "d")
    seen = [
        (access.operation.name, access.path, access.other, access.flags)
        for access in told.accesses
        if access.operation in (Operation.LINK, Operation.RENAME, Operation.SYMLINK)
    ]
    assert seen == [
        ("LINK", str(observe.folder / "a"), f"{d}/b", 0),
        ("RENAME", f"{d}/b", f"{d}/c", 0),
        ("SYMLINK", f"{d}/link", "../a", 0),
        ("RENAME", f"{d}/c", f"{d}/link", 2),
    ]


def test_file_without_a_name_that_gets_one(observe):
    told = observe.python(
        """
        file = os.open(".", os.O_TMPFILE | os.O_WRONLY)
        assert syscall("linkat", file, b"", -100, b"named", 0x1000) in (0, -2)
        assert syscall("linkat", -100, b"/proc/self/fd/%d" % file, -100, b"by-proc", 0x400) == 0
        """
    )

    links = [access for access in told.accesses if access.operation is Operation.LINK]
    assert told.status == 0
    assert {access.other for access in links} >= {str(observe.folder / "by-proc")}
    assert all(access.path == "" for access in links)


def test_listing_is_told_when_entries_are_read_and_not_before(observe):
    for name in ("listed", "opened"):
        (observe.folder / name).mkdir()

    told = observe.python('os.open("opened", os.O_DIRECTORY); os.listdir("listed")')

    assert told.operations(observe.folder / "opened") == [OPEN]
    assert Operation.LIST in told.operations(observe.folder / "listed")


@pytest.mark.parametrize("how", ["posix_spawn", "vfork", "fork"])
def test_child_is_told_however_it_is_started(observe, how):
    (observe.folder / "a").write_text("1")
    ways = {
        "posix_spawn": 'os.posix_spawnp("cat", ["cat", "a"], os.environ)',
        "vfork": 'import subprocess; subprocess.run(["cat", "a"], close_fds=False)',
        "fork": 'os.fork() or os.execvp("cat", ["cat", "a"])',
    }

    told = observe.python(ways[how] + "\ntry: os.wait()\nexcept OSError: pass")

    assert (told.out, told.incomplete) == (b"1", set())
    assert OPEN in told.operations(observe.folder / "a")
    assert ["cat", "a"] in [argv for _, _, argv, _ in told.report["started"]]


def test_child_that_is_started_in_another_folder(observe):
    (observe.folder / "d").mkdir()
    (observe.folder / "d/a").write_text("1")

    told = observe.python('import subprocess; subprocess.run(["cat", "a"], cwd="d")')

    assert (told.out, told.incomplete) == (b"1", set())
    assert OPEN in told.operations(observe.folder / "d/a")


def test_program_that_is_executed_by_its_descriptor(observe):
    program = shutil.copy(shutil.which("true"), observe.folder / "program")

    told = observe.python(
        """
        file = os.open("program", os.O_RDONLY)
        argv = (ctypes.c_char_p * 2)(b"program", None)
        syscall("execveat", file, b"", argv, 0, 0x1000)
        """
    )

    assert told.status == 0
    assert EXECUTE in told.operations(program)


def test_interpreters_that_the_kernel_opens_are_told(observe):
    sh = shutil.copy(os.path.realpath(shutil.which("sh")), observe.folder / "sh")
    middle = observe.folder / "middle"
    middle.write_text(f"#! {sh}\n. $1\n")
    middle.chmod(0o755)
    script = observe.folder / "script"
    script.write_text(f"#!{middle} -x\necho ran\n")
    script.chmod(0o755)

    told = observe("./script")

    executed = [access.path for access in told.accesses if access.operation is EXECUTE]
    loaded = {access.path for access in told.accesses if access.operation is Operation.LOAD}
    assert executed[:3] == [str(script), str(middle), str(sh)]
    assert loaded == {loader_of(sh)}


def loader_of(program):
    """The loader that a program's header names."""
    if shutil.which("readelf") is None:
        pytest.skip("readelf is not installed")
    text = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True).stdout
    return text.partition("interpreter: ")[2].partition("]")[0]


def test_looking_for_a_tool_tells_each_folder_that_lacks_it(observe, monkeypatch):
    for name in ("one", "two"):
        (observe.folder / name).mkdir()
    (observe.folder / "two/tool").symlink_to(shutil.which("true"))
    monkeypatch.setenv("PATH", f"one:two:{os.environ['PATH']}")

    told = observe("env", "tool")

    assert told.status == 0
    assert told.operations(observe.folder / "one/tool") == [EXECUTE]
    assert EXECUTE in told.operations(observe.folder / "two/tool")
