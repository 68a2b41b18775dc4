import pytest

from buildopt.cache.fingerprint import reason_for
from buildopt.model import Observation

ONE, TWO = "1" * 32 + "+644", "2" * 32 + "+644"


@pytest.mark.parametrize(
    ("recorded", "now", "before", "after"),
    [
        (ONE, TWO, "111111111111", "222222222222"),
        (f"|{ONE}", TWO, "nothing or 111111111111", "222222222222"),
        (f"{ONE}|{ONE[:-3]}755", TWO, "111111111111", "222222222222"),
        (ONE, "1" * 32 + "+755", "mode 644", "mode 755"),
    ],
)
def test_contents_are_told_by_the_beginnings_of_their_digests(recorded, now, before, after):
    reason = reason_for(Observation(kind="tool", subject="/nowhere", value=recorded), now)

    assert (reason.before, reason.after) == (before, after)


def test_state_that_is_gone_is_told_as_such():
    reason = reason_for(Observation(kind="tool", subject="/nowhere", value=f"{ONE}|{TWO}"), None)

    assert (reason.before, reason.after) == ("111111111111 or 222222222222", "gone")
