"""One consumer along the stream: each event once, tries, dead letters, quarantine, timers."""

import sqlite3
import threading
from pathlib import Path

import pytest

from buildopt import journal_line
from buildopt.monitor import plugin_file, plugin_file_reading
from buildopt.monitor.choice import Choice
from buildopt.monitor.clock_events import ClockEvents
from buildopt.monitor.consumer import source_of
from buildopt.monitor.consumer_loop import ConsumerLoop
from buildopt.monitor.hookspecs import fact, hookimpl
from buildopt.monitor.loading import Plugins
from tests.unit.monitor.plugins.plugin_rig import (
    SECOND_NS,
    START_NS,
    StillPace,
    counted,
    events,
)

FORBIDDEN = (
    "COMMIT",
    "DELETE FROM host_meta",
    "ATTACH 'x' AS y",
    "PRAGMA user_version",
    "CREATE TRIGGER t AFTER INSERT ON host_state BEGIN SELECT 1; END",
)


class Counter:
    name = "counter"
    version = "1"
    types = ("buildopt.test.",)
    state_version = 1

    def __init__(self, fails=lambda n, tries: False):
        self.fails = fails
        self.tries = 0

    def handle(self, batch, state):
        for event in batch:
            count = state.get("count", 0) + 1
            state.set("count", count)
            self.tries += 1
            if self.fails(event.data["n"], self.tries):
                raise ValueError(f"no {event.data['n']}")
            data = {"count": count, "of": event.data["n"]}
            yield fact("buildopt.counted", data, time_ns=event.time_ns, of=event)


class Timer(Counter):
    """Says so two seconds after an event, unless another one comes."""

    name = "timer"

    def handle(self, batch, state):
        for event in batch:
            state.set("due", event.time_ns + 2 * SECOND_NS)
            state.wake_at(event.time_ns + 2 * SECOND_NS)
        return ()

    def tick(self, now_ns, state):
        if now_ns == state.get("due"):
            yield fact("buildopt.quiet", {"at": (now_ns - START_NS) / SECOND_NS}, time_ns=now_ns)


def placed(consumer):
    plugins = Plugins(Choice())
    plugins.add_object("test", type("Plugin", (), {"consumers": _hook(lambda: [consumer])})())
    (found,) = plugins.consumers()
    return found


def _hook(give):
    @hookimpl
    def consumers(self):
        return give()

    return consumers


def loop_of(folder, consumer, pace=None, clock=lambda due_ns: None, said=None):
    found = placed(consumer)
    seat, say = found.seat(folder), (said if said is not None else []).append
    return ConsumerLoop(
        folder, found.described, seat, pace or StillPace(), tell_clock=clock,
        say=lambda kind, text: say((kind, text)),
    )  # fmt: skip


def run(loop, most_s=0.0):
    """Steps until there is nothing to do at once."""
    while (rest_s := loop.step()) <= most_s:
        loop._pace.pause(rest_s)
    return rest_s


def done(folder, consumer, **kwargs):
    loop = loop_of(folder, consumer, **kwargs)
    run(loop)
    loop.close()
    return loop


def letters(folder, name="counter"):
    return plugin_file_reading.read_dead_letters(plugin_file.path_of(folder, name))


def test_every_event_of_its_types_comes_once_and_its_own_never(state, builds):
    builds.emit(300)
    builds.emit(5, kind="buildopt.other")
    consumer = Counter()
    consumer.types = ("buildopt.",)
    consumer.handle = lambda batch, s: [
        fact("buildopt.counted", {"count": 0, "of": e.data["n"]}, time_ns=e.time_ns) for e in batch
    ]

    done(state, consumer)
    done(state, consumer)

    assert [n for _, n in counted(state)] == list(range(1, 306))


def test_what_a_consumer_returns_names_its_run_and_cause(state, builds):
    builds.emit()

    done(state, Counter())

    (event,), (cause,) = events(state, "buildopt.counted"), events(state, "buildopt.test.")
    assert (event.run, event.parent) == (cause.run, cause.id)
    assert (event.source, event.n) == (source_of("counter"), 1)


def test_an_event_that_always_fails_is_set_aside_after_three_more_tries(state, builds):
    builds.emit(3)
    pace = StillPace()

    loop = done(state, Counter(lambda n, _: n == 2), pace=pace)

    assert counted(state) == [(1, 1), (2, 3)]
    assert pace.waits_s == [0.1, 1.0, 10.0]
    (letter,) = letters(state)
    assert letter.type == "buildopt.test.finished"
    assert letter.error.startswith("ValueError: no 2; test_consumer_loop.py:")
    (error,) = events(state, "buildopt.plugin.error")
    assert error.data["plugin"] == "counter"
    assert error.data["kind"] == "dead-letter"
    assert loop.progress.dead_letters == 1


def test_an_event_that_fails_and_then_goes_well_is_not_set_aside(state, builds):
    builds.emit(3)

    done(state, Counter(lambda n, tries: n == 2 and tries < 5))

    assert counted(state) == [(1, 1), (2, 2), (3, 3)]
    assert letters(state) == ()


def test_five_dead_letters_in_a_row_are_ten_minutes_of_quarantine(state, builds):
    builds.emit(7)
    pace = StillPace()
    consumer = Counter(lambda n, _: n < 6)
    loop = loop_of(state, consumer, pace=pace)

    rest_s = run(loop)
    before = loop.progress.status, len(letters(state)), counted(state)
    loop.close()
    again = loop_of(state, consumer, pace=pace)
    still_s = run(again)
    pace.pause(600)
    run(again)

    assert before == ("quarantined", 5, [])
    assert 0 < still_s <= rest_s <= 600
    assert counted(state) == [(1, 6), (2, 7)]
    kinds = [e.data["kind"] for e in events(state, "buildopt.plugin.error")]
    assert kinds == ["dead-letter"] * 4 + ["quarantined"]


def test_a_dead_letter_between_good_events_does_not_add_up_to_quarantine(state, builds):
    builds.emit(14)

    loop = done(state, Counter(lambda n, _: n % 2 == 0))

    assert len(letters(state)) == 7
    assert loop.progress.status == "stopped"
    assert [n for _, n in counted(state)] == [1, 3, 5, 7, 9, 11, 13]


def test_a_tick_that_fails_costs_no_event(state, builds):
    class Failing(Timer):
        def handle(self, batch, state):
            for event in batch:
                state.set(str(event.data["n"]), True)
                state.wake_at(event.time_ns + 1)
            return ()

        def tick(self, now_ns, state):
            raise RuntimeError("late")

    builds.emit(3)

    done(state, Failing())

    with plugin_file_reading.read_only(plugin_file.path_of(state, "timer")) as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM host_state ORDER BY key")]
    assert keys == ["1", "2", "3"]
    assert [letter.error.split(";")[0] for letter in letters(state, "timer")] == [
        "RuntimeError: late"
    ] * 2


def test_timers_go_off_between_the_events_around_them(state, builds):
    for at_s in (0, 1, 1.5, 10, 12):
        builds.emit(time_ns=START_NS + int(at_s * SECOND_NS))

    done(state, Timer())

    assert [e.data["at"] for e in events(state, "buildopt.quiet")] == [3.5]


def test_workers_are_told_of_the_steps_that_changed_a_table_of_the_consumers_own(state, builds):
    class Tables(Counter):
        def migrate(self, state):
            state.execute("CREATE TABLE counts(n INTEGER)")

        def handle(self, batch, state):
            for event in batch:
                state.set("count", event.data["n"])
                if event.data["n"] % 2:
                    state.execute("INSERT INTO counts VALUES (?)", (event.data["n"],))
            return ()

    loop, told = loop_of(state, Tables()), threading.Event()
    loop.listeners.append(told)
    run(loop)
    assert told.is_set(), "it has begun"

    for is_changed in (True, False, True, False):
        told.clear()
        builds.emit()
        run(loop)
        assert told.is_set() == is_changed


def test_a_timer_that_nothing_else_tells_asks_for_a_clock_event(state, builds):
    builds.emit(time_ns=START_NS)
    pace, asked = StillPace(), []
    pace.now_s = 0.5
    loop = loop_of(state, Timer(), pace=pace, clock=asked.append)

    rest_s = run(loop)
    pace.pause(rest_s)
    loop.step()
    builds.emit(kind="buildopt.monitor.clock", time_ns=START_NS + 2 * SECOND_NS)
    run(loop)

    assert rest_s == pytest.approx(1.5)
    assert asked == [START_NS + 2 * SECOND_NS]
    assert [e.data["at"] for e in events(state, "buildopt.quiet")] == [2.0]


def test_a_timer_that_is_due_goes_off_at_once_for_the_time_that_it_had_told(state, builds):
    builds.emit(time_ns=START_NS)
    pace = StillPace()
    pace.now_s = 2.5
    loop = loop_of(state, Timer(), pace=pace, clock=ClockEvents(state, pace).tell)

    run(loop)

    assert [e.data["at"] for e in events(state, "buildopt.quiet")] == [2.0]


def test_a_clock_that_was_set_back_leaves_a_timer_what_it_had_left(state, builds):
    class Whenever(Timer):
        def tick(self, now_ns, state):
            at_s = (now_ns - START_NS) / SECOND_NS
            yield fact("buildopt.quiet", {"at": at_s}, time_ns=now_ns)

    hour_ns = 3_600 * SECOND_NS
    builds.emit(time_ns=START_NS)
    for at_ns in (SECOND_NS - hour_ns, 2 * SECOND_NS - hour_ns, 4 * SECOND_NS - hour_ns):
        builds.emit(kind="buildopt.metric.sample", time_ns=START_NS + at_ns)

    done(state, Whenever())

    (quiet,) = events(state, "buildopt.quiet")
    assert quiet.data["at"] == 3 - 3_600


def test_a_jump_over_years_does_not_tick_for_each_second(state, builds):
    class EachSecond(Timer):
        ticks = 0

        def tick(self, now_ns, state):
            self.ticks += 1
            state.wake_at(now_ns + SECOND_NS)
            return ()

    builds.emit(time_ns=START_NS)
    builds.emit(time_ns=START_NS + 10**9 * SECOND_NS)
    consumer = EachSecond()

    done(state, consumer)

    assert consumer.ticks == 3_601


def test_a_journal_that_cannot_be_written_gets_the_events_later(state, builds, monkeypatch):
    builds.emit(3)
    loop = loop_of(state, Counter())
    with monkeypatch.context() as patch:
        patch.setattr(journal_line, "append", lambda path, payload: False)
        rest_s = run(loop)
        told = loop.progress.last_error

    loop._pace.pause(rest_s)
    run(loop)

    assert (rest_s, told) == (1.0, "the journal cannot be written")
    assert counted(state) == [(1, 1), (2, 2), (3, 3)]


def test_a_full_disk_makes_no_dead_letter(state, builds, monkeypatch):
    builds.emit(2)
    loop = loop_of(state, Counter())
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def stand(self, standing):
        raise full

    loop.step()
    with monkeypatch.context() as patch:
        patch.setattr(plugin_file.PluginFile, "stand", stand)
        rest_s = run(loop)
    loop._pace.pause(rest_s)
    run(loop)

    assert rest_s == 10.0
    assert letters(state) == ()
    assert counted(state) == [(1, 1), (2, 2)]


def test_a_damaged_file_is_moved_aside_and_nothing_is_said_twice(state, builds):
    builds.emit(4)
    done(state, Counter())
    path = Path(plugin_file.path_of(state, "counter"))
    path.write_bytes(b"no database" * 100)
    for tail in ("-wal", "-shm"):
        Path(f"{path}{tail}").unlink(missing_ok=True)
    builds.emit()
    said = []

    done(state, Counter(), said=said)

    assert counted(state) == [(n, n) for n in range(1, 6)]
    assert said == [("damaged", f"the damaged file was moved to {path}.damaged-1")]


def test_a_lost_file_comes_back_by_the_journal_and_nothing_is_said_twice(state, builds):
    builds.emit(4)
    done(state, Counter())
    Path(plugin_file.path_of(state, "counter")).unlink()
    builds.emit()

    done(state, Counter())

    assert counted(state) == [(n, n) for n in range(1, 6)]


def test_a_host_of_another_name_goes_on_and_says_nothing_twice(state, builds, monkeypatch):
    """A container has a new name at each start."""
    everything = Counter()
    everything.types = ("buildopt.",)
    everything.handle = lambda batch, s: [
        fact("buildopt.counted", {"count": 0, "of": e.data["n"]}, time_ns=e.time_ns) for e in batch
    ]
    builds.emit(3)
    done(state, everything)
    Path(plugin_file.path_of(state, "counter")).unlink()
    builds.emit()
    named = "buildopt.monitor.consumer.source_of"
    monkeypatch.setattr(named, lambda name: f"/other/monitor/{name}")
    monkeypatch.setattr("buildopt.monitor.loading.source_of", lambda name: f"/other/monitor/{name}")

    done(state, everything)

    assert [n for _, n in counted(state)] == [1, 2, 3, 4]


def test_two_monitors_on_one_folder_take_turns(state, builds):
    builds.emit(2)
    first, second = loop_of(state, Counter()), loop_of(state, Counter())
    run(first)

    second.step()
    waiting = second.progress.status
    first.close()
    second._pace.pause(1)
    run(second)

    assert waiting == "waiting"
    assert counted(state) == [(1, 1), (2, 2)]


def test_a_consumer_reaches_neither_the_hosts_tables_nor_its_transactions(state, builds):
    refused = []

    class Curious(Counter):
        def migrate(self, state):
            state.execute("CREATE TABLE mine(x)")

        def handle(self, batch, state):
            for sql in FORBIDDEN:
                try:
                    state.execute(sql)
                except sqlite3.DatabaseError as error:
                    refused.append(str(error))
            state.execute("INSERT INTO mine VALUES (?)", (7,))
            (row,) = state.execute("SELECT x FROM mine")
            yield fact("buildopt.counted", {"count": row[0], "of": 1}, time_ns=START_NS)

    builds.emit()

    done(state, Curious())

    assert len(refused) == len(FORBIDDEN)
    assert counted(state) == [(7, 1)]


def test_a_state_of_a_newer_version_is_left_alone(state, builds):
    builds.emit()
    newer = Counter()
    newer.state_version = 2
    newer.migrate = lambda state: None
    done(state, newer)
    builds.emit()

    said = []
    loop = loop_of(state, Counter(), said=said)
    run(loop, most_s=10)

    assert loop.progress.status == "quarantined"
    assert "version 2, this plugin knows 1" in loop.progress.last_error
    assert said[0][0] == "quarantined"
    assert counted(state) == [(1, 1)]


@pytest.mark.parametrize("is_new", [True, False], ids=["first start", "later"])
def test_killed_between_any_two_statements_each_event_counts_once(
    state, builds, monkeypatch, is_new
):
    builds.emit(2)
    if not is_new:
        done(state, Counter())
        builds.emit(2)
    wanted = [(n, n) for n in range(1, builds.count + 1)]

    with monkeypatch.context() as patch:
        images = _images_of_each_moment(state, patch)
    whole = counted(state)
    after_kills = []
    for image in images:
        _restore(state, image)
        done(state, Counter())
        after_kills.append(counted(state))

    assert whole == wanted
    assert len(images) > 5
    assert after_kills == [wanted] * len(images)


def _images_of_each_moment(state, patch):
    """What a kill would leave before each statement and around each append, where it differs."""
    images = []

    def passed(*_):
        image = _image(state)
        if not images or image != images[-1]:
            images.append(image)

    def connect(*args, connect=sqlite3.connect, **kwargs):
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(passed)
        return connection

    def append(path, payload, append=journal_line.append):
        passed()
        appended = append(path, payload)
        passed()
        return appended

    patch.setattr(sqlite3, "connect", connect)
    patch.setattr(journal_line, "append", append)
    done(state, Counter())
    return images


def _image(folder):
    """All files; where SQLite has its locks is made anew by who opens the database first."""
    files = [p for p in Path(folder).rglob("*") if p.is_file() and not p.name.endswith("-shm")]
    return {path: path.read_bytes() for path in files}


def _restore(folder, image):
    for path in Path(folder).rglob("*"):
        if path.is_file() and path not in image:
            path.unlink()
    for path, data in image.items():
        path.write_bytes(data)


def test_what_finds_no_room_in_the_file_is_kept_later_and_once(state, builds):
    builds.emit(3)
    loop = loop_of(state, Counter())
    run(loop)
    builds.emit(40)
    connection = loop._seat._file._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")

    rest_s = run(loop)
    before = counted(state)
    loop._pace.pause(rest_s)  # opened anew, the file may grow
    run(loop)
    loop.close()

    assert (rest_s, before) == (10.0, [(1, 1), (2, 2), (3, 3)])
    assert letters(state) == ()
    assert counted(state) == [(n, n) for n in range(1, 44)]
