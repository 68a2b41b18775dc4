"""Paths as programs pass them, and as the recorder must be told them: absolute, without dots."""

import os

import pytest

from buildopt.observe.access import Operation

OPEN, STAT = Operation.OPEN, Operation.STAT

NAMES = [
    b"new\nline",
    b"tab\there",
    b"not utf-8 \xff\xfe",
    b" (deleted)",
    b"back\\slash",
    b"x" * 255,
]


def test_relative_path_is_told_below_the_working_directory(observe):
    (observe.folder / "a").write_text("1")

    told = observe("cat", "a")

    assert (told.status, told.out, told.incomplete) == (0, b"1", set())
    assert OPEN in told.operations(observe.folder / "a")


@pytest.mark.parametrize("name", NAMES)
def test_name_of_any_bytes_is_told_as_it_is(observe, name):
    path = os.path.join(os.fsencode(observe.folder), name)
    with open(path, "wb") as file:
        file.write(b"1")

    told = observe("cat", name)

    assert (told.out, told.incomplete) == (b"1", set())
    assert OPEN in told.operations(os.fsdecode(path))


def test_path_relative_to_a_duplicated_folder_descriptor(observe):
    (observe.folder / "d").mkdir()
    (observe.folder / "d/a").write_text("1")

    told = observe.python(
        """
        folder = os.dup2(os.open("d", os.O_PATH), 300)
        assert syscall("openat", folder, b"a", 0, 0) >= 0
        """
    )

    assert told.status == 0
    assert told.operations(observe.folder / "d/a") == [OPEN]


def test_folder_descriptor_that_is_used_again_for_another_folder(observe):
    for name in "de":
        (observe.folder / name).mkdir()

    told = observe.python(
        """
        for name in ("d", "e"):
            os.dup2(os.open(name, os.O_PATH), 300)
            os.stat("a", dir_fd=300) if os.path.exists(f"{name}/a") else None
            syscall("openat", 300, b"only-" + name.encode(), 0, 0)
        """
    )

    assert told.operations(observe.folder / "d/only-d") == [OPEN]
    assert told.operations(observe.folder / "e/only-e") == [OPEN]


@pytest.mark.parametrize("move", ["os.chdir('d')", "os.fchdir(os.open('d', os.O_RDONLY))"])
def test_working_directory_that_changes(observe, move):
    (observe.folder / "d").mkdir()

    told = observe.python(
        f"""
        syscall("openat", -100, b"before", 0, 0)
        {move}
        syscall("openat", -100, b"after", 0, 0)
        try:
            os.chdir("nowhere")
        except OSError:
            syscall("openat", -100, b"still", 0, 0)
        """
    )

    assert told.operations(observe.folder / "before") == [OPEN]
    assert Operation.CHANGE_FOLDER in told.operations(observe.folder / "d")
    assert told.operations(observe.folder / "d/after") == [OPEN]
    assert told.operations(observe.folder / "d/still") == [OPEN]


def test_child_keeps_a_working_directory_that_its_parent_leaves(observe):
    (observe.folder / "d").mkdir()

    told = observe(
        "sh", "-c", "cd d; (read x; cat a) < /dev/null 2>&1 & cd ..; wait; cat b 2>&1; true"
    )

    assert OPEN in told.operations(observe.folder / "d/a")
    assert OPEN in told.operations(observe.folder / "b")


def test_linked_working_directory_is_told_without_the_link(observe):
    (observe.folder / "d").mkdir()
    link = observe.folder / "link"
    link.symlink_to("d")

    told = observe("cat", "a", cwd=link)

    assert OPEN in told.operations(observe.folder / "d/a")
    assert not told.of(link / "a")


def test_dots_behind_a_link_mean_the_parent_of_where_it_leads(observe):
    (observe.folder / "x/d").mkdir(parents=True)
    (observe.folder / "x/a").write_text("1")
    (observe.folder / "link").symlink_to("x/d")

    told = observe("cat", "./link//../a")

    assert told.out == b"1"
    assert OPEN in told.operations(observe.folder / "x/a")
    assert Operation.ENTER in told.operations(observe.folder / "link")


def test_folder_in_front_of_dots_counts_when_it_is_not_there(observe):
    told = observe("cat", "missing/../a")

    assert told.status == 1
    assert told.operations(observe.folder / "missing") == [Operation.ENTER]


def test_slash_at_the_end_asks_for_a_folder_and_follows(observe):
    (observe.folder / "d").mkdir()
    (observe.folder / "link").symlink_to("d")

    told = observe.python('os.open("link/", os.O_RDONLY | os.O_NOFOLLOW); os.lstat("link/")')

    opened, looked = told.of(observe.folder / "link")
    assert opened.follows
    assert opened.flags & os.O_DIRECTORY
    assert looked.follows


def test_link_that_is_not_to_be_followed_is_told_so(observe):
    (observe.folder / "link").symlink_to("a")

    told = observe.python(
        """
        os.lstat("link")
        os.stat("link", follow_symlinks=False)
        os.readlink("link")
        assert syscall("openat", -100, b"link", os.O_NOFOLLOW, 0) == -40
        """
    )

    accesses = told.of(observe.folder / "link")
    assert [access.operation for access in accesses] == [STAT, STAT, Operation.READLINK, OPEN]
    assert not any(access.follows for access in accesses)


@pytest.mark.parametrize("path", ["/proc/self/cwd/a", "/proc/thread-self/cwd/a"])
def test_link_of_proc_means_what_it_means_to_that_process(observe, path):
    (observe.folder / "a").write_text("1")

    told = observe("cat", path)

    assert told.out == b"1"
    assert OPEN in told.operations(observe.folder / "a")


@pytest.mark.parametrize("path", ["/dev/fd/0", "/dev/stdin", "/proc/self/fd/0"])
def test_descriptor_that_is_opened_again_by_name_is_the_file_behind_it(observe, path):
    (observe.folder / "a").write_text("1")

    told = observe.python(f'os.dup2(os.open("a", os.O_RDONLY), 0); open("{path}").read()')

    assert told.status == 0
    assert told.operations(observe.folder / "a") == [OPEN, OPEN]


def test_working_directory_that_was_removed_does_no_harm(observe):
    told = observe("sh", "-c", "mkdir d; cd d; rmdir ../d; cat a; cat ../b; true")

    assert told.status == 0
    assert not told.of(observe.folder / "d/a")


@pytest.mark.parametrize("who", ["os.rename", "subprocess.run"])
def test_working_directory_that_is_renamed(observe, who):
    (observe.folder / "d").mkdir()
    renames = {
        "os.rename": 'os.rename("../d", "../e")',
        "subprocess.run": 'import subprocess; subprocess.run(["mv", "../d", "../e"])',
    }

    told = observe.python(
        f"""
        os.chdir("d")
        syscall("openat", -100, b"before", 0, 0)
        {renames[who]}
        syscall("openat", -100, b"after", 0, 0)
        """
    )

    assert told.operations(observe.folder / "d/before") == [OPEN]
    assert told.operations(observe.folder / "e/after") == [OPEN]
