"""Which tasks get into each other's way, and which records wait until that is known."""

import pytest

from buildopt.settings import TaskSettings
from buildopt.tasks.crossings import Crossings
from buildopt.tasks.model import GraphTask, Plan
from buildopt.tasks.order import Order


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


class Place:
    """Tasks `a` and `b` in no order, `c` behind `b`; and records that can be looked for."""

    def __init__(self, folder):
        self.folder = folder
        rows = {"a": (), "b": (), "c": ("b",)}
        tasks = tuple(
            GraphTask(name, name, "", TaskSettings(name=name), before)
            for name, before in rows.items()
        )
        self.crossings = Crossings(Order(Plan("/", tasks, ())))

    def tell(self, name, *, read="", wrote=""):
        return self.crossings.told(name, frozenset(read), frozenset(wrote))

    def end(self, name, *, is_known=True):
        meanwhile = self.folder / f".{name}"
        meanwhile.write_text("trace")
        found = (str(meanwhile), str(self.folder / f"{name}-trace"))
        self.crossings.ended(name, [found], is_known=is_known)

    def stored(self):
        return {path.name[0] for path in self.folder.glob("*-trace")}

    def is_clean(self):
        return not list(self.folder.glob(".?"))


def test_record_of_a_task_that_ran_alone_is_found_at_once(place):
    place.crossings.began("a")
    place.tell("a", wrote="x")
    place.end("a")

    assert place.stored() == {"a"}


def test_record_waits_for_whoever_ran_at_the_same_time(place):
    place.crossings.began("a")
    place.crossings.began("b")
    place.tell("a", wrote="x")
    place.end("a")
    assert place.stored() == set()

    place.tell("b", wrote="y")

    assert place.stored() == {"a"}
    place.end("b")
    assert place.stored() == {"a", "b"}


def test_both_records_go_where_two_at_once_wrote_one_path(place):
    place.crossings.began("a")
    place.crossings.began("b")
    place.tell("a", wrote="x")
    place.end("a")

    against, spoiled = place.tell("b", wrote="x")

    assert (against, spoiled) == (("x",), ("a",))
    assert place.stored() == set()
    assert not (place.folder / ".a").exists()


def test_task_that_begins_while_another_is_being_stored_can_still_spoil_it(place):
    place.crossings.began("a")
    place.tell("a", wrote="x")
    place.crossings.began("b")
    assert place.tell("b", wrote="x")[1] == ("a",)
    place.end("a")

    assert place.stored() == set()
    assert place.is_clean()


def test_nothing_is_believed_beside_a_task_that_vanished(place):
    place.crossings.began("a")
    place.crossings.began("b")
    place.tell("a", wrote="x")
    place.end("a")

    place.end("b", is_known=False)

    assert "a" not in place.stored()


def test_earlier_record_stays_where_the_two_did_not_run_at_once(place):
    place.crossings.began("a")
    place.tell("a", wrote="x")
    place.end("a")
    place.crossings.began("b")

    against, spoiled = place.tell("b", wrote="x")

    assert (against, spoiled) == (("x",), ())
    assert place.stored() == {"a"}


@pytest.mark.parametrize(
    ("first", "second", "did", "missing"),
    [
        ({"wrote": "x"}, {"wrote": "x"}, "both wrote", ("b", "a")),
        ({"wrote": "x"}, {"read": "x"}, "wrote", ("b", "a")),
        ({"read": "x"}, {"wrote": "x"}, "read", ("a", "b")),
    ],
)
def test_the_missing_dependency_is_that_of_the_reader_or_the_later_writer(
    place, first, second, did, missing
):
    place.tell("a", **first)
    place.tell("b", **second)

    (found,) = place.crossings.found
    assert (found.path, found.later, found.other) == ("x", "b", "a")
    assert (found.did, found.missing) == (did, missing)


def test_in_order_the_later_one_may_read_and_change_what_the_earlier_one_wrote(place):
    place.tell("b", read="s", wrote="xy")

    assert place.tell("c", read="xs", wrote="xs")[0] == ()


def test_in_order_two_that_write_without_a_look_are_named_without_advice(place):
    place.tell("b", wrote="x")

    assert place.tell("c", wrote="x")[0] == ("x",)
    assert place.crossings.found[0].missing is None
