"""Processes over time: what the path is, who waited, and how large the page gets."""

import json

from buildopt.events import RunFinished, TaskFinished, TaskResult
from buildopt.report.html import page_of
from buildopt.report.processes import Process, processes_of, program_of, short_of
from buildopt.report.timeline import timeline_of
from buildopt.report.view import view_of


def process(pid, parent, command, start_s, end_s, cpu_s=None, memory=0, exit_code=0):
    cpu_s = end_s - start_s if cpu_s is None else cpu_s
    words = tuple(command.split())
    return Process(pid, parent, words, start_s, end_s, cpu_s, memory, exit_code)


def test_shares_of_the_critical_path_add_up_to_the_whole():
    timeline = timeline_of(
        [
            process(1, 0, "make all", 0.0, 10.0, 1.0),
            process(2, 1, "cc -c a.c", 1.0, 4.0),
            process(3, 1, "cc -c b.c", 1.0, 2.0),
            process(4, 1, "ld a.o b.o", 4.0, 10.0),
        ]
    )

    assert [(part.name, part.count, part.own_s) for part in timeline.path] == [
        ("ld", 1, 6.0), ("cc", 1, 3.0), ("make", 1, 1.0),
    ]  # fmt: skip
    assert abs(sum(part.share for part in timeline.path) - 1.0) < 1e-9
    assert [bar.name for bar in timeline.bars if not bar.is_critical] == ["cc -c b.c"]


def test_a_server_that_waits_for_its_working_parent_is_not_on_the_path():
    timeline = timeline_of(
        [
            process(1, 0, "node build.js", 0.0, 10.0, 9.0),
            process(2, 1, "esbuild --service", 0.5, 9.9, 0.1),
        ]
    )

    assert [part.name for part in timeline.path] == ["node build.js"]
    assert timeline.path[0].own_s == 10.0
    assert not timeline.idle


def test_a_time_in_which_all_wait_is_told_with_who_waited():
    timeline = timeline_of(
        [
            process(1, 0, "sh build.sh", 0.0, 10.0, 0.01),
            process(2, 1, "cc a.c", 0.0, 2.0),
            process(3, 1, "sleep 5", 2.0, 7.0, 0.0),
            process(4, 1, "cc b.c", 7.0, 10.0),
        ]
    )

    (idle,) = timeline.idle
    assert (idle.start_s, idle.duration_s, idle.names) == (2.0, 5.0, ("sleep 5",))


def test_processors_in_use_add_up_to_the_cpu_time():
    rows = [process(1, 0, "make", 0.0, 12.0, 0.6), process(2, 1, "cc", 0.3, 7.1, 6.5)]

    timeline = timeline_of(rows)

    column_s = timeline.whole_s / len(timeline.cpu)
    assert abs(sum(timeline.cpu) * column_s - 7.1) < 0.05


def test_memory_at_one_time_counts_processes_that_live_together():
    rows = [
        process(1, 0, "a", 0.0, 2.0, memory=100),
        process(2, 0, "b", 1.0, 3.0, memory=50),
        process(3, 0, "c", 2.0, 4.0, memory=70),
    ]

    assert timeline_of(rows).most_memory_bytes == 150


def test_the_same_command_again_is_told_with_what_it_took():
    rows = [process(n, 0, "tsc -p .", float(n), n + 1.0) for n in range(3)]

    (again,) = timeline_of([*rows, process(9, 0, "cc", 3.0, 4.0)]).repeated

    assert (again.name, again.count, again.total_s, again.longest_s) == ("tsc -p .", 3, 3.0, 1.0)


def test_an_interpreter_is_called_by_what_it_runs():
    assert program_of(("/usr/bin/python3.11", "-m", "build", "-n")) == "python3.11 -m build"
    assert program_of(("node", "--max-old-space-size=9", "/x/vite.js")) == "node vite.js"
    assert program_of(("/x/cc", "-c")) == "cc"
    assert program_of(()) == "?"
    assert short_of(("a\x1b[31m\u202e",)) == "a\\x1b[31m\\u202e"


def rows_of(*processes):
    names = ("pid", "parent_pid", "command", "start_s", "end_s", "cpu_s", "peak_memory_bytes",
             "exit_code")  # fmt: skip
    return json.dumps([dict(zip(names, one, strict=True)) for one in processes]).encode()


def finished(task, digest):
    return TaskFinished(
        task=task, command=(task,), directory="/p", outcome="executed", exit_code=0, stored=False,
        processes=digest,
    )  # fmt: skip


def test_a_step_whose_processes_the_run_tells_too_adds_none():
    blobs = {
        "run": rows_of(process(1, 0, "npm", 0.0, 3.0), process(2, 1, "tsc", 1.0, 2.0)),
        "step": rows_of(process(2, 1, "tsc", 1.0, 2.0)),
    }
    run = RunFinished(
        run_id="r", task="npm", command=("npm",), directory="/p", outcome="executed", exit_code=0
    )

    found, _ = processes_of(run, [finished("tsc", "step"), finished("npm", "run")], blobs.get)

    assert [one.pid for one in found] == [1, 2]


def test_processes_of_tasks_of_one_call_begin_when_their_task_did():
    tasks = tuple(
        TaskResult(task=name, command=(name,), directory="/p", outcome="executed", exit_code=0,
                   stored=True, started_s=start_s)
        for name, start_s in (("lint", 0.0), ("build", 5.0))
    )  # fmt: skip
    run = RunFinished(
        run_id="r", task="lint build", command=("lint", "build"), directory="/p",
        outcome="executed", exit_code=0, tasks=tasks,
    )  # fmt: skip
    blobs = {
        "lint": rows_of(process(7, 1, "eslint", 0.1, 4.0)),
        "build": rows_of(process(8, 1, "vite", 0.1, 2.0)),
    }

    found, _ = processes_of(run, [finished("lint", "lint"), finished("build", "build")], blobs.get)

    assert [(one.pid, one.start_s) for one in found] == [(7, 0.1), (8, 5.1)]


def test_a_page_of_ten_thousand_processes_is_below_two_megabytes(story):
    rows = [process(1, 0, "make -j8", 0.0, 310.0, 3.0)]
    rows += [
        process(n, 1, f"cc -O2 -c src/part-{n}.c -o build/part-{n}.o", n * 0.03, n * 0.03 + 0.2)
        for n in range(2, 10_001)
    ]
    story.finished("build", processes=rows_of(*rows))
    story.ran()

    content = page_of(view_of(story.newest_first, "run", story.blob))

    assert len(content) < 600_000
    assert b"10,000 processes in 5 min" in content
    assert content.count(b"h0.4") + content.count(b"h0.") > 9_000  # each is drawn
