"""Access logs: their lines, and following them over rotation, truncation and restarts."""

import json
import time

import pytest

from buildopt.serving.access_lines import Served, parse
from buildopt.serving.follower import NOWHERE, Follower
from buildopt.serving.tailing import Tailing
from tests.unit.integrations.served_rows import events_in, rows_in

HEAD = '10.0.0.1 - ann [30/Nov/2026:02:00:00 +0000] "GET /items/7?q=1 HTTP/1.1" 200 512'
AT_S = 1_796_004_000.0


@pytest.mark.parametrize(
    ("line", "duration_s"),
    [
        (HEAD, None),
        (f'{HEAD} "-" "Mozilla/5.0 (X11) \\"odd\\" 1.0"', None),
        (f'{HEAD} "-" "curl/8" 0.250', 0.25),
        (f'{HEAD} "-" "curl/8" 250000', 0.25),
        (f'{HEAD} "-" "curl/8" "10.1.1.1" rt=0.250', 0.25),
        (f'{HEAD} "-" "curl/8" upstream=- 0.250\r', 0.25),
    ],
)
def test_combined_lines_are_read_with_what_servers_put_behind_them(line, duration_s):
    assert parse(line, "combined") == Served("GET", "/items/7?q=1", 200, duration_s, AT_S)


@pytest.mark.parametrize(
    ("raw", "served"),
    [
        (
            {"method": "PUT", "path": "/a", "status": 201, "duration_ms": 20},
            Served("PUT", "/a", 201, 0.02),
        ),
        (
            {"request": "GET /b HTTP/2.0", "status": "502", "request_time": "1.5",
             "time_iso8601": "2026-11-30T02:00:00+00:00"},
            Served("GET", "/b", 502, 1.5, AT_S),
        ),
        (
            {"http": {"request": {"method": "GET"}, "route": "/c/{id}",
                      "response": {"status_code": 200}}, "time": AT_S * 1000},
            Served("GET", "", 200, None, AT_S, "/c/{id}"),
        ),
    ],
)  # fmt: skip
def test_json_lines_are_read_by_the_usual_names(raw, served):
    assert parse(json.dumps(raw), "json") == served


@pytest.mark.parametrize(
    "line",
    ["", "{", "[1]", '{"status": 200}', '{"path": "/a"}', '{"path": "/a", "status": "x"}',
     '{"path": "/a", "status": 1e999}', "[" * 100_000, "\x00\xff", HEAD[:40], "- " * 30_000],
)  # fmt: skip
def test_what_is_no_line_is_none_in_either_form_and_soon(line):
    began_s = time.monotonic()

    assert parse(line, "json") is None
    assert parse(line, "combined") is None
    assert time.monotonic() - began_s < 5


def test_a_request_line_that_is_no_http_is_malformed_and_counts():
    served = parse('1.2.3.4 - - [30/Nov/2026:02:00:00 +0000] "\\x16\\x03\\x01" 400 157', "combined")

    assert served == Served("", "/{malformed}", 400, None, AT_S)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "access.log"
    path.write_text("old\n")
    return path


def append(path, text):
    with open(path, "a") as file:
        file.write(text)


def follow(follower):
    return list(follower.poll())


def test_lines_come_whole_and_once(log):
    follower = Follower(str(log))
    assert follow(follower) == []

    append(log, "one\ntw")
    assert follow(follower) == ["one"]
    append(log, "o\n\nthree\n")
    assert follow(follower) == ["two", "", "three"]
    assert follow(follower) == []
    follower.close()


def test_a_rotated_file_is_read_to_its_end_and_the_new_one_from_its_beginning(log):
    follower = Follower(str(log))
    follow(follower)
    append(log, "last of the old\n")
    log.rename(log.with_suffix(".1"))
    append(log.with_suffix(".1"), "even later\n")
    assert follow(follower) == ["last of the old", "even later"]

    log.write_text("first of the new\n")
    append(log.with_suffix(".1"), "a server that was slow to reopen\n")
    assert follow(follower) == ["a server that was slow to reopen", "first of the new"]
    follower.close()


def test_a_truncated_file_is_read_from_its_beginning_even_if_it_is_longer_by_now(log):
    append(log, "a\n" * 10)
    follower = Follower(str(log), from_start=True)
    assert len(follow(follower)) == 11

    log.write_text("b\n")
    assert follow(follower) == ["b"]
    log.write_text("c\n" * 100)
    assert follow(follower) == ["c"] * 100
    follower.close()


def test_a_follower_goes_on_where_the_last_one_was(log):
    first = Follower(str(log), from_start=True)
    follow(first)
    append(log, "seen\nhalf")
    follow(first)
    first.close()
    append(log, " a line\nmore\n")

    second = Follower(str(log), first.spot)
    assert follow(second) == ["half a line", "more"]
    second.close()

    log.rename(log.with_suffix(".1"))
    log.write_text("new\n")
    third = Follower(str(log), second.spot)
    assert follow(third) == ["new"]
    third.close()


def test_a_line_without_end_is_passed_over(log):
    follower = Follower(str(log), NOWHERE)
    follow(follower)
    append(log, "x" * 3_000_000)
    while follow(follower) or follower.unread_lines == 0:
        pass
    append(log, "y\ngood\n")
    lines = []
    for _ in range(5):
        lines += follow(follower)

    assert lines == ["good"] and follower.unread_lines == 1
    follower.close()


def line_at(time_s, path="/a", status=200, duration="0.100"):
    at = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(time_s))
    return f'1.2.3.4 - - [{at}] "GET {path} HTTP/1.1" {status} 1 "-" "-" {duration}\n'


def test_requests_of_a_log_are_told_and_a_second_tail_goes_on_behind_them(tmp_path, log):
    environ = {"BUILDOPT_STATE_DIR": str(tmp_path / "state")}
    now_s = time.time()
    append(log, "".join(line_at(now_s, f"/items/{n}", 500 if n == 3 else 200) for n in range(5)))

    first = Tailing(str(log), "combined", "shop", environ, from_start=True)
    first.look(now_s)
    first.tell()
    first.close()
    append(log, line_at(now_s, "/items/9"))
    second = Tailing(str(log), "combined", "shop", environ)
    second.look(now_s)
    second.tell()
    second.close()

    assert rows_in(tmp_path / "state") == {
        ("GET", "/items/{number}", 200, ""): 5, ("GET", "/items/{number}", 500, ""): 1,
    }  # fmt: skip
    assert (first.read_lines, first.unread_lines, second.read_lines) == (5, 1, 1)


def test_what_was_written_while_nobody_followed_is_told_at_its_own_time(tmp_path, log):
    environ = {"BUILDOPT_STATE_DIR": str(tmp_path / "state")}
    now_s = time.time()
    append(log, line_at(now_s - 7_200) + line_at(now_s - 7_200) + line_at(now_s))
    tailing = Tailing(str(log), "combined", "shop", environ, from_start=True)
    tailing.look(now_s)
    tailing.tell()
    tailing.close()

    events = sorted(events_in(tmp_path / "state"), key=lambda event: event.time_ns)
    assert [event.data["requests"][0][4] for event in events] == [2, 1]
    assert abs(events[0].time_ns / 1e9 - (now_s - 7_200)) < 61
    apart_ns = events[1].time_ns - events[0].time_ns
    assert events[0].mono_ns == 0 or abs(events[1].mono_ns - events[0].mono_ns - apart_ns) < 1e9


def test_a_place_that_is_damaged_begins_at_the_end(tmp_path, log):
    environ = {"BUILDOPT_STATE_DIR": str(tmp_path / "state")}
    tailing = Tailing(str(log), "combined", "shop", environ)
    tailing.look(time.time())
    tailing.tell()
    tailing.close()
    (kept,) = (tmp_path / "state" / "tails").iterdir()
    for damage in ("", "{", "[]", '{"device": "x"}'):
        kept.write_text(damage)
        again = Tailing(str(log), "combined", "shop", environ)
        assert again.look(time.time()) == 0
        again.close()
