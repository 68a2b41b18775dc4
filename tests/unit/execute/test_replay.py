import os
import pty

import pytest

from buildopt.execute.replay import chunks_for, for_stream
from buildopt.execute.streams import Streams
from buildopt.model import Chunk

TERMINALS = Streams(stdin="null", stdout="terminal", stderr="terminal", is_joined=False)
PIPES = Streams(stdin="null", stdout="pipe", stderr="pipe", is_joined=False)

COLOUR = b"\x1b[1;31mred\x1b[0m \x1b[2K\x1b[1A\r50%\x1b[?25l \xe2\x9c\x93\n"
LINK = b"\x1b]8;;https://example.org\x1b\\text\x1b]8;;\x1b\\\n"
QUERIES = [
    b"\x1b]10;?\x07",
    b"\x1b]11;?\x1b\\",
    b"\x1b]4;1;?\x07",
    b"\x1b]52;c;?\x07",
    b"\x1b[c",
    b"\x1b[0c",
    b"\x1b[>c",
    b"\x1b[=c",
    b"\x1b[5n",
    b"\x1b[6n",
    b"\x1b[?6n",
    b"\x1b[>q",
    b"\x1b[>0q",
    b"\x1b[?u",
    b"\x1b[?2026$p",
    b"\x1b[14t",
    b"\x1b[21t",
    b"\x1bP$qm\x1b\\",
    b"\x1bP+q544e\x1b\\",
    b"\x1bZ",
    b"\x05",
]
TITLES = [b"\x1b]0;npm run build\x07", b"\x1b]2;\xe2\x9c\x93 done\x1b\\", b"\x1b]1;icon\x07"]


@pytest.mark.parametrize("sequence", QUERIES + TITLES)
def test_queries_and_titles_do_not_reach_a_terminal(sequence):
    assert for_stream(b"a" + sequence + b"b", "terminal") == b"ab"


@pytest.mark.parametrize("data", [COLOUR, LINK, b"\x1b[3 q", b"\x1b[?1049h", b"\x1b]11;#fff\x07"])
def test_colour_and_movement_reach_a_terminal(data):
    assert for_stream(data, "terminal") == data


def test_unfinished_title_swallows_nothing():
    data = b"\x1b]0;never ended\nnext line\n\x1b[0m"

    assert for_stream(data, "terminal") == data


@pytest.mark.parametrize("kind", ["pipe", "file", "null"])
def test_pipes_record_is_the_same_bytes_on_a_pipe(kind):
    data = COLOUR + b"".join(QUERIES) + bytes(range(256))

    assert for_stream(data, kind) == data


def test_commands_to_a_ci_run_are_shown_and_not_obeyed():
    data = b"::add-mask::secret\r\n  ::set-output name=a::b\nx ::add-mask::y\n::STOP-COMMANDS::z"

    shown = for_stream(data, "pipe")

    assert shown == (
        b": :add-mask: :secret\r\n  : :set-output name=a: :b\nx ::add-mask::y\n: :STOP-COMMANDS: :z"
    )


@pytest.mark.parametrize(
    "line",
    [b"::group::build\n", b"::endgroup::\n", b"::error file=a.ts,line=1::no\n", b"a::b::c\n"],
)
def test_annotations_of_a_ci_run_stay(line):
    assert for_stream(line, "pipe") == line


def cut(data, place):
    """The data as two chunks with one of the other stream between."""
    return (
        Chunk(stream="stdout", data=data[:place]),
        Chunk(stream="stderr", data=b"!"),
        Chunk(stream="stdout", data=data[place:]),
    )


@pytest.mark.parametrize("data", [*QUERIES, *TITLES, b"\x1b[31m", b"\x1b(B", LINK.strip()])
def test_sequence_torn_by_the_other_stream_is_treated_as_a_whole(data):
    whole = b"a" + data + b"b"
    expected = for_stream(whole, "terminal")

    for place in range(1, len(whole)):
        kept = list(chunks_for(cut(whole, place), TERMINALS))
        stdout = b"".join(chunk.data for chunk in kept if chunk.stream == "stdout")

        assert stdout == expected


def test_ci_command_torn_by_the_other_stream_is_still_found():
    whole = b"a\n::add-mask::secret\nb"

    for place in range(1, len(whole)):
        kept = list(chunks_for(cut(whole, place), PIPES))
        stdout = b"".join(chunk.data for chunk in kept if chunk.stream == "stdout")

        assert stdout == b"a\n: :add-mask: :secret\nb"


def test_plain_chunks_stay_as_they_are():
    chunks = cut(b"one\ntwo", 5)

    assert tuple(chunks_for(chunks, PIPES)) == chunks


def test_replay_on_a_terminal_looks_as_the_run_did(driver):
    master, slave = pty.openpty()
    process = driver.start("printf", r"a\nb\r\033[1mc\033[0m\n", stdout=slave, stderr=slave)
    process.wait(timeout=30)
    shown = os.read(master, 100)
    recorded = driver.output["joined"]

    os.write(slave, for_stream(recorded, "terminal"))

    assert os.read(master, 100) == shown
    os.close(slave)
    os.close(master)
