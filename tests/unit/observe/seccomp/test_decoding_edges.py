"""Paths and arguments at the edge of what a kernel takes: told, or known to be unknown."""

from buildopt.observe.access import Operation

OPEN = Operation.OPEN


def test_path_longer_than_any_call_takes_is_no_access(observe):
    told = observe.python(
        """
        assert syscall("openat", -100, b"x/" * 2048 + b"y", 0, 0) == -36
        assert syscall("openat", -100, b"./" * 2047 + b"y", 0, 0) == -2
        """
    )

    assert (told.status, told.incomplete) == (0, set())
    assert told.operations(observe.folder / "y") == [OPEN]


def test_file_deeper_than_any_path_is_told_or_the_record_is_incomplete(observe):
    told = observe.python(
        """
        for _ in range(20):
            os.mkdir("x" * 250)
            os.chdir("x" * 250)
        os.close(os.open("a", os.O_CREAT | os.O_WRONLY))
        assert syscall("openat", -100, b"a", 0, 0) >= 0
        """
    )

    deep = observe.folder.joinpath(*["x" * 250] * 20, "a")
    assert told.status == 0
    assert told.incomplete or OPEN in told.operations(deep)


def test_address_that_holds_no_text_fails_the_call_and_nothing_else(observe):
    told = observe.python(
        """
        for address in (0, 8, 0x7FFFFFFFE000):
            assert syscall("openat", -100, address, 0, 0) == -14
        """
    )

    assert told.status == 0


def test_path_that_ends_at_the_last_mapped_byte_is_read(observe):
    told = observe.python(
        """
        import mmap
        page = mmap.mmap(-1, 2 * 4096)
        start = ctypes.addressof(ctypes.c_char.from_buffer(page))
        assert _libc.mprotect(ctypes.c_long(start + 4096), ctypes.c_long(4096), 0) == 0
        page[4096 - 5:4096] = b"edge" + bytes(1)
        assert syscall("openat", -100, start + 4096 - 5, 0, 0) == -2
        """
    )

    assert (told.status, told.incomplete) == (0, set())
    assert told.operations(observe.folder / "edge") == [OPEN]


def test_folder_taken_for_the_root_makes_the_record_incomplete(observe):
    (observe.folder / "d").mkdir()

    told = observe.python(
        """
        import struct
        how = ctypes.create_string_buffer(struct.pack("QQQ", 0, 0, 0x10))
        syscall("openat2", os.open("d", os.O_PATH), b"/a", how, 24)
        """
    )

    assert told.status == 0
    assert told.incomplete


def test_folder_that_must_not_be_left_is_told_as_any_other(observe):
    (observe.folder / "d").mkdir()

    told = observe.python(
        """
        import struct
        how = ctypes.create_string_buffer(struct.pack("QQQ", os.O_RDONLY, 0, 0x08))
        assert syscall("openat2", os.open("d", os.O_PATH), b"a", how, 24) == -2
        """
    )

    assert told.incomplete == set()
    assert told.operations(observe.folder / "d/a") == [OPEN]
