"""Asking tools for their version, the broken ones too."""

import os

import pytest

from buildopt.tool_versions import MOST_BYTES, ask_versions, find_tools, version_in

PATIENT_S = 60.0
"""So long that no machine is too slow; reached by no test."""


@pytest.fixture
def tool(tmp_path):
    """Makes a program, asks it for its version."""

    def ask(text, *, limit_s=PATIENT_S, first_line="#!/bin/sh\n"):
        path = tmp_path / "tool"
        path.write_text(first_line + text)
        path.chmod(0o755)
        (told,) = ask_versions({"tool": str(path)}, os.environ, limit_s=limit_s)
        return told

    return ask


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("git version 2.39.5\n", "2.39.5"),
        ("v20.20.2\n", "20.20.2"),
        ("gcc (Debian 12.2.0-14) 12.2.0\nCopyright 2022", "12.2.0"),
        ("gcc (GCC) 13.2.1 20231011 (Red Hat 13.2.1-4)\n", "13.2.1"),
        ("GNU Make 4.3\n", "4.3"),
        ("Version 5.9.0-beta\n", "5.9.0-beta"),
        ("hello\n4.10.3\n", "4.10.3"),
        ("no number at all", ""),
        ("", ""),
    ],
)
def test_the_version_is_found_in_what_tools_print(text, version):
    assert version_in(text) == version


def test_a_tool_that_answers_has_its_version(tool):
    told = tool('test "$1" = --version && echo tool 1.2.3')

    assert (told.version, told.trouble) == ("1.2.3", "")


def test_a_tool_that_fails_has_its_status_for_an_answer(tool):
    told = tool("echo 1.2.3; exit 3")

    assert (told.version, told.trouble) == ("", "it ended with status 3")


def test_a_tool_that_says_nothing_told_none(tool):
    assert tool("exit 0").trouble == "it told none"


def test_a_file_that_is_no_program_is_a_trouble(tool):
    assert tool("", first_line="\0").trouble == "Exec format error"


def test_a_tool_that_hangs_is_ended_with_all_that_it_started(tool, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    told = tool(f"tail -f /dev/null >{pipe} & wait", limit_s=0.2)

    assert told.trouble == "it did not answer in time"
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b"", "the pipe ends when the last writer is gone"
    os.close(reader)


def test_a_tool_that_never_stops_printing_is_cut_short(tool):
    told = tool(f"yes {'x' * MOST_BYTES}", limit_s=0.2)

    assert told.trouble == "it did not answer in time"


def test_one_that_hangs_takes_no_time_from_the_others(tmp_path):
    found = {}
    for name, text in (("first", "exec tail -f /dev/null"), ("second", "echo 2.0")):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        found[name] = str(path)

    first, second = ask_versions(found, os.environ, limit_s=3.0)

    assert (first.version, second.version) == ("", "2.0")


def test_only_what_is_on_path_is_found(tmp_path):
    program = tmp_path / "node"
    program.write_text("")
    program.chmod(0o755)

    assert find_tools(("node", "npm"), {"PATH": str(tmp_path)}) == {"node": str(program)}
    assert find_tools(("node",), {"PATH": ""}) == {}
