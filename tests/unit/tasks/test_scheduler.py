"""Every task begins after those that it depends on, and a failure stops what it has to."""

from hypothesis import given
from hypothesis import strategies as st

from buildopt.settings import TaskSettings
from buildopt.tasks.model import GraphTask, Plan
from buildopt.tasks.order import Order
from buildopt.tasks.scheduler import Scheduler


def plan_of(rows):
    """A plan from {id: what it depends on}; ids in upper case are persistent."""
    tasks = tuple(
        GraphTask(
            id=name,
            name=name,
            package="",
            settings=TaskSettings(name=name, command=("true",), persistent=name.isupper()),
            depends_on=tuple(before),
        )
        for name, before in rows.items()
    )
    return Plan(root="/", tasks=tasks, requested=())


@st.composite
def plans(draw):
    names = [f"t{number}" for number in range(draw(st.integers(1, 12)))]
    return plan_of(
        {
            name: draw(st.lists(st.sampled_from(names[:at]), unique=True)) if at else []
            for at, name in enumerate(names)
        }
    )


def before(plan, name):
    """All that come before a task, by the plainest walk."""
    rows = {task.id: task.depends_on for task in plan.tasks}
    found, todo = set(), [*rows[name]]
    while todo:
        each = todo.pop()
        found.add(each)
        todo += rows[each]
    return found


@given(plans(), st.integers(1, 4), st.booleans(), st.data())
def test_tasks_begin_behind_what_they_depend_on_and_never_behind_a_failure(
    plan, jobs, goes_on, data
):
    scheduler = Scheduler(plan, jobs, goes_on=goes_on)
    running, well, failed = [], set(), []
    while not scheduler.is_over:
        while task := scheduler.next():
            assert goes_on or not failed
            assert before(plan, task.id) <= well
            running.append(task.id)
        assert 0 < len(running) <= jobs
        name = running.pop(data.draw(st.integers(0, len(running) - 1)))
        is_well = data.draw(st.booleans())
        scheduler.ended(name, well=is_well)
        if is_well:
            well.add(name)
        else:
            failed.append(name)

    assert scheduler.failed == failed
    begun = well | {*failed}
    left = set(scheduler.not_run())
    assert left == {task.id for task in plan.tasks} - begun
    if goes_on:
        assert all(before(plan, name) & {*failed} for name in left)
    if not failed:
        assert not left


@given(plans())
def test_order_is_that_of_the_plainest_walk(plan):
    order = Order(plan)

    for task in plan.tasks:
        for other in plan.tasks:
            assert order.is_before(other.id, task.id) == (other.id in before(plan, task.id))


def test_after_a_signal_nothing_begins():
    scheduler = Scheduler(plan_of({"a": [], "b": []}), 1, goes_on=True)
    scheduler.next()
    scheduler.halt()
    scheduler.ended("a", well=True)

    assert scheduler.next() is None
    assert scheduler.is_over
    assert scheduler.not_run() == ("b",)


def test_persistent_tasks_come_last_and_only_where_what_they_need_ended_well():
    scheduler = Scheduler(plan_of({"a": [], "b": [], "A": ["a"], "B": ["b"]}), 2, goes_on=True)
    for _ in range(2):
        scheduler.next()
    assert scheduler.next() is None
    scheduler.ended("a", well=True)
    scheduler.ended("b", well=False)

    assert scheduler.is_over
    assert [task.id for task in scheduler.persistent()] == ["A"]
    assert scheduler.not_run() == ("B",)


def test_a_failure_keeps_persistent_tasks_from_being_started():
    scheduler = Scheduler(plan_of({"a": [], "A": []}), 2, goes_on=False)
    scheduler.next()
    scheduler.ended("a", well=False)

    assert scheduler.persistent() == ()
    assert scheduler.not_run() == ("A",)
