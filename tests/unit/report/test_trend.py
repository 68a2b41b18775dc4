"""A task over 30 days."""

from buildopt.report.html import page_of
from buildopt.report.view import view_of
from tests.unit.report.conftest import START_NS


def trend(story, run_id="run"):
    return view_of(story.newest_first, run_id).details.trend


def six_runs(story):
    for number in range(5):
        story.ran(f"r{number}", duration_s=2.0 + number / 10)
        story.ran(f"h{number}", outcome="fresh", duration_s=0.01)


def test_few_runs_are_no_trend(story):
    story.ran("one")
    story.ran()

    assert trend(story) is None


def test_each_run_that_took_place_is_a_dot_and_each_day_a_row(story):
    six_runs(story)
    story.failed()

    found = trend(story)

    assert [point.state for point in found.points] == ["executed"] * 5 + ["failed"]
    (day,) = found.days
    assert (day.runs, day.hits, day.median_s) == (11, 5, 2.2)
    assert page_of(view_of(story.newest_first, "run")).count(b"<circle") == 5


def test_a_confirmed_change_and_an_alert_are_numbered_where_they_began(story):
    six_runs(story)
    data = {"task": "build", "metric": "duration", "unit": "s", "direction": "worse",
            "before": 2.0, "after": 3.0, "since_ns": story.events[2].time_ns,
            "cause": {"text": "`<b>` moved with it"}}  # fmt: skip
    story.noted("buildopt.baseline.confirmed", data, "x")
    story.noted("buildopt.alert.fired", {}, "r1", subject="slow")
    story.noted("buildopt.alert.fired", {}, "of another run", subject="other")
    story.ran()

    marks = trend(story).marks

    assert [(mark.number, mark.words, mark.is_alert) for mark in marks] == [
        (1, "duration worse: 2 s → 3 s; `<b>` moved with it", False),
        (2, "alert `slow`", True),
    ]
    assert marks[0].time_ns == START_NS + 2 * 60 * 10**9
    assert b"<b>" not in page_of(view_of(story.newest_first, "run"))
