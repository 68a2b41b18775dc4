"""From events to the one view of a run."""

import json

import pytest

from buildopt.model import MissReason, NotStored
from buildopt.report.gathered import gather, gather_each
from buildopt.report.history import HISTORY_RUNS
from buildopt.report.view import OUTPUT_ROWS, data_of_view, view_of


def measured(view, name):
    return next(measure for measure in view.measures if measure.name == name)


def test_a_miss_is_answered_with_the_input_that_changed(story):
    story.missed("src/App.tsx", "src/b.ts")
    story.stored(("out/app.js", "file", 10))
    story.ran(stored=True, record="record")

    view = view_of(story.newest_first, "run")

    assert view.verdict == "Executed in 2 s"
    assert view.shape == "▶"
    assert view.answer.text == "`src/App.tsx` changed, and 1 more reason."
    assert [(r.sentence.text, r.before, r.after) for r in view.reasons] == [
        ("`src/App.tsx` changed", "aa", "bb"),
        ("`src/b.ts` changed", "aa", "bb"),
    ]


def test_reasons_that_did_not_fit_the_event_are_counted(story):
    story.missed("a", left_out=4)
    story.ran()

    view = view_of(story.newest_first, "run")

    assert view.reasons_left_out == 4
    assert view.answer.text.endswith("and 4 more reasons.")


def test_without_a_lookup_the_reasons_of_the_run_itself_are_told(story):
    story.ran(miss_reasons=(MissReason(kind="environment", subject="PATH"),))

    view = view_of(story.newest_first, "run")

    assert view.answer.text == "Variable `PATH` changed."


def test_a_reason_of_a_later_version_is_told_by_its_kind(story):
    story.ran(miss_reasons=(MissReason(kind="moon-phase", subject="full"),))

    view = view_of(story.newest_first, "run")

    assert view.answer.text == "moon-phase `full`."


def test_a_hit_says_what_it_saved_and_lists_the_outputs_of_the_recorded_run(story):
    story.stored(("out/app.js", "file", 10), run_id="first")
    story.ran("first", stored=True, record="record")
    story.ran("second", outcome="fresh", record="record", duration_s=0.02, time_saved_s=1.98)

    view = view_of(story.newest_first, "second")

    assert view.verdict == "Fresh in 20 ms, ≈ 1.98 s saved"
    assert view.state == "fresh"
    assert [output.path for output in view.outputs.rows] == ["out/app.js"]
    assert measured(view, "Saved").shown == "≈ 1.98 s"
    assert measured(view, "CPU time").note == "no data: the command was not run"


def test_a_failed_run_is_told_as_failed_and_not_as_executed(story):
    story.missed("a.c")
    story.failed(exit_code=3)

    view = view_of(story.newest_first, "run")

    assert (view.state, view.shape) == ("failed", "✕")
    assert view.verdict == "Failed with exit status 3 after 2 s"
    assert view.answer.text == "Why it ran: `a.c` changed."
    assert view.kept.text == "Not recorded: it failed."
    assert view.outputs.note.startswith("no data: ")


def test_a_run_ended_by_a_signal_names_it(story):
    story.ran(exit_code=137, signal=9, not_stored=(NotStored(kind="signal", subject="9"),))

    view = view_of(story.newest_first, "run")

    assert view.verdict == "Failed: ended by signal 9 after 2 s"
    assert view.kept.text == "Not recorded: it was ended by `SIGKILL`."


def test_a_recorded_run_without_outputs_says_so(story):
    story.stored()
    story.ran(stored=True, record="record")

    view = view_of(story.newest_first, "run")

    assert view.outputs.note == "The run made no outputs."


def test_outputs_whose_event_is_gone_are_no_data_and_not_none(story):
    story.ran(outcome="restored", record="record", restore_s=0.1)

    view = view_of(story.newest_first, "run")

    assert view.outputs.note == "no data: the event that lists them is no longer in the journal"


def test_outputs_come_biggest_first_and_the_rest_is_counted(story):
    made = [(f"out/{number}", "file", number) for number in range(OUTPUT_ROWS + 2)]
    story.stored(*made, left_out=5)
    story.ran(stored=True, record="record")

    outputs = view_of(story.newest_first, "run").outputs

    assert outputs.rows[0].bytes == OUTPUT_ROWS + 1
    assert len(outputs.rows) == OUTPUT_ROWS
    assert outputs.left_out == 5 + 2


def test_the_first_run_has_no_history_and_says_why(story):
    story.ran()

    history = view_of(story.newest_first, "run").history

    assert history.no_data.startswith("no data: this is the first run")


def test_history_holds_the_same_task_of_the_same_checkout_up_to_this_run(story):
    story.ran("one")
    story.ran("other task", task="test")
    story.ran("other checkout", root="/q")
    story.ran("two", outcome="fresh", time_saved_s=1.5)
    story.ran("three", outcome="restored", time_saved_s=1.0)
    story.ran("later")

    history = view_of(story.newest_first, "three").history

    assert [run.run_id for run in history.runs] == ["one", "two", "three"]
    assert history.hits == 2
    assert history.hit_ratio == pytest.approx(2 / 3)
    assert history.time_saved_s == pytest.approx(2.5)


def test_history_ends_with_the_run_and_holds_only_the_last_ones(story):
    for number in range(HISTORY_RUNS + 5):
        story.ran(f"run-{number}")

    history = view_of(story.newest_first, f"run-{HISTORY_RUNS + 4}").history

    assert len(history.runs) == HISTORY_RUNS
    assert history.runs[-1].run_id == f"run-{HISTORY_RUNS + 4}"


def test_a_run_without_inputs_says_that_nothing_was_looked_up(story):
    story.ran(observer="off", not_stored=(NotStored(kind="undeclared", subject=""),))

    view = view_of(story.newest_first, "run")

    assert view.answer.text == "Nothing was looked up: no inputs are declared."
    assert view.inputs == ()
    assert measured(view, "Lookup").note.startswith("no data: nothing was looked up")


def test_an_unknown_run_is_refused_by_name(story):
    story.ran()

    with pytest.raises(ValueError, match="no finished run `other`"):
        view_of(story.newest_first, "other")


def test_names_are_shown_with_what_would_disguise_them_written_out(story):
    story.missed("gnp.\u202etxt", "a\nb", "\udcff")
    story.ran()

    view = view_of(story.newest_first, "run")

    assert [r.sentence.name for r in view.reasons] == ["gnp.\\u202etxt", "a\\nb", "\\udcff"]


def test_the_view_is_one_json_object_with_plain_sentences(story):
    story.missed("a.c")
    story.stored(("out/a", "file", 7))
    story.ran(stored=True, record="record")

    data = json.loads(json.dumps(data_of_view(view_of(story.newest_first, "run"))))

    assert data["schema"] == 1
    assert data["answer"] == "`a.c` changed."
    assert data["outputs"]["rows"] == [{"path": "out/a", "kind": "file", "bytes": 7}]
    assert data["history"]["runs"][0]["run_id"] == "run"


def test_two_runs_gathered_in_one_walk_are_as_each_by_itself(story):
    story.missed("a", run_id="one")
    story.stored(("out", "file", 1), run_id="one", record="r1")
    story.finished("build", "one")
    story.ran("one", stored=True, record="r1")
    story.ran("two", outcome="fresh", record="r1")
    story.failed("three")

    both = gather_each(story.newest_first, ("one", "three"))

    assert both == tuple(gather(story.newest_first, name) for name in ("one", "three"))
    with pytest.raises(ValueError, match="no finished run `four`"):
        gather_each(story.newest_first, ("one", "four"))
