import os
import socket
import subprocess

NOT_STORED = [["stdin", "pipe"]]


def test_closed_stdin_is_closed_for_the_command(driver):
    line = driver.line("sh", "-c", "[ -e /proc/self/fd/0 ] && echo open || echo closed")

    ended = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *line], capture_output=True)

    assert ended.stdout == b"closed\n"
    assert driver.report["stdin"] == "closed"
    assert driver.report["not_stored"] == []


def test_closed_outputs_are_closed_for_the_command(driver):
    seen = driver.folder / "seen"
    line = driver.line("sh", "-c", f"ls /proc/$$/fd >{seen}; exit 3")

    ended = subprocess.run(["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *line])

    assert ended.returncode == 3
    assert "2" not in seen.read_text().split()
    assert driver.report["chunks"] == []


def test_all_streams_closed_still_runs(driver):
    line = driver.line("sh", "-c", "echo made >made")

    subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *line], cwd=driver.folder)

    assert (driver.folder / "made").read_text() == "made\n"


def test_null_device_is_storable(driver):
    ended = driver.run("cat")

    assert ended.stdout == b""
    assert driver.report["stdin"] == "null"
    assert driver.report["not_stored"] == []


def test_file_is_read_from_its_present_offset_and_left_behind_what_was_read(driver):
    path = driver.folder / "input"
    path.write_bytes(b"skipped\nread\nleft\n")
    with path.open("rb", buffering=0) as file:
        file.read(8)

        ended = driver.run("sh", "-c", "read line; echo $line", stdin=file)

        assert file.tell() == 13
    assert ended.stdout == b"read\n"
    assert driver.report["stdin"] == "file"
    assert driver.report["not_stored"] == []


def test_pipe_reaches_the_command_and_is_not_stored(driver):
    ended = driver.run("cat", stdin=None, input=b"hello")

    assert ended.stdout == b"hello"
    assert driver.report["stdin"] == "pipe"
    assert driver.report["not_stored"] == NOT_STORED


def test_pipe_that_is_not_read_keeps_its_bytes(driver):
    reader, writer = os.pipe()
    os.write(writer, b"for the next one")

    driver.run("true", stdin=reader)

    os.close(writer)
    assert os.read(reader, 100) == b"for the next one"
    os.close(reader)


def test_open_pipe_that_says_nothing_yet_is_not_stored(driver):
    reader, writer = os.pipe()

    driver.run("true", stdin=reader)

    os.close(writer)
    os.close(reader)
    assert driver.report["not_stored"] == NOT_STORED


def test_pipe_at_its_end_is_storable(driver):
    reader, writer = os.pipe()
    os.close(writer)

    driver.run("cat", stdin=reader)

    os.close(reader)
    assert driver.report["not_stored"] == []


def test_named_pipe_without_a_writer_is_not_stored(driver, fifo):
    reader = os.open(fifo().path, os.O_RDONLY | os.O_NONBLOCK)

    driver.run("true", stdin=reader)

    os.close(reader)
    assert driver.report["not_stored"] == NOT_STORED


def test_socket_is_storable_only_at_its_end(driver):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        driver.run("true", stdin=theirs)
        while_open = driver.report["not_stored"]
        ours.shutdown(socket.SHUT_WR)

        driver.run("cat", stdin=theirs)

    assert while_open == NOT_STORED
    assert driver.report["not_stored"] == []


def test_other_devices_are_not_stored(driver):
    with open("/dev/zero", "rb") as file:
        driver.run("true", stdin=file)

    assert driver.report["not_stored"] == NOT_STORED


def test_null_device_on_request_keeps_the_command_from_a_pipe(driver):
    ended = driver.run("cat", stdin=None, input=b"hello", options={"stdin": "null"})

    assert ended.stdout == b""
    assert driver.report["not_stored"] == []


def test_closed_stdin_becomes_the_null_device_on_request(driver):
    line = driver.line("readlink", "/proc/self/fd/0", stdin="null")

    ended = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *line], capture_output=True)

    assert ended.stdout == b"/dev/null\n"
