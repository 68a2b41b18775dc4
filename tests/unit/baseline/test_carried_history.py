"""History of another machine, or of a CI cache, goes on where it was."""

import json

import pytest

from monitor_plugins.baseline import carried, history
from tests.unit.baseline.conftest import Learner, build, builds, durations, event

SLOWER = durations(90, step_at=60, step=1.12)


@pytest.fixture
def other(tmp_path):
    made = Learner(tmp_path / "other.sqlite")
    yield made
    made.file.close()


def carry(source, target, n=1_000):
    """Export all series of one, import them into the other."""
    rows = [
        carried.row_of(source.state, history.series_of(row))
        for row in source.state.execute(history.ALL)
    ]
    found = json.loads(carried.document(rows))["series"]
    assert [carried.check_row(row) for row in found] == [""] * len(found)
    return target.take(
        *(event("baseline.imported", {"series": row}, n=n + at) for at, row in enumerate(found))
    )


def values_of(learner):
    series = next(
        s for s in map(history.series_of, learner.state.execute(history.ALL))
        if s.key.metric == "duration"
    )  # fmt: skip
    return [round(b.value, 6) for b in history.builds(learner.state, series.key.id)]


def test_an_imported_history_is_the_whole_of_it(learner, other):
    learner.take(*builds(SLOWER))
    carry(learner, other)

    assert values_of(other) == values_of(learner)
    finding = "SELECT id, series, n, state FROM finding"
    assert other.state.execute(finding) == learner.state.execute(finding)


def test_a_job_that_imports_after_its_build_finds_what_one_machine_would(learner, other, tmp_path):
    much_slower = builds(durations(67, step_at=60, step=1.5))
    learner.take(*much_slower)
    known = learner.of("confirmed")[0].data["finding"]
    job = other
    job.take(*much_slower[:58])
    for number, one in enumerate(much_slower[58:]):  # a job: one build on a new machine
        fresh = Learner(tmp_path / f"job{number}.sqlite")
        fresh.take(one)
        carry(job, fresh, n=1_000)
        fresh.said = [*job.said, *fresh.said]
        job.file.close()
        job = fresh

    assert values_of(job) == values_of(learner)
    assert [e.data["finding"] for e in job.of("confirmed")] == [known]


def test_importing_twice_changes_nothing(learner, other):
    learner.take(*builds(SLOWER))
    carry(learner, other)
    before = other.state.execute("SELECT * FROM series")

    assert carry(learner, other, n=2_000) == []
    assert other.state.execute("SELECT * FROM series") == before


def test_older_values_go_in_front_of_an_established_series(learner, other):
    values = durations(80)
    learner.take(*builds(values[:40]))
    other.take(*(build(n, value) for n, value in enumerate(values[40:], 40)))

    assert carry(learner, other) == []
    assert values_of(other) == [round(value, 6) for value in values]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (3, "no object"),
        ({"key": ["p"]}, "seven texts"),
        ({"key": ["p", "t", "d", "s", "default", "m", 3]}, "seven texts"),
        ({"key": ["p", "t", "d", "s", "odd", "m", ""], "builds": []}, "seven texts"),
        ({"key": ["p", "t", "d", "s", "other", "m", ""], "builds": [[1]]}, "no rows"),
        (
            {"key": ["p", "t", "d", "s", "other", "m", ""], "builds": [[0, 1, "x", "r", ""]]},
            "no rows",
        ),
        (
            {
                "key": ["p", "t", "d", "s", "other", "m", ""],
                "count": 2,
                "builds": [[1, 1, 1.0, "r", ""], [0, 1, 1.0, "r", ""]],
            },
            "not numbered",
        ),
    ],
)
def test_what_is_no_history_is_told(row, words):
    assert words in carried.check_row(row)
