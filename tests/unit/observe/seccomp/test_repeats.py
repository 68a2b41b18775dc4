"""What the recorder wants to hear no more is skipped until it may mean something else."""

import pytest

from buildopt.observe.access import Access, Advice, Operation
from buildopt.observe.seccomp.repeats import Repeats

ACCESS = Access(1, Operation.STAT, "/a", True)
REPEAT = (b"/a", "/", True, 0)


class Advising:
    """A recorder that answers each access with the next of some advices."""

    def __init__(self, *advices):
        self._advices = iter(advices)

    def access(self, _access):
        advice = next(self._advices)
        if isinstance(advice, Exception):
            raise advice
        return advice


@pytest.mark.parametrize(("advice", "may_skip"), [(Advice.SKIP_REPEATS, True), (None, False)])
def test_only_what_the_recorder_says_so_of_may_be_skipped(advice, may_skip):
    repeats = Repeats(Advising(advice))

    assert repeats.tell(ACCESS) is may_skip


def test_repeats_of_all_rows_are_forgotten_when_paths_may_lead_elsewhere():
    repeats = Repeats(Advising(None, Advice.FORGET_REPEATS))
    rows = [repeats.of_row(), repeats.of_row()]
    for row in rows:
        row.add(REPEAT)
    repeats.tell(ACCESS)
    assert rows == [{REPEAT}, {REPEAT}]

    repeats.tell(ACCESS)

    assert rows == [set(), set()]


def test_recorder_that_fails_has_everything_told_again():
    repeats = Repeats(Advising(OSError()))
    row = repeats.of_row()
    row.add(REPEAT)

    with pytest.raises(OSError):
        repeats.tell(ACCESS)

    assert not row
