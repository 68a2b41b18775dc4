"""Which line of a failed command's output is told to who reads of it later."""

import pytest

from buildopt.execute.first_error import LONGEST_LINE, first_error
from buildopt.model import Chunk


def said(*lines: str) -> str:
    return first_error([Chunk(stream="stdout", data="".join(f"{one}\n" for one in lines).encode())])


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["src/a.ts(3,5): error TS2322: no", "Found 1 error."], "src/a.ts(3,5): error TS2322: no"),
        (
            [
                "x Build failed in 12ms",
                "\x1b[31merror during build:\x1b[39m",
                "",
                "No `./a`",
                "at b",
            ],
            "error during build: No `./a`",
        ),
        (
            ["Traceback (most recent call last):", '  File "error.py", line 1', "ValueError: no b"],
            "ValueError: no b",
        ),
        (["0 errors", "sh: 1: tsc: not found", "npm error code 127"], "sh: 1: tsc: not found"),
        (["error.log written", "all is well", "the last word", ""], "the last word"),
        (["made 10 %\rmade 20 %\rfatal: no disk"], "fatal: no disk"),
        ([], ""),
    ],
)
def test_first_line_that_names_an_error_is_found(lines: list[str], wanted: str) -> None:
    assert said(*lines) == wanted


def test_line_is_short_and_has_no_control_characters() -> None:
    text = said("error: \x07" + "x" * 100_000)

    assert len(text) == LONGEST_LINE
    assert text.startswith("error: ?xx")


def test_stream_torn_in_pieces_is_read_as_one() -> None:
    pieces = [
        Chunk(stream="stderr", data=piece) for piece in (b"ok\nerr", b"or: no\xff disk", b"\n")
    ]

    assert first_error(pieces) == "error: no\ufffd disk"


def test_secret_at_the_end_of_what_is_shown_is_hidden_whole() -> None:
    line = f"error: {'x' * (LONGEST_LINE - 12)} secret-value"
    chunks = [Chunk(stream="stderr", data=line.encode())]

    assert "sec" in first_error(chunks)
    assert "sec" not in first_error(chunks, lambda text: text.replace("secret-value", "***"))
