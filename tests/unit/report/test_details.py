"""What stands behind the verdict, by the runs that it is compared with."""

import json

from buildopt.input_table import encode
from buildopt.model import MissReason, NotStored, Observation
from buildopt.report.html import page_of
from buildopt.report.view import view_of
from tests.unit.report.test_report_steps import step

DIGEST = "0123456789abcdef0123456789abcdef+644"
OTHER = DIGEST.replace("0123", "ffff")
REASONS = (MissReason(kind="no-record", subject="task"),)
MACHINE = b'{"processors": 2, "memory_bytes": 1000, "file_system": "nfs4", "kernel": "6.1"}'


def inputs(**values):
    rows = [
        Observation(kind="file", subject=f"/p/{name}", value=value)
        for name, value in values.items()
    ]
    own, _ = encode(rows, "/p", home="/home/u", size_of=lambda _: 1_000)
    return (json.dumps(own).encode(),)


def process(pid, command, start_s, end_s, cpu_s, memory=0):
    return {
        "pid": pid, "parent_pid": 0, "command": command.split(), "start_s": start_s,
        "end_s": end_s, "cpu_s": cpu_s, "peak_memory_bytes": memory, "exit_code": 0,
    }  # fmt: skip


def details(story, run_id="run"):
    return view_of(story.newest_first, run_id, story.blob).details


def kinds(story):
    return [each.kind for each in details(story).advice]


def test_inputs_are_compared_with_the_run_before(story):
    story.finished("build", "before", inputs=inputs(a=DIGEST, b=DIGEST, gone=DIGEST))
    story.ran("before", stored=True, record="r1")
    story.finished("build", inputs=inputs(a=DIGEST, b=OTHER, new=DIGEST))
    story.ran(stored=True, record="r2")

    found = details(story).inputs

    assert [(change.subject, change.state) for change in found.changes] == [
        ("b", "changed"), ("new", "appeared"), ("gone", "gone"),
    ]  # fmt: skip
    assert found.unchanged == 1
    assert found.groups[0].bytes == 3_000


def test_a_run_after_an_answer_is_compared_with_what_answered_it(story):
    story.finished("build", "first", inputs=inputs(a=DIGEST))
    story.ran("first", stored=True, record="r1")
    story.ran("hit", outcome="fresh", record="r1")
    story.finished("build", inputs=inputs(a=OTHER))
    story.ran(stored=True, record="r2")

    assert [change.subject for change in details(story).inputs.changes] == ["a"]


def test_outputs_of_the_task_are_no_inputs_that_changed(story):
    story.finished("build", "before", inputs=inputs(a=DIGEST))
    story.stored(("dist", "directory", 0), run_id="before")
    story.ran("before", stored=True, record="r1")
    story.finished("build", inputs=inputs(a=DIGEST, dist=DIGEST))
    story.ran(stored=True, record="r2")

    assert details(story).inputs.changes == ()


def test_an_answered_run_shows_the_processes_of_the_recorded_one(story):
    rows = json.dumps([process(1, "make", 0, 2, 1)]).encode()
    story.finished("build", "first", processes=rows)
    story.ran("first", stored=True, record="r1")
    story.ran(outcome="fresh", record="r1")

    found = details(story).timeline

    assert found.count == 1
    assert found.origin.startswith("the recorded run of 20")


def test_an_answered_run_is_not_told_to_be_shorter(story):
    rows = [process(1, "make", 0, 2, 1), process(2, "sleep 9", 2, 11, 0)]
    story.finished("build", "first", processes=json.dumps(rows).encode())
    story.ran("first", stored=True, record="r1")
    story.ran(outcome="fresh", record="r1")

    assert [each.kind for each in details(story, "first").advice] != []
    assert kinds(story) == []


def test_what_is_kept_no_longer_is_named_and_stops_nothing(story):
    story.finished("build", processes=b"[]", inputs=inputs(a=DIGEST), machine=MACHINE)
    story.ran()
    story.blobs.clear()

    found = view_of(story.newest_first, "run", story.blob)

    missing = {each.section: each.why for each in found.details.missing}
    assert missing["Timeline"] == "the list of its processes is kept no longer"
    assert "kept no longer" in missing["Inputs"]
    assert b"Not in this report" in page_of(found)


def test_a_damaged_blob_is_as_one_that_is_not_kept(story):
    story.finished("build", processes=b'[{"pid": "x"}]', inputs=(b"[1]",), machine=b"[]")
    story.ran()

    found = details(story)

    assert (found.timeline, found.inputs) == (None, None)


def test_the_cache_costs_more_than_it_saves_where_that_is_so(story):
    story.ran("one", lookup_s=0.5)
    story.ran(lookup_s=0.25)

    economy = details(story).economy

    assert (economy.runs, economy.hits, economy.spent_s, economy.net_s) == (2, 0, 0.75, -0.75)
    assert (
        "it costs more than it saves"
        in page_of(view_of(story.newest_first, "run", story.blob)).decode()
    )


def test_runs_of_another_checkout_are_not_counted(story):
    story.ran("other", root="/elsewhere")
    story.ran()

    assert details(story).economy.runs == 1


def test_a_variable_that_changes_nothing_is_suggested_with_what_it_cost(story):
    for number in range(4):
        run_id = f"run-{number}"
        story.missed("STAMP", run_id=run_id, kind="environment", after=str(number))
        story.stored(("out", "file", 1), run_id=run_id, content="same")
        story.ran(run_id, duration_s=3.0)

    advice = details(story, "run-3").advice

    assert [(each.kind, each.gain_s, each.basis) for each in advice] == [
        ("volatile-input", 9.0, "measured")
    ]
    assert advice[0].gain == "9 s in 30 days (measured)"
    assert "`ignore_env = ['STAMP']`" in advice[0].action


def test_a_variable_that_does_change_the_outputs_is_only_said_to_split(story):
    for number in range(4):
        run_id = f"run-{number}"
        story.missed("MODE", run_id=run_id, kind="environment", after=str(number))
        story.stored(("out", "file", 1), run_id=run_id, content=str(number))
        story.ran(run_id)

    assert [each.kind for each in details(story, "run-3").advice] == ["splitting-variable"]


def test_a_file_that_changed_nothing_twice_is_not_suggested(story):
    for number in range(3):
        story.missed("src/a.js", run_id=f"run-{number}")
        story.stored(run_id=f"run-{number}", content="same")
        story.ran(f"run-{number}")

    assert details(story, "run-2").advice == ()


def test_a_run_and_its_step_that_missed_for_one_input_are_one_miss(story):
    story.missed("src/a.js")
    story.missed("src/a.js")
    story.ran()

    (cause,) = details(story).causes

    assert (cause.misses, cause.alone, cause.alone_s) == (1, 1, 2.0)


def test_runs_that_talked_to_a_server_are_told_with_what_they_took(story):
    reason = NotStored(kind="network", subject="example.org:443")
    for number in range(3):
        story.ran(f"run-{number}", not_stored=(reason,), duration_s=5.0)

    (advice,) = details(story, "run-2").advice

    assert (advice.kind, advice.gain_s, advice.basis) == ("network", 10.0, "bounded")
    assert "example.org:443" in advice.title


def test_outputs_that_verify_found_to_differ_are_told(story):
    differences = [{"subject": "dist/a.zip", "kind": "content", "cause": "time stamp"}]
    data = {"task": "build", "root": "/p", "equal": False, "differences": differences}
    story.noted("buildopt.verify.finished", data, "verified")
    story.ran()

    (advice,) = details(story).advice

    assert advice.kind == "nondeterministic-output"
    assert "`dist/a.zip` (time stamp)" in advice.evidence


def test_a_network_file_system_is_told_with_the_time_of_the_look_up(story):
    story.finished("build", machine=MACHINE)
    story.ran(lookup_s=1.5)

    assert [(each.kind, each.gain_s) for each in details(story).advice] == [("file-system", 1.5)]


def test_memory_is_told_where_processes_together_may_have_had_most_of_it(story):
    local = MACHINE.replace(b"nfs4", b"ext4")
    rows = [process(1, "ld a", 0, 2, 2, 500), process(2, "ld b", 1, 3, 2, 400)]
    story.finished("build", processes=json.dumps(rows).encode(), machine=local)
    story.ran()

    assert "memory" in kinds(story)


def test_waiting_and_repetition_are_told(story):
    rows = [process(1, "sleep 3", 0, 3, 0)]
    rows += [process(pid, "cc a.c", 3 * pid, 3 * pid + 3, 3) for pid in (1, 2)]
    story.finished("build", processes=json.dumps(rows).encode())
    story.ran()

    assert {"idle", "duplicate-work"} <= set(kinds(story))


def test_tests_that_a_tool_told_of_are_listed(story):
    rows = [["a", "p", 1], ["b", "f", 1], ["c", "f", 1], ["c", "p", 1], ["d", "p", 2, "f"], ["x"]]
    story.noted("buildopt.tests.results", {"tests": {"t.py": rows, "no": 1}})
    story.ran()

    tests = details(story).tests

    assert (tests.count, tests.passed, tests.failed_count) == (4, 3, 1)
    assert tests.flaky == ("t.py::c", "t.py::d")
    assert tests.slowest[0].name == "t.py::d"


def test_the_usual_band_is_of_runs_that_ended_the_same_way(story):
    for number in range(6):
        story.ran(f"e{number}", duration_s=2.0 + number / 10)
        story.ran(f"h{number}", outcome="fresh", duration_s=0.01)
    story.ran(duration_s=4.0)

    usual = view_of(story.newest_first, "run").usual

    assert (usual.place, usual.runs) == ("above", 6)
    assert usual.words.startswith("slower than usual: 2.0")


def test_too_few_runs_are_no_band(story):
    for number in range(4):
        story.ran(f"e{number}")
    story.ran()

    assert view_of(story.newest_first, "run").usual is None


def test_files_that_several_steps_read_are_listed_those_of_most_first(story):
    read = {"tsc": "ab", "vite": "ac", "lint": "ab", "build": "abc", "all": "abc"}
    for name, files in read.items():
        story.finished(name, inputs=inputs(**dict.fromkeys(files, DIGEST)))
    steps = [step(name, inside="build") for name in ("tsc", "vite", "lint")]
    story.ran(task="all", tasks=(step("build"), *steps), miss_reasons=REASONS)

    view = view_of(story.newest_first, "run", story.blob)

    assert [(each.path, each.steps, each.bytes) for each in view.details.shared] == [
        ("a", 3, 1_000), ("b", 2, 1_000),
    ]  # fmt: skip
    assert b"Files that most steps read" in page_of(view)


def test_one_step_shares_its_files_with_nobody(story):
    story.finished("tsc", inputs=inputs(a=DIGEST))
    story.finished("build", inputs=inputs(a=DIGEST))
    story.ran(tasks=(step("tsc"),), miss_reasons=REASONS)

    assert details(story).shared == ()
