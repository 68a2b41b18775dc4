"""The steps of a run in the view and in both forms of the report."""

import re

import pytest

from buildopt.events import CacheLookup, TaskResult
from buildopt.model import MissReason, NotStored
from buildopt.report.chart import spans_of
from buildopt.report.html import page_of
from buildopt.report.markdown import markdown_of
from buildopt.report.steps import Steps
from buildopt.report.view import view_of


def step(name, outcome="executed", **values):
    known = {"command": ("sh", "-c", name), "directory": "/p", "exit_code": 0, "stored": True}
    return TaskResult(task=name, outcome=outcome, **{**known, **values})


def reasons(*subjects):
    return tuple(
        MissReason(kind="file-changed", subject=s, before="a", after="b") for s in subjects
    )


HIT = step("demo: tsc", "fresh", stored=False, duration_s=0.01, time_saved_s=2.0, started_s=0.5)
REAL = step(
    "demo: vite build", duration_s=1.0, started_s=0.6, miss_reasons=reasons("style.css", "x.ts")
)
FAILED = step(
    "demo: test", exit_code=1, stored=False, duration_s=0.4, started_s=1.6,
    not_stored=(NotStored(kind="failed", subject="1"),),
)  # fmt: skip


@pytest.fixture
def told(story):
    story.missed("style.css")
    told = (HIT, REAL, FAILED)
    story.ran(tasks=told, hit_ratio=1 / 3, time_saved_s=2.0, miss_reasons=reasons("style.css"))
    return view_of(story.newest_first, "run")


def test_each_step_has_its_state_its_times_and_its_first_reason(told):
    steps = told.steps

    assert [(row.name, row.state, row.why.text) for row in steps.rows] == [
        ("demo: tsc", "fresh", ""),
        ("demo: vite build", "executed", "`style.css` changed"),
        ("demo: test", "failed", ""),
    ]
    assert [row.more_reasons for row in steps.rows] == [0, 1, 0]
    assert [row.kept.text for row in steps.rows] == ["", "", "it failed"]
    assert (steps.word, steps.hits, steps.span_s) == ("step", 1, 2.0)


def test_verdict_says_how_many_were_answered_and_what_that_saved(told):
    assert told.verdict == "Executed in 2 s, 1 of 3 steps answered, ≈ 2 s saved"


def test_reasons_of_the_run_are_not_those_of_its_last_step(story):
    story.missed("of-the-run")
    story.tell(
        CacheLookup(task="demo: tsc", result="miss", miss_reasons=reasons("of-the-step")), "run"
    )
    told = (step("demo: tsc", miss_reasons=reasons("of-the-step")),)
    story.ran(tasks=told, hit_ratio=0.0, miss_reasons=reasons("of-the-run"))

    view = view_of(story.newest_first, "run")

    assert [reason.sentence.text for reason in view.reasons] == ["`of-the-run` changed"]


def test_steps_of_one_name_keep_their_own_reasons(story):
    for subjects in (("a", "b"), ("c", "d", "e")):
        story.tell(CacheLookup(task="t", result="miss", miss_reasons=reasons(*subjects)), "run")
    cut = (step("t", miss_reasons=reasons("a")), step("t", miss_reasons=reasons("c")))
    story.ran(tasks=cut, hit_ratio=0.0)

    rows = view_of(story.newest_first, "run").steps.rows

    assert [(row.why.name, row.more_reasons) for row in rows] == [("a", 1), ("c", 2)]


def test_steps_that_did_not_fit_the_event_are_counted(story):
    story.ran(tasks=(HIT,), hit_ratio=0.5, miss_reasons=reasons("a"))
    story.events[-1].data["tasks_left_out"] = 3

    view = view_of(story.newest_first, "run")

    assert (view.steps.counted, view.steps.hits) == (4, 2)
    assert "3 more steps did not fit the event." in page_of(view).decode()
    assert "| and 3 more |" in markdown_of(view)


def test_call_of_many_tasks_has_tasks_with_their_steps_and_those_not_run(story):
    for name in ("build", "tsc"):
        story.tell(CacheLookup(task=name, result="miss", miss_reasons=reasons("a")), "run")
    tasks = (
        step("build", miss_reasons=reasons("a")),
        step("tsc", inside="build", miss_reasons=reasons("a")),
        step("vite", "fresh", inside="build"),
        step("lint", "fresh"),
    )
    story.ran(
        task="build lint", command=("build", "lint"), tasks=tasks, hit_ratio=2 / 3,
        not_run=("test",),
    )  # fmt: skip

    view = view_of(story.newest_first, "run")

    steps = view.steps
    assert (steps.word, steps.hits, steps.told_count) == ("task", 2, "3 tasks and steps")
    assert [row.is_inside for row in steps.rows] == [False, True, True, False]
    assert (view.reasons, view.answer.text) == ((), "1 task could not be run.")
    page = page_of(view).decode()
    assert "<h2>Tasks</h2>" in page
    assert "Not run: <code>test</code>." in page
    assert "| ↳ `tsc` |" in markdown_of(view)


def test_page_has_a_row_and_a_bar_for_each_step(told):
    page = page_of(told).decode()

    section = page[page.index("<h2>Steps</h2>") : page.index("<h2>Outputs</h2>")]
    assert section.count("<rect") == 3
    assert "<code>style.css</code> changed, and 1 more reason" in section
    assert "all inputs as recorded" in section
    assert "not recorded: it failed" in section
    assert "✕ failed" in section


def test_run_without_steps_has_no_such_section(story):
    story.ran()

    view = view_of(story.newest_first, "run")

    assert "Steps</h2>" not in page_of(view).decode()
    assert "| step |" not in markdown_of(view)


def test_markdown_has_a_row_for_each_step(told):
    text = markdown_of(told)

    assert "\n1 of 3 steps answered, ≈ 2 s saved\n" in text
    assert "| `demo: tsc` | ● fresh | 10 ms | ≈ 2 s |  |\n" in text
    assert "| ▶ executed | 1 s |  | `style.css` changed, and 1 more reason |\n" in text
    assert "| `demo: test` | ✕ failed | 400 ms |  | not recorded: it failed |\n" in text


def test_bars_of_steps_lie_within_the_time_of_all(told):
    spans = spans_of(told.steps)

    assert [(s.x_percent, s.width_percent) for s in spans] == [(25.0, 1.0), (30.0, 50.0), (80, 20)]
    assert spans_of(Steps()) == ()


def test_hostile_names_of_steps_stay_text(story):
    hostile = "<script>alert(1)</script>|`\u202e"
    story.ran(tasks=(step(hostile, miss_reasons=reasons(hostile)),), hit_ratio=0.0)

    view = view_of(story.newest_first, "run")

    assert "<script" not in page_of(view).decode()
    assert re.search(r"\| `` <script>alert\(1\)</script>\\\|`\\u202e `` \|", markdown_of(view))
