"""Events as they come: each once, none missed, and nobody waits for who is slow."""

import json
import time
from contextlib import closing
from http.client import HTTPConnection

from monitor_plugins.dashboard import stream
from tests.unit.dashboard.conftest import TOKEN, serving


def events_in(piece):
    blocks = piece.decode().split("\n\n")
    rows = [dict(line.split(": ", 1) for line in b.splitlines() if ": " in line) for b in blocks]
    return [row for row in rows if "data" in row]


def heard(told, count=1):
    """The next pieces that say something, at most; an empty piece has looked through all."""
    rows = []
    for _ in range(50):
        rows += events_in(next(told))
        if len(rows) >= count:
            break
    return rows


class Clock:
    now_s = 100.0

    def __call__(self):
        self.now_s += 0.5
        return self.now_s


def test_what_happens_is_told_and_a_new_stream_goes_on_behind_it(place):
    place.build("one")
    place.catch_up()
    told = stream.Streams(place.known, mono_s=Clock()).told("", ("buildopt.run.",))
    assert next(told) == b"retry: 1000\n\n"
    assert next(told) == b""
    place.build("two")
    place.catch_up()

    (first,) = heard(told)
    for run in ("three", "four"):
        place.build(run)
    place.catch_up()
    other = stream.Streams(place.known, mono_s=Clock()).told(first["id"], ("buildopt.run.",))
    rest = heard(other, 2)

    assert json.loads(first["data"])["run"] == "two"
    assert [json.loads(row["data"])["run"] for row in rest] == ["three", "four"]
    assert rest[0]["id"] < rest[1]["id"]


def test_who_stands_nowhere_is_told_to_ask_for_all(place):
    place.build("one")
    place.catch_up()
    told = stream.Streams(place.known, mono_s=Clock()).told("a position of somebody else", ())
    next(told)

    (first,) = heard(told)

    assert first["event"] == "snapshot"
    assert first["id"] == place.known.position()


def test_who_missed_very_much_is_told_to_ask_for_all(place, monkeypatch):
    monkeypatch.setattr(stream, "MOST_AT_ONCE", 5)
    monkeypatch.setattr(stream, "MOST_MISSED", 12)
    for number in range(6):
        place.build(f"run-{number}")
    place.catch_up()
    told = stream.Streams(place.known, mono_s=Clock()).told("/", ())
    next(told)

    rows = heard(told, 11)

    assert [row.get("event") for row in rows] == [None] * 10 + ["snapshot"]
    assert [row for row in heard(told) if "event" not in row] == []


def test_silence_is_broken_by_a_comment(place):
    place.build("one")
    place.catch_up()
    told = stream.Streams(place.known, mono_s=Clock()).told("", ())

    pieces = [next(told) for _ in range(40)]

    assert b": alive\n\n" in pieces


def test_fifty_streams_hold_up_nobody(place):
    place.build("one")
    place.catch_up()
    server = serving(place)
    streams = []
    try:
        for _ in range(50):
            connection = HTTPConnection("127.0.0.1", server.doors.port, timeout=30)
            headers = {"authorization": f"Bearer {TOKEN}"}
            connection.request("GET", "/api/v1/stream?type=buildopt.run.", headers=headers)
            streams.append((connection, connection.getresponse()))
        with closing(HTTPConnection("127.0.0.1", server.doors.port, timeout=30)) as another:
            another.request("GET", "/api/v1/runs", headers=headers)
            assert another.getresponse().status == 200
        time.sleep(0.3)
        place.build("two")
        place.catch_up()
        for _, answer in streams:
            lines = iter(answer.readline, b"")
            data = next(line for line in lines if line.startswith(b"data: "))
            assert json.loads(data[6:])["run"] == "two"
    finally:
        server.begin_to_stop()
        for connection, answer in streams:
            answer.close()
            connection.close()
        server.stop()


def test_a_stream_that_has_no_turn_rests_and_misses_nothing(place, monkeypatch):
    monkeypatch.setattr(stream, "READ_AT_ONCE", 1)
    monkeypatch.setattr(stream, "WAIT_S", 0.01)
    place.build("one")
    place.catch_up()
    meanwhile = []

    class Known:
        """Lets the other stream try while the first one reads."""

        position = place.known.position

        def events_after(self, *arguments, **names):
            if not meanwhile:
                meanwhile.append(next(second))
            return place.known.events_after(*arguments, **names)

    streams = stream.Streams(Known(), mono_s=Clock())
    first, second = (streams.told("/", ("buildopt.run.",)) for _ in range(2))
    assert next(first) == next(second) == b"retry: 1000\n\n"
    runs = [json.loads(row["data"])["run"] for told in (first, second) for row in heard(told)]

    assert meanwhile == [b""]
    assert runs == ["one", "one"]
