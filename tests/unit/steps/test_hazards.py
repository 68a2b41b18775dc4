"""Steps of one run that get into each other's way."""

from buildopt.steps.hazards import Footprint, Hazards


def add(hazards, key, began, ended, *, read="", wrote=""):
    found = hazards.add(Footprint(key, began, ended, frozenset(read), frozenset(wrote)))
    return tuple(sorted({clash.path for clash in found}))


def test_steps_in_a_row_may_read_what_was_written_and_write_what_was_read():
    hazards = Hazards()
    add(hazards, "one", 1, 2, read="a", wrote="b")

    assert add(hazards, "two", 3, 4, read="b", wrote="ab") == ()


def test_two_steps_in_a_row_that_write_one_path_are_in_the_way():
    hazards = Hazards()
    add(hazards, "one", 1, 2, wrote="xy")

    assert add(hazards, "two", 3, 4, wrote="yz") == ("y",)


def test_same_step_once_more_is_not_in_its_own_way():
    hazards = Hazards()
    add(hazards, "one", 1, 2, wrote="x")

    assert add(hazards, "one", 3, 4, wrote="x") == ()


def test_of_steps_at_the_same_time_none_may_read_or_write_what_the_other_writes():
    hazards = Hazards()
    add(hazards, "one", 1, 3, read="a", wrote="b")

    assert add(hazards, "two", 2, 4, read="b", wrote="a") == ("a", "b")


def test_step_inside_another_is_in_the_way_of_others_only():
    hazards = Hazards()
    a, b = frozenset("a"), frozenset("b")
    inner = Footprint("inner", 2, 3, a, b, number=2, around=frozenset({1}))
    outer = Footprint("outer", 1, 4, b, a | b, number=1)
    hazards.add(inner)

    assert hazards.add(outer) == ()
    assert hazards.add(outer._replace(owner="other", number=3)) != ()
