import fcntl
import os
import signal
import subprocess
import sys
import termios
import time

import pytest

ASK_TERMINALS = """
import os
for descriptor in (0, 1, 2):
    os.write(1, b"%d" % os.isatty(descriptor))
os.write(2, b"|")
"""


def on(terminal):
    """All three streams of a driver on the terminal, which controls its session."""
    return {
        "stdin": terminal.slave,
        "stdout": terminal.slave,
        "stderr": terminal.slave,
        "start_new_session": True,
    }


def start(driver, terminal, *command, **streams):
    options = {"controls_terminal": True}
    return driver.start(*command, options=options, **{**on(terminal), **streams})


def start_job(driver, terminal, *command):
    shell = os.path.join(os.path.dirname(__file__), "job_shell.py")
    line = [sys.executable, shell, *driver.line(*command)]
    return subprocess.Popen(line, cwd=driver.folder, **on(terminal))


def test_command_sees_a_terminal_where_we_have_one(driver, terminal):
    process = start(driver, terminal, sys.executable, "-c", ASK_TERMINALS)
    process.wait(timeout=30)

    assert terminal.rest() == b"111|"
    assert driver.output == {"joined": b"111|"}
    assert driver.report["stdin"] == "terminal"
    assert driver.report["not_stored"] == []
    assert terminal.is_as_before


@pytest.mark.parametrize(
    ("redirected", "seen", "recorded"),
    [
        ("stdout", b"101", {"stdout": b"101", "stderr": b"|"}),
        ("stderr", b"110", {"stdout": b"110", "stderr": b"|"}),
        ("stdin", b"011", {"joined": b"011|"}),
    ],
)
def test_each_stream_is_a_terminal_by_itself(driver, terminal, redirected, seen, recorded):
    with open(driver.folder / "file", "wb+") as file:
        process = driver.start(
            sys.executable, "-c", ASK_TERMINALS, **{**on(terminal), redirected: file}
        )
        process.wait(timeout=30)
        file.seek(0)
        shown = terminal.rest() + file.read()

    assert sorted(shown) == sorted(seen + b"|")
    assert driver.output == recorded
    assert terminal.is_as_before


def test_lines_are_shown_and_recorded_as_the_command_wrote_them(driver, terminal):
    process = start(driver, terminal, "printf", r"a\nb\r\n\033[31mc\033[0m\rd\r")
    process.wait(timeout=30)

    assert terminal.rest() == b"a\r\nb\r\r\n\x1b[31mc\x1b[0m\rd\r"
    assert driver.output == {"joined": b"a\nb\r\n\x1b[31mc\x1b[0m\rd\r"}


def test_long_output_to_a_terminal_is_complete(driver, terminal):
    script = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo over"
    process = start(driver, terminal, "sh", "-c", script)
    terminal.wait_for(b"over\r\n")
    process.wait(timeout=30)

    expected = b"".join(b"line %d\n" % i for i in range(20000)) + b"over\n"
    assert driver.output == {"joined": expected}
    assert terminal.shown == expected.replace(b"\n", b"\r\n")


def test_size_of_the_terminal_is_the_commands(driver, terminal, puppet):
    terminal.resize(33, 111)
    process = start(driver, terminal, *puppet("SIGWINCH=size"))
    terminal.wait_for(b"up\r\n")

    terminal.resize(44, 122)
    terminal.wait_for(b"44 122\r\n")

    process.terminate()
    process.wait(timeout=30)


def test_size_follows_also_where_stdin_is_no_terminal(driver, terminal, puppet):
    process = driver.start(
        *puppet("SIGWINCH=size"), **{**on(terminal), "stdin": subprocess.DEVNULL}
    )
    terminal.wait_for(b"up\r\n")

    terminal.resize(44, 122)
    process.send_signal(signal.SIGWINCH)

    terminal.wait_for(b"44 122\r\n")
    process.terminate()
    process.wait(timeout=30)


def test_keystrokes_reach_the_command_and_the_run_is_not_stored(driver, terminal):
    process = start(driver, terminal, "sh", "-c", "echo name?; read name; echo hello $name")
    terminal.wait_for(b"name?\r\n")
    terminal.type(b"worlx\x7fd\r")
    process.wait(timeout=30)

    assert terminal.rest().endswith(b"hello world\r\n")
    assert driver.report["not_stored"] == [["stdin", "terminal"]]
    assert terminal.is_as_before


def test_keystrokes_reach_a_command_whose_output_goes_into_a_pipeline(driver, terminal):
    script = "echo name? >&2; read name; echo hello $name"
    process = start(driver, terminal, "sh", "-c", script, stdout=subprocess.PIPE)
    terminal.wait_for(b"name?\r\n")
    terminal.type(b"world\r")

    assert process.communicate(timeout=30)[0] == b"hello world\n"
    assert driver.report["not_stored"] == [["stdin", "terminal"]]
    assert terminal.is_as_before


def test_pipeline_that_is_over_soon_never_has_the_terminal_changed(driver, terminal):
    process = start(driver, terminal, "stty", "-a", stdout=subprocess.PIPE)
    output, _ = process.communicate(timeout=30)

    assert b" icanon" in output
    assert terminal.is_as_before
    assert driver.report["not_stored"] == []


def test_system_without_pseudo_terminals_still_runs_the_command(driver, terminal):
    options = {"broken_terminals": True}
    process = driver.start("sh", "-c", "[ -t 1 ] || echo pipe", options=options, **on(terminal))
    process.wait(timeout=30)

    assert terminal.rest() == b"pipe\r\n"
    assert driver.report["not_stored"] == [["stdin", "pipe"]]


def test_echo_is_the_commands_to_switch_off(driver, terminal):
    script = "stty -echo; echo secret?; read secret; echo got ${#secret}"
    process = start(driver, terminal, "sh", "-c", script)
    terminal.wait_for(b"secret?\r\n")
    terminal.type(b"hush\r")
    process.wait(timeout=30)

    assert terminal.rest() == b"secret?\r\ngot 4\r\n"
    assert terminal.is_as_before


def test_keystrokes_reach_the_command_whose_outputs_are_files(driver, terminal):
    with open(driver.folder / "file", "wb+") as file:
        process = start(driver, terminal, "sh", "-c", "read a; echo $a", stdout=file, stderr=file)
        terminal.type(b"typed\r")
        process.wait(timeout=30)
        file.seek(0)

        assert file.read() == b"typed\n"
    assert b"typed" in terminal.rest()
    assert driver.report["not_stored"] == [["stdin", "terminal"]]


def test_full_screen_program_has_its_own_line_ends(driver, terminal, fifo):
    order = fifo()
    script = f"stty -opost; printf 'a\\nb\\n'; read _ <{order}; stty opost; printf 'c\\n'"
    process = start(driver, terminal, "sh", "-c", script)
    terminal.wait_for(b"a\nb\n")
    order.go()
    process.wait(timeout=30)

    assert terminal.rest() == b"a\nb\nc\r\n"
    assert terminal.is_as_before


def test_interrupt_key_reaches_the_command_and_is_waited_for(driver, terminal, puppet):
    process = start(driver, terminal, *puppet("SIGINT=exit 7"))
    terminal.wait_for(b"up\r\n")
    terminal.type(b"\x03")

    assert process.wait(timeout=30) == 7
    assert b"got SIGINT\r\n" in terminal.rest()
    assert ["signal", "SIGINT"] in driver.report["not_stored"]
    assert terminal.is_as_before


def test_second_interrupt_key_kills(driver, terminal, puppet):
    process = start(driver, terminal, *puppet("SIGINT=say again"))
    terminal.wait_for(b"up\r\n")
    terminal.type(b"\x03")
    terminal.wait_for(b"again\r\n")
    terminal.type(b"\x03")

    assert process.wait(timeout=30) == -signal.SIGKILL
    assert terminal.is_as_before


def test_interrupt_key_arrives_once_where_stdin_is_no_terminal(driver, terminal, puppet):
    """The kernel sends it to the whole group, and the command is in it."""
    wrapper = "import fcntl, os, sys, termios; fcntl.ioctl(1, termios.TIOCSCTTY, 0);"
    wrapper += "os.execv(sys.argv[1], sys.argv[1:])"
    line = driver.line(*puppet("SIGINT=say int", "SIGTERM=exit 3"))
    process = subprocess.Popen(
        [sys.executable, "-c", wrapper, *line],
        **{**on(terminal), "stdin": subprocess.DEVNULL},
    )
    terminal.wait_for(b"up\r\n")
    terminal.type(b"\x03")
    terminal.wait_for(b"int\r\n")
    os.kill(child_of(process.pid), signal.SIGTERM)
    process.wait(timeout=30)

    assert terminal.rest().count(b"int\r\n") == 1
    assert process.returncode == 3
    assert driver.report["not_stored"] == [["signal", "SIGINT"]]


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return int(file.read())


def test_suspend_key_stops_the_job_until_the_shell_continues_it(driver, terminal, fifo):
    order = fifo()
    process = start_job(driver, terminal, "sh", "-c", f"echo up; read w <{order}; echo got $w")
    terminal.wait_for(b"up\r\n")
    terminal.type(b"\x1a")
    terminal.wait_for(b"[stopped, terminal restored: True]\r\n")

    terminal.type(b"fg\n")
    order.go("word")
    terminal.wait_for(b"[ended 0, restored: True]\r\n")
    process.wait(timeout=30)

    assert b"got word\r\n" in terminal.shown


def test_keys_reach_the_command_again_after_a_stop(driver, terminal):
    process = start_job(driver, terminal, "sh", "-c", "echo up; read word; echo got $word")
    terminal.wait_for(b"up\r\n")
    terminal.type(b"\x1a")
    terminal.wait_for(b"[stopped, terminal restored: True]\r\n")

    terminal.type(b"fg\n")
    terminal.wait_for(b"fg\r\n")
    terminal.type(b"word\r")
    terminal.wait_for(b"[ended 0, restored: True]\r\n")
    process.wait(timeout=30)

    assert b"got word\r\n" in terminal.shown


def test_command_that_stops_itself_stops_the_job(driver, terminal):
    process = start_job(driver, terminal, "sh", "-c", "kill -STOP $$; echo on; exit 5")
    terminal.wait_for(b"[stopped, terminal restored: True]\r\n")

    terminal.type(b"fg\n")
    terminal.wait_for(b"[ended 5, restored: True]\r\n")
    process.wait(timeout=30)

    assert b"on\r\n" in terminal.shown


def test_terminal_is_not_taken_from_somebody_who_holds_it(driver, terminal, fifo):
    order = fifo()
    settings = termios.tcgetattr(terminal.slave)
    settings[3] &= ~termios.ICANON
    termios.tcsetattr(terminal.slave, termios.TCSANOW, settings)
    settings = termios.tcgetattr(terminal.slave)
    process = start(driver, terminal, "sh", "-c", f"echo up; read _ <{order}")
    terminal.wait_for(b"up\r\n")
    terminal.type(b"for the other one")
    order.go()
    process.wait(timeout=30)

    assert termios.tcgetattr(terminal.slave) == settings
    assert driver.report["not_stored"] == []
    waiting = fcntl.ioctl(terminal.slave, termios.FIONREAD, bytes(4))
    assert int.from_bytes(waiting, sys.byteorder) == len(b"for the other one")


def test_command_started_while_a_shell_edits_its_line_gets_a_usual_terminal(driver, terminal):
    usual = termios.tcgetattr(terminal.slave)
    edited = termios.tcgetattr(terminal.slave)
    edited[0] &= ~termios.ICRNL
    edited[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(terminal.slave, termios.TCSANOW, edited)
    process = start(driver, terminal, "sh", "-c", "echo up; read word; echo got $word")
    terminal.wait_for(b"up\r\n")
    termios.tcsetattr(terminal.slave, termios.TCSANOW, usual)
    while termios.tcgetattr(terminal.slave) == usual:
        time.sleep(0.01)
    terminal.type(b"word\r")
    terminal.wait_for(b"word\r\ngot word\r\n")
    process.wait(timeout=30)

    assert process.returncode == 0
    assert termios.tcgetattr(terminal.slave) == usual


def test_null_stdin_leaves_the_terminals_keys_alone(driver, terminal):
    options = {"stdin": "null", "controls_terminal": True}
    process = driver.start(sys.executable, "-c", ASK_TERMINALS, options=options, **on(terminal))
    process.wait(timeout=30)

    assert terminal.rest() == b"011|"
    assert terminal.is_as_before


def test_signal_from_outside_ends_a_command_that_has_a_terminal(driver, terminal, puppet):
    process = start(driver, terminal, *puppet("SIGTERM=exit 3"))
    terminal.wait_for(b"up\r\n")

    process.terminate()

    assert process.wait(timeout=30) == 3
    assert b"got SIGTERM\r\n" in terminal.rest()
    assert terminal.is_as_before


def test_terminal_that_goes_away_takes_the_command_with_it(driver, terminal, fifo):
    order = fifo()
    process = start(driver, terminal, "sh", "-c", f"echo $$; read _ <{order}")
    terminal.wait_for(b"\r\n")

    os.close(terminal.slave)
    os.close(terminal.master)
    status = process.wait(timeout=30)
    terminal.master, terminal.slave = os.pipe()

    assert status != 0
    assert ["signal", "SIGHUP"] in driver.report["not_stored"]
