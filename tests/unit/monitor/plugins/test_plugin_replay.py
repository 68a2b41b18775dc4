"""A replay says what the monitor said, byte for byte, and touches nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from buildopt.events import encode
from buildopt.monitor.plugin_file import path_of
from buildopt.monitor.position import Position
from buildopt.monitor.replay import Start, replay
from buildopt.monitor.stream import Reader
from tests.unit.monitor.plugins.plugin_rig import SECOND_NS, START_NS, events
from tests.unit.monitor.plugins.test_consumer_loop import Counter, Timer, done, loop_of, placed, run


class Everything(Timer):
    """Counts, fails at every seventh event, and has a timer: all that could differ."""

    def handle(self, batch, state):
        for event in batch:
            if event.data["n"] % 7 == 0:
                raise ValueError(str(event.data["n"]))
            state.set("due", event.time_ns + 2 * SECOND_NS)
            state.wake_at(event.time_ns + 2 * SECOND_NS)
            yield from Counter.handle(self, [event], state)

    def tick(self, now_ns, state):
        yield from super().tick(now_ns, state)
        state.set("due", None)


def bytes_of(found):
    return [encode(replace(event, position="")) for event in found]


def said(state, consumer):
    found = events(state)
    return bytes_of(e for e in found if e.source.endswith(f"/monitor/{consumer.name}"))


def emit_unevenly(builds, n):
    for i in range(n):
        builds.emit(time_ns=START_NS + builds.count * SECOND_NS + (i % 3) * 3 * SECOND_NS)


@pytest.fixture
def scratch(tmp_path):
    return str(tmp_path / "scratch")


@pytest.mark.parametrize("consumer", [Counter, Everything])
def test_what_was_said_live_is_said_again_byte_for_byte(state, builds, scratch, consumer):
    loop = loop_of(state, consumer())
    for n in (1, 3, 1, 30, 300):  # live: as they come, in batches of any size
        emit_unevenly(builds, n)
        run(loop)
    loop.close()
    live = said(state, consumer)

    later = bytes_of(replay(state, placed(consumer()), Start(), scratch))

    assert len(live) > 300
    assert later == live


def test_from_a_position_on_it_says_the_rest(state, builds, scratch):
    emit_unevenly(builds, 20)
    done(state, Everything())
    live = said(state, Everything)
    stored, _ = Reader(state).read(None, 10)

    later = bytes_of(replay(state, placed(Everything()), Start(stored[-1].position), scratch))

    assert 0 < len(later) < len(live)
    assert later == live[-len(later) :]


def test_from_a_time_on_it_says_the_rest(state, builds, scratch):
    builds.emit(20)
    done(state, Counter())

    later = replay(state, placed(Counter()), Start(time_ns=START_NS + 15 * SECOND_NS), scratch)

    assert bytes_of(later) == said(state, Counter)[15:]


def test_with_a_copy_or_nothing_to_know_it_counts_on_or_anew(state, builds, tmp_path):
    builds.emit(4)
    done(state, Counter())
    middle = Start(Reader(state).read(None, 2)[0][-1].position)

    counts = {
        how: [
            (e.data["count"], e.data["of"])
            for e in replay(
                state, placed(Counter()), middle._replace(state=how), str(tmp_path / how)
            )
        ]
        for how in ("copy", "empty")
    }

    assert counts == {"copy": [(5, 3), (6, 4)], "empty": [(1, 3), (2, 4)]}


def test_a_replay_writes_neither_the_journal_nor_the_consumers_file(state, builds, scratch):
    builds.emit(4)
    done(state, Counter())
    files = [p for p in Path(state).rglob("*") if p.is_file() and p.suffix != ".lock"]
    before = {path: path.read_bytes() for path in files}

    list(replay(state, placed(Counter()), Start(Position(), state="copy"), scratch))

    assert {path: path.read_bytes() for path in files} == before
    assert Path(path_of(state, "counter")) in before
