"""The status of several checks together."""

import pytest

from buildopt.doctor.check import ok, problem, unknown, warning, worst

GOOD = ok("a", "x")
SLOW = warning("b", "x", mend="y")
BROKEN = problem("c", "x", mend="y")
DARK = unknown("d", "x", mend="y")


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ([], "ok"),
        ([GOOD], "ok"),
        ([GOOD, SLOW], "warning"),
        ([DARK, GOOD], "warning"),
        ([SLOW, BROKEN, GOOD], "problem"),
    ],
)
def test_the_worst_one_counts_and_what_is_unknown_is_worth_a_look(checks, status):
    assert worst(checks) == status
