"""All runs of a time."""

from buildopt.model import MissReason
from buildopt.report.html import page_of_period
from buildopt.report.period import period_of
from tests.unit.report.conftest import MINUTE_NS, START_NS

HOUR_NS = 60 * MINUTE_NS
SPAN = (START_NS, START_NS + HOUR_NS)


def changed(subject):
    return (MissReason(kind="file-changed", subject=subject),)


def test_runs_are_counted_by_task_with_what_they_took(story):
    story.ran("a", duration_s=2.0, miss_reasons=changed("x"))
    story.ran("b", duration_s=4.0, miss_reasons=changed("x"))
    story.ran("c", outcome="fresh", duration_s=0.01, time_saved_s=3.0)
    story.failed("d")

    period = period_of(story.events, SPAN)

    (task,) = period.tasks
    assert (task.runs, task.hits, task.failed, task.median_s) == (4, 1, 1, 3.0)
    assert period.verdict == "4 runs, 25 % answered, ≈ 3 s saved"
    assert period.answer == "1 run failed. What made most run again: `x` changed, 2 ×."
    assert [run.run_id for run in period.failures] == ["d"]


def test_a_run_at_the_end_is_not_inside_any_more(story):
    story.ran("a")

    assert period_of(story.events, (START_NS - HOUR_NS, START_NS)).runs == 0
    assert period_of(story.events, (START_NS, START_NS + 1)).runs == 1


def test_each_run_stands_in_one_column(story):
    for number in range(30):
        story.ran(f"r{number}")

    period = period_of(story.events, SPAN)

    assert period.slot_s == 300
    assert sum(slot.executed + slot.hits for slot in period.slots) == 30
    assert len(page_of_period(period)) < 60_000


def test_a_time_without_runs_says_so(story):
    period = period_of(story.events, SPAN)

    assert period.verdict == "No runs"
    assert b"No runs" in page_of_period(period)


def test_hostile_names_stay_text_in_the_page_of_a_time(story):
    story.ran("a", task="<script>alert(1)</script>", miss_reasons=changed("<img src=x>"))

    content = page_of_period(period_of(story.events, SPAN, "</style><script>"))

    assert b"<script" not in content
    assert b"<img" not in content
