"""Whatever happens to journal, index and importer: each record is in the index, once."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from buildopt import hit, journal_line
from buildopt.events import CacheLookup, MissReason, RunFinished, TaskResult
from buildopt.journal import Journal
from buildopt.monitor.bookkeeping import LINES_SKIPPED
from buildopt.monitor.importer import INDEX_REBUILT, Importer
from buildopt.monitor.index import Index, Where
from buildopt.monitor.stream import Reader
from tests.unit.monitor.conftest import DAY_NS, NOW_NS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
RUN = RunFinished(
    run_id="r", task="build", command=("make",), directory=".", outcome="executed", exit_code=0,
    duration_s=2.5, hit_ratio=0.5, root="/p",
    tasks=(
        TaskResult(task="lint", command=("l",), directory=".", outcome="fresh", exit_code=0,
                   stored=False, time_saved_s=1.5),
        TaskResult(task="tsc", command=("t",), directory=".", outcome="executed", exit_code=0,
                   stored=True),
    ),
)  # fmt: skip
LOOKUP = CacheLookup(
    task="build", result="miss", miss_reasons=(MissReason(kind="file-changed", subject="a.c"),)
)


@pytest.fixture
def importer(folder):
    importer = Importer(folder)
    yield importer
    importer.close()


def subjects(folder):
    rows = Index(folder).events(types=["buildopt.cache.damage_found"], limit=10_000)
    return [row["data"]["subject"] for row in reversed(rows)]


def rows_of(folder, table):
    with sqlite3.connect(os.path.join(folder, "index.sqlite")) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


def test_events_and_samples_are_imported_once_however_often_it_steps(folder, emitter, importer):
    for number in range(10):
        emitter.event(f"e{number}")
        emitter.sample(number, NOW_NS + number * 10**9)
        importer.step()
    importer.catch_up()
    importer.catch_up()

    assert subjects(folder) == [f"e{number}" for number in range(10)]
    (series,) = Index(folder).series(metric="load")
    span_s = (NOW_NS // 10**9 - 60, NOW_NS // 10**9 + 60)
    assert [value for _, value in Index(folder).samples(series.id, span_s)] == list(range(10))


def test_an_event_that_stands_twice_in_the_journal_counts_once(folder, emitter, importer):
    emitter.event("a")
    with open(emitter.path(), "rb") as segment:
        line = segment.read()
    emitter.event("b")
    emitter.write(line)

    importer.catch_up()

    assert subjects(folder) == ["a", "b"]


def test_runs_tasks_and_lookups_have_rows_that_filters_find(folder, importer):
    for environment, host in (("ci", "h1"), ("local", "h2")):
        journal = Journal(
            state=os.fsencode(folder), source=f"/{host}/a/project/7", run_id=f"r-{host}",
            environment=environment, machine="4-core",
        )  # fmt: skip
        journal.append(LOOKUP, now_ns=NOW_NS)
        journal.append(RUN, now_ns=NOW_NS + 10**9)

    importer.catch_up()
    index = Index(folder)

    assert [row["run"] for row in index.runs(Where(environment="ci"))] == ["r-h1"]
    assert [row["run"] for row in index.runs(Where(host="h2"))] == ["r-h2"]
    assert index.runs(Where(project="other")) == []
    assert index.runs(Where(from_ns=NOW_NS + 2 * 10**9)) == []
    (run,) = index.runs(Where(host="h1", project="a/project", machine="4-core"))
    assert (run["task"], run["outcome"], run["duration_s"]) == ("build", "executed", 2.5)
    tasks = {row["task"]: row["outcome"] for row in index.tasks(Where(host="h1"))}
    assert tasks == {"lint": "fresh", "tsc": "executed"}
    (lookup,) = index.lookups(Where(host="h1"))
    assert (lookup["reason"], lookup["subject"]) == ("file-changed", "a.c")


def test_an_index_that_is_deleted_is_made_anew_as_it_was(folder, emitter, importer):
    for number in range(20):
        emitter.event(f"e{number}", NOW_NS + number // 7 * DAY_NS)
        emitter.sample(number, NOW_NS + number // 7 * DAY_NS)
        if number % 4 == 0:
            importer.step()
    importer.catch_up()
    before = [rows_of(folder, table) for table in ("events", "series", "unrolled", "skipped")]

    os.unlink(os.path.join(folder, "index.sqlite"))
    importer.catch_up()

    after = [rows_of(folder, table) for table in ("events", "series", "unrolled", "skipped")]
    assert after == before


@pytest.mark.parametrize("damage", ["overwritten", "no database", "another's"])
def test_a_damaged_index_is_moved_aside_by_name_and_made_anew(folder, emitter, damage):
    for number in range(50):
        emitter.event(f"e{number}")
    first = Importer(folder)
    first.catch_up()
    first.close()
    path = os.path.join(folder, "index.sqlite")
    if damage == "overwritten":
        with open(path, "r+b") as file:
            file.seek(4096)
            file.write(os.urandom(os.path.getsize(path) - 4096))
    elif damage == "no database":
        with open(path, "wb") as file:
            file.write(b"hello" * 2_000)
    else:
        os.unlink(path)
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE photos (name TEXT)")

    importer = Importer(folder)
    importer.catch_up()
    importer.close()

    assert subjects(folder) == [f"e{number}" for number in range(50)]
    (told,) = Index(folder).events(types=[INDEX_REBUILT])
    assert os.path.exists(told["data"]["moved_to"])


def test_each_kind_of_bad_line_is_told_once_and_a_rebuild_tells_nothing_again(
    folder, emitter, importer
):
    emitter.event("a")
    emitter.write(b"\nsomebody's log line\nanother\n" + journal_line.frame(b"[]"))
    emitter.event("b")
    importer.catch_up()
    importer.catch_up()
    os.unlink(os.path.join(folder, "index.sqlite"))
    importer.catch_up()
    importer.catch_up()

    told = Index(folder).events(types=[LINES_SKIPPED])
    assert {row["data"]["trouble"]: row["data"]["lines"] for row in told} == {
        "foreign": 2, "not_an_event": 1,
    }  # fmt: skip
    assert len(told) == 2
    assert subjects(folder) == ["a", "b"]

    emitter.write(b"\nmore\n")
    importer.catch_up()
    assert len(Index(folder).events(types=[LINES_SKIPPED])) == 3


def test_events_of_a_newer_schema_and_unknown_types_are_kept_as_they_are(folder, emitter, importer):
    newer = {"type": RunFinished.type, "id": "1", "time": 1, "source": "s", "schema": 99,
             "run": "r", "data": {"outcome": {"new": "form"}}}  # fmt: skip
    emitter.write(journal_line.frame(json.dumps(newer).encode()))
    unknown = {"type": "buildopt.x.y", "id": "2", "time": 1, "source": "s", "data": {"big": 10**30}}
    emitter.write(journal_line.frame(json.dumps(unknown).encode()))

    importer.catch_up()

    events = Index(folder).events()
    assert [e["type"] for e in events] == [LINES_SKIPPED, "buildopt.x.y", RunFinished.type]
    assert events[0]["data"]["trouble"] == "newer"
    assert events[1]["data"] == {"big": 10**30}
    assert Index(folder).runs() == []


@pytest.mark.parametrize(
    "data",
    [
        {"outcome": [], "exit_code": "x", "duration_s": {}, "tasks": [1, {"task": 3}]},
        {"exit_code": 10**40, "duration_s": 1e308, "tasks": {"a": 1}, "root": None},
        {"task": "caf\udce9", "root": "\ud800\u0000", "tasks": [{"task": "\udfff"}]},
        {"miss_reasons": [[]]},
    ],
)
def test_hostile_data_of_known_types_stops_nothing(folder, emitter, importer, data):
    for number, kind in enumerate((RunFinished.type, CacheLookup.type, "buildopt.task.finished")):
        event = {"type": kind, "id": f"{number}", "time": 1, "source": "s\udc80", "data": data,
                 "run": f"r{number}", "subject": "\udc80"}  # fmt: skip
        emitter.write(journal_line.frame(json.dumps(event).encode()))
    emitter.event("behind")

    importer.catch_up()

    assert not importer.trouble
    assert subjects(folder) == ["behind"]
    assert len(Index(folder).events()) == 4


def test_what_comes_late_is_carried_to_the_end_for_all_readers(folder, emitter, importer):
    reader = Reader(folder)
    emitter.event("a")
    emitter.sample(1)
    importer.catch_up()
    live, after = reader.read()
    emitter.event("b", NOW_NS + DAY_NS)
    emitter.sample(2, NOW_NS + DAY_NS)
    importer.catch_up()
    emitter.event("late", NOW_NS)
    emitter.sample(3, NOW_NS)
    emitter.event("long ago", NOW_NS - 5 * DAY_NS)
    for _ in range(3):
        importer.catch_up()
        more, after = reader.read(after)
        live += more

    expected = ["a", 1, "b", 2, "long ago", "late", 3]
    assert [s.event.data.get("subject", s.event.data.get("load")) for s in live] == expected
    again, _ = Reader(folder).read()
    assert [(s.position, s.event) for s in again] == [(s.position, s.event) for s in live]
    os.unlink(os.path.join(folder, "index.sqlite"))
    importer.catch_up()
    importer.catch_up()
    assert subjects(folder) == ["a", "b", "long ago", "late"]
    assert len(Reader(folder).read()[0]) == len(live)


def test_a_run_whose_process_is_gone_is_told_as_lost_once(folder, importer):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid, run in ((gone.pid, "lost"), (os.getpid(), "alive")):
        source = f"/{os.uname().nodename}/p/{pid}"
        journal = Journal(
            state=os.fsencode(folder), source=source, run_id=run, environment="ci", machine="m"
        )
        journal.append(LOOKUP)
    for _ in range(4):
        importer.catch_up()

    here = Where(environment="ci", project="p", host=os.uname().nodename, machine="m")
    lost = [("lost", "lost", "build")]
    assert [(r["run"], r["outcome"], r["task"]) for r in Index(folder).runs(here)] == lost
    assert len(Index(folder).events(types=["buildopt.run.lost"])) == 1
    os.unlink(importer.path)
    importer.catch_up()
    assert [(r["run"], r["outcome"], r["task"]) for r in Index(folder).runs(here)] == lost
    journal.append(RUN)
    importer.catch_up()
    assert {r["run"] for r in Index(folder).runs()} == {"lost", "alive"}


def test_a_run_of_an_earlier_boot_is_lost_although_its_number_is_in_use(folder, importer):
    source = f"/{os.uname().nodename}/p/{os.getpid()}"
    event = {"type": CacheLookup.type, "id": "1", "time": 1, "source": source, "boot": "0123",
             "run": "r", "data": {}}  # fmt: skip
    path = journal_line.segment_path(os.fsencode(folder), NOW_NS)
    journal_line.append(path, json.dumps(event).encode())
    for _ in range(3):
        importer.catch_up()

    assert hit.boot_hash() != b"0123"
    assert [r["outcome"] for r in Index(folder).runs()] == ["lost"]


def test_a_journal_that_is_deleted_is_followed_from_its_new_beginning(folder, emitter, importer):
    for number in range(20):
        emitter.event(f"old {number}", time.time_ns())
    reader = Reader(folder)
    _, after = reader.read()
    importer.catch_up()
    shutil.rmtree(os.path.join(folder, "journal"))
    importer.catch_up()
    reader.read(after)

    emitter.event("new 1", time.time_ns())
    live, after = reader.read(after)
    importer.catch_up()
    emitter.event("new 2", time.time_ns())
    more, _ = reader.read(after)
    importer.catch_up()

    assert [s.event.data.get("subject") for s in live] == ["new 1"]
    assert [s.event.data.get("subject") for s in more] == [None, "new 2"]  # it told of the file
    assert subjects(folder) == [*(f"old {number}" for number in range(20)), "new 1", "new 2"]
    (told,) = Index(folder).events(types=[LINES_SKIPPED])
    assert told["data"]["trouble"] == "shortened"


def test_a_journal_whose_end_was_lost_tells_nothing_twice(folder, emitter, importer):
    for number in range(20):
        emitter.event(f"e{number}")
    with open(emitter.path(), "r+b") as segment:  # as if written before this boot
        old = segment.read().replace(hit.boot_hash(), b"0123456789abcdef")
        payloads = [line.split(b" ", 2)[2] for line in old.split(b"\n") if line]
        segment.seek(0)
        segment.truncate()
        segment.writelines(map(journal_line.frame, payloads))
    reader = Reader(folder)
    _, after = reader.read()
    importer.catch_up()
    os.truncate(emitter.path(), os.path.getsize(emitter.path()) // 2)
    emitter.event("behind")

    live, _ = reader.read(after)
    importer.catch_up()

    assert [s.event.data["subject"] for s in live] == ["behind"]
    assert subjects(folder) == [*(f"e{number}" for number in range(20)), "behind"]


def test_numbers_that_never_came_are_counted(folder, emitter, importer):
    emitter.event("a")
    emitter.journal.counter += 3
    emitter.event("b")
    importer.catch_up()

    assert Index(folder).missing_events() == 3


def test_only_one_imports_and_the_other_goes_on_when_it_is_gone(folder, emitter, importer):
    emitter.event("a")
    other = Importer(folder)
    importer.catch_up()

    assert other.step() == 0
    assert not other.is_importing
    importer.close()
    emitter.event("b")
    assert other.catch_up() == 1
    other.close()
    assert subjects(folder) == ["a", "b"]


def test_an_index_that_is_locked_loses_nothing(folder, emitter, importer):
    emitter.event("a")
    importer.catch_up()
    blocker = sqlite3.connect(importer.path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    emitter.event("b")

    assert importer.step() == 0
    assert "locked" in importer.trouble
    blocker.execute("ROLLBACK")
    blocker.close()
    importer.catch_up()
    assert not importer.trouble
    assert subjects(folder) == ["a", "b"]


def test_a_full_disk_of_the_index_loses_nothing(folder, emitter, importer):
    emitter.event("a")
    importer.catch_up()
    connection = importer.connection()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    for number in range(400):
        emitter.event(f"e{number}")

    assert importer.step() == 0
    assert "full" in importer.trouble
    connection.execute("PRAGMA max_page_count=1000000")
    importer.catch_up()
    assert subjects(folder) == ["a", *(f"e{number}" for number in range(400))]


@pytest.mark.parametrize("way", [("--rounds", "10"), ("--each-statement", "--every", "9")])
def test_kills_of_emitters_and_importer_lose_and_double_nothing(way):
    script = os.path.join(ROOT, "benchmarks", "journal_kills.py")

    done = subprocess.run(
        [sys.executable, script, *way], capture_output=True, text=True, timeout=100
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["kills"] > 20


def test_sources_without_number_take_no_memory_without_end(folder, monkeypatch):
    monkeypatch.setattr("buildopt.monitor.batch.MOST_ORIGINS", 10)
    for process in range(35):
        journal = Journal(state=os.fsencode(folder), source=f"/h/p/{process}", run_id="")
        journal.emit("buildopt.x.y", {})
        journal.emit("buildopt.x.z", {})
    importer = Importer(folder)
    importer.catch_up()

    assert len(importer._writer._origins) <= 10
    importer.close()
    rows = Index(folder).events(limit=100)
    assert len({row["source"] for row in rows}) == 35 and len(rows) == 70


def test_an_index_whose_folder_is_made_later_is_found(tmp_path):
    folder = str(tmp_path / "state")
    index = Index(folder)
    before = index.events()
    journal = Journal(state=os.fsencode(folder), source="/desk/shop/1", run_id="")
    journal.emit("buildopt.deploy.finished", {})
    importer = Importer(folder)
    while importer.catch_up():
        pass
    importer.close()

    assert before == []
    assert [row["type"] for row in index.events()] == ["buildopt.deploy.finished"]
    index.close()
