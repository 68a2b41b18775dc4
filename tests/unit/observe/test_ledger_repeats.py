"""Which accesses the ledger wants to hear no more, and when it wants to hear them again."""

import os

import pytest

from buildopt.observe.access import Access, Advice, Operation

SKIP, FORGET = Advice.SKIP_REPEATS, Advice.FORGET_REPEATS


@pytest.fixture
def told(script):
    """Tells of an access to a path; what the ledger answers."""

    def told(operation, path, *, follows=False, flags=0):
        return script.ledger.access(Access(1, operation, script.at(path), follows, flags))

    return told


@pytest.mark.parametrize("path", ["a", "folder", "missing", "link"])
@pytest.mark.parametrize(
    ("operation", "follows"),
    [(Operation.STAT, True), (Operation.STAT, False), (Operation.OPEN, True),
     (Operation.READLINK, False)],
)  # fmt: skip
def test_look_that_is_repeated_says_nothing_new(told, root, path, operation, follows):
    (root / "a").write_text("1")
    (root / "folder").mkdir()
    (root / "link").symlink_to("a")

    answers = [told(operation, path, follows=follows) for _ in range(3)]

    assert answers == [None, SKIP, SKIP]


def test_read_after_a_look_is_news(told, root):
    (root / "a").write_text("1")
    told(Operation.STAT, "a", follows=True)

    assert told(Operation.OPEN, "a", follows=True, flags=os.O_RDONLY) is None


def test_empty_file_is_always_told_for_its_time_may_matter_to_the_next(told, root):
    (root / "stamp").touch()

    answers = {told(Operation.STAT, "stamp", follows=True) for _ in range(3)}

    assert answers == {None}


@pytest.mark.parametrize("operation", [Operation.OPEN, Operation.MAKE_FOLDER, Operation.UNLINK])
def test_change_is_always_told(told, operation):
    answers = {told(operation, "out", flags=os.O_WRONLY | os.O_CREAT) for _ in range(3)}

    assert answers == {None}


def test_change_of_a_link_has_all_told_again_until_it_is_seen(told, root):
    (root / "a").write_text("1")
    (root / "link").symlink_to("a")
    for _ in range(2):
        told(Operation.STAT, "a", follows=True)
        told(Operation.READLINK, "link")

    assert told(Operation.UNLINK, "link") is FORGET
    assert told(Operation.STAT, "a", follows=True) is FORGET
    (root / "link").unlink()
    answers = [told(Operation.STAT, "a", follows=True) for _ in range(2)]

    assert answers == [None, SKIP]
    assert told(Operation.READLINK, "link") is None
