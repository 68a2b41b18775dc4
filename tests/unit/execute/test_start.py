import errno
import stat

from buildopt.execute.program import candidates, start_error


def write_program(path, text, mode=0o755):
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_unknown_command_is_not_found(driver):
    ended = driver.run("no-such-command-anywhere")

    assert ended.returncode == 127
    assert driver.report["error"] == "cannot find the command `no-such-command-anywhere`"
    assert driver.report["slug"] == "command-not-found"


def test_unknown_path_is_not_found(driver):
    assert driver.run("./nothing/here").returncode == 127


def test_file_without_executable_bit_is_not_runnable(driver):
    path = write_program(driver.folder / "tool", "#!/bin/sh\n", mode=0o644)

    ended = driver.run("./tool")

    assert ended.returncode == 126
    assert driver.report["hint"] == "`chmod +x ./tool` makes it executable"
    assert not stat.S_IXUSR & (driver.folder / path).stat().st_mode


def test_folder_is_not_runnable(driver):
    ended = driver.run(str(driver.folder))

    assert ended.returncode == 126
    assert driver.report["error"].endswith("it is a folder")


def test_missing_interpreter_is_not_runnable(driver):
    write_program(driver.folder / "tool", "#!/no/such/interpreter\n")

    ended = driver.run("./tool")

    assert ended.returncode == 126
    assert "interpreter" in driver.report["error"]


def test_binary_of_no_known_format_is_not_runnable(driver):
    write_program(driver.folder / "tool", "\x01\0\x02\0")

    ended = driver.run("./tool")

    assert ended.returncode == 126
    assert "format" in driver.report["error"]


def test_script_without_first_line_is_run_by_the_shell(driver):
    write_program(driver.folder / "tool", 'echo "$# $1"\nexit 5\n')

    ended = driver.run("./tool", "a b")

    assert ended.stdout == b"1 a b\n"
    assert ended.returncode == 5


def test_program_is_looked_up_on_the_commands_own_path(driver):
    (driver.folder / "bin").mkdir()
    write_program(driver.folder / "bin" / "only-here", "#!/bin/sh\necho found\n")

    ended = driver.run(
        "only-here", options={"variables": {"PATH": f"/nowhere:{driver.folder}/bin"}}
    )

    assert ended.stdout == b"found\n"


def test_file_that_may_not_be_run_does_not_end_the_search(driver):
    for name, mode in (("first", 0o644), ("second", 0o755)):
        (driver.folder / name).mkdir()
        write_program(driver.folder / name / "tool", "#!/bin/sh\necho second\n", mode)
    path = f"{driver.folder}/first:{driver.folder}/second"

    ended = driver.run("tool", options={"variables": {"PATH": path}})

    assert ended.stdout == b"second\n"


def test_directory_that_is_gone_is_our_own_failure(driver):
    ended = driver.run("true", options={"directory": "/no/such/folder"})

    assert ended.returncode == 125
    assert driver.report["slug"] == "directory-not-entered"


def test_setup_that_fails_is_our_own_failure(driver):
    ended = driver.run("touch", "made", options={"broken_setup": True})

    assert ended.returncode == 125
    assert "no filter here" in driver.report["error"]
    assert not (driver.folder / "made").exists()


def test_empty_folder_on_the_path_is_the_working_directory():
    assert candidates("x", {"PATH": "/a::/b"}) == ["/a/x", "./x", "/b/x"]
    assert candidates("a/x", {"PATH": "/a"}) == ["a/x"]
    assert candidates("", {"PATH": "/a"}) == []


def test_command_given_as_one_string_gets_a_hint():
    error = start_error(["make all"], {"PATH": "/bin"}, errno.ENOENT)

    assert "--shell" in error.hint
