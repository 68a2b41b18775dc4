"""Events as lines for people."""

import pytest

from buildopt.cli.event_lines import line_of
from buildopt.monitor.records import Envelope


def told(kind="buildopt.x.y", subject="", **data):
    return Envelope(id="1", type=kind, time=10**18, source="/h/p/1", subject=subject, data=data)


def words(event):
    """What stands behind the type."""
    return line_of(event).split(event.type, 1)[1].strip()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"outcome": "executed", "duration_s": 9.74}, "web  executed in 9.74 s  (p)"),
        (
            {"outcome": "fresh", "duration_s": 0.012, "time_saved_s": 23.1, "exit_code": 0},
            "web  fresh in 12 ms, saved 23.1 s  (p)",
        ),
        (
            {"outcome": "executed", "duration_s": 2.1, "exit_code": 254},
            "web  executed in 2.1 s, exit status 254  (p)",
        ),
        (
            {"outcome": "executed", "duration_s": 2.1, "exit_code": None, "signal": 9},
            "web  executed in 2.1 s, ended by signal 9  (p)",
        ),
        ({"outcome": 7, "duration_s": "x"}, "web  outcome=7 duration_s=x"),
    ],
)
def test_a_run_that_ended_says_how(data, expected):
    assert words(told("buildopt.run.finished", "web", task="web", **data)) == expected


def test_a_subject_does_not_hide_the_data():
    assert words(told(subject="dist", files=3, task="dist", parts=[1])) == "dist  files=3"


def test_what_others_wrote_does_nothing_to_the_terminal():
    event = told("buildopt.\x1b]0;x\x07", "two\nlines\x9b2J", red="\x1b[31m\u202eevil\udc80")
    line = line_of(event)

    assert line.isprintable()
    assert "\\x1b[31m\\u202eevil\\udc80" in line
    assert "two\\nlines\\x9b2J" in line
