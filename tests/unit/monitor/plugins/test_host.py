"""The host runs consumers and workers side by side, live, and ends in order."""

import threading

from buildopt.monitor.choice import Choice
from buildopt.monitor.hookspecs import fact, hookimpl
from buildopt.monitor.host import Host
from buildopt.monitor.loading import Plugins
from buildopt.monitor.stream import Reader
from tests.unit.monitor.plugins.plugin_rig import SECOND_NS, START_NS, counted, events, wait_for
from tests.unit.monitor.plugins.test_consumer_loop import Counter, Timer


class Outbox(Counter):
    """Wants something done for each event, and marks what a worker says was done."""

    name = "outbox"
    types = ("buildopt.test.", "buildopt.done")

    def migrate(self, state):
        state.execute("CREATE TABLE wanted(id TEXT PRIMARY KEY, is_done INTEGER NOT NULL)")

    def handle(self, batch, state):
        for event in batch:
            if event.type == "buildopt.done":
                sql = "UPDATE wanted SET is_done = 1 WHERE id = ?"
                state.execute(sql, (event.subject,))
            else:
                state.execute("INSERT INTO wanted VALUES (?, 0)", (event.id,))
        return ()


class Doer:
    name = "doer"
    consumer = "outbox"

    def __init__(self, fails=0):
        self.done = []
        self.fails = fails

    def run(self, outside):
        if self.fails:
            self.fails -= 1
            raise RuntimeError("no network")
        while outside.wait(5):
            for (id_,) in outside.read("SELECT id FROM wanted WHERE NOT is_done"):
                if id_ not in self.done:
                    self.done.append(id_)
                    outside.emit(fact("buildopt.done", {}, time_ns=START_NS, subject=id_))


def host_of(state, *consumers, workers=(), **kwargs):
    class Plugin:
        @hookimpl
        def consumers(self):
            return consumers

        @hookimpl
        def workers(self):
            return workers

    plugins = Plugins(Choice())
    plugins.add_object("test", Plugin())
    return Host(state, plugins, now_ns=kwargs.pop("now_ns", lambda: START_NS), **kwargs)


def test_a_worker_does_what_the_state_wants_and_the_state_hears_of_it(state, builds):
    doer = Doer()
    host = host_of(state, Outbox(), workers=[doer])
    host.start()
    try:
        builds.emit(3)
        wait_for(lambda: len(doer.done) == 3)
        wait_for(lambda: len(events(state, "buildopt.done")) == 3)
        wait_for(host.is_idle)
    finally:
        assert host.stop(5)

    assert sorted(doer.done) == sorted(e.id for e in events(state, "buildopt.test."))


def test_a_worker_that_raises_is_named_and_begins_again(state, builds, monkeypatch):
    monkeypatch.setattr("buildopt.monitor.working.AGAIN_S", 0.01)
    doer = Doer(fails=2)
    host = host_of(state, Outbox(), workers=[doer])
    host.start()
    try:
        builds.emit()
        wait_for(lambda: len(doer.done) == 1)
    finally:
        assert host.stop(5)

    errors = [e.data for e in events(state, "buildopt.plugin.error")]
    assert [(e["plugin"], e["kind"]) for e in errors] == [("test", "worker")] * 2
    assert errors[0]["error"].startswith("RuntimeError: no network")


def test_a_timer_goes_off_live_though_nothing_else_happens(state, builds):
    began_ns = START_NS + SECOND_NS
    now = [began_ns]
    host = host_of(state, Timer(), now_ns=lambda: now[0])
    host.start()
    try:
        builds.emit(time_ns=began_ns)
        wait_for(host.is_idle)
        now[0] += 3 * SECOND_NS
        wait_for(lambda: events(state, "buildopt.quiet"), timeout_s=60)
    finally:
        assert host.stop(5)

    (quiet,) = events(state, "buildopt.quiet")
    assert quiet.data["at"] == 3.0
    assert [e.type for e in events(state)].count("buildopt.monitor.clock") == 1


def test_it_ends_in_order_and_the_next_one_goes_on(state, builds):
    builds.emit(3)
    first = host_of(state, Counter())
    first.start()
    wait_for(lambda: len(counted(state)) == 3)
    assert first.stop(5)
    builds.emit(2)
    second = host_of(state, Counter())
    second.start()
    wait_for(lambda: len(counted(state)) == 5)

    assert second.stop(5)
    assert counted(state) == [(n, n) for n in range(1, 6)]
    assert not [t for t in threading.enumerate() if t.name.startswith("consumer-")]


def test_a_folder_that_cannot_be_written_is_told_and_ends_nothing(tmp_path, builds):
    state = tmp_path / "state"
    builds.emit()
    (state / "plugins").write_text("a file is in the way")
    host = host_of(str(state), Counter())

    host.start()
    wait_for(lambda: host.health()[0].progress.status == "waiting")

    assert host.stop(5)
    assert host.health()[0].progress.last_error


def test_a_trouble_of_ours_ends_no_consumer(state, builds, monkeypatch):
    monkeypatch.setattr("buildopt.monitor.consumer_loop.STORAGE_AGAIN_S", 0.05)
    broken = [True]

    def read(self, after=None, limit=256, read=Reader.read):
        if broken:
            raise RuntimeError("a mistake of ours")
        return read(self, after, limit)

    monkeypatch.setattr(Reader, "read", read)
    host = host_of(state, Counter())
    host.start()
    try:
        builds.emit(2)
        wait_for(lambda: "a mistake of ours" in host.health()[0].progress.last_error)
        broken.clear()
        wait_for(lambda: counted(state) == [(1, 1), (2, 2)])
    finally:
        assert host.stop(5)
