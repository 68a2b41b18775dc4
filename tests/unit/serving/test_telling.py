"""What was counted is told: bounded, in few bytes, over forks, whatever the journal is."""

import logging
import os
import threading

import pytest

from buildopt.serving import telling
from buildopt.serving.routes import template_of
from buildopt.serving.telling import Teller
from buildopt.serving.window import MOST_ROUTES, OTHER, Key
from tests.unit.integrations.served_rows import events_in, rows_in


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def teller(state):
    found = Teller("shop", environ={"BUILDOPT_STATE_DIR": str(state)})
    yield found
    found.stop()


def serve(teller, route, *, duration_s=0.01, status=200):
    teller.window.begin()
    teller.window.end(Key("GET", route, status), duration_s)
    teller.wake()


def test_ten_thousand_paths_stay_within_the_stated_routes_and_none_is_lost(teller, state, caplog):
    for number in range(10_000):
        title = f"{number:05}".translate(str.maketrans("0123456789", "qwrtzuiopm"))
        serve(teller, template_of(f"/blog/on-{title}"))
    teller.flush()
    for number in range(100):
        serve(teller, f"/later/{number}")
    teller.flush()

    rows = rows_in(state)
    assert len({key[1] for key in rows}) == MOST_ROUTES + 1
    assert sum(rows.values()) == 10_100
    assert rows["GET", OTHER, 200, ""] == 10_100 - MOST_ROUTES
    assert [r.getMessage().count("{other}") for r in caplog.records] == [1]


def test_numbers_uuids_and_hashes_in_paths_are_placeholders():
    paths = {
        "/": "/",
        "/items/17": "/items/{number}",
        "/d/2026-11-30/x": "/d/{number}/x",
        "/u/123e4567-e89b-42d3-a456-426614174000": "/u/{uuid}",
        "/c/9f1c2ab04d": "/c/{hash}",
        "/t/eyJhbGciOiJIUzI1NiJ9.x1": "/t/{token}",
        "/facade/decade": "/facade/decade",
        "/a?secret=1": "/a",
        "/v1/orders": "/v1/orders",
        "/1/2/3/4/5/6/7/8/9/10": "/" + "{number}/" * 8 + "{rest}",
        "/" + "x" * 41: "/{text}",
        "/{other}": "/_other_",
    }
    assert {path: template_of(path) for path in paths} == paths


def test_a_thread_tells_by_itself_what_comes(teller, state, monkeypatch):
    monkeypatch.setattr(telling, "SHORTEST_S", 0.01)
    threads = [
        threading.Thread(target=lambda: [serve(teller, "/a") for _ in range(500)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    teller.stop()

    assert rows_in(state) == {("GET", "/a", 200, ""): 2_000}


def test_a_journal_that_cannot_be_written_loses_nothing_and_is_said_once(
    teller, state, caplog, monkeypatch
):
    state.parent.mkdir(exist_ok=True)
    state.write_text("a file where the folder should be")
    for round_ in range(3):
        serve(teller, f"/{round_}a")
        teller.flush()
    said = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(said) == 1 and "cannot write to the journal" in said[0].getMessage()

    state.unlink()
    serve(teller, "/last")
    teller.flush()

    assert sum(rows_in(state).values()) == 4
    assert [e.data.get("waiting_events") for e in events_in(state)] == [None, 1, 2, 3]


def test_lines_that_wait_are_few(teller, state):
    state.parent.mkdir(exist_ok=True)
    state.write_text("")
    serve(teller, "/a")
    told_bytes = teller.flush()
    while_broken_s = teller._pause_s(told_bytes)
    state.unlink()
    serve(teller, "/a")

    assert while_broken_s == telling.LONGEST_S
    assert teller._pause_s(teller.flush()) == telling.SHORTEST_S


def test_a_forked_process_tells_of_its_own_requests_alone(teller, state):
    serve(teller, "/parent")
    child = os.fork()
    if child == 0:
        serve(teller, "/child")
        teller.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    teller.flush()

    assert rows_in(state) == {
        ("GET", "/parent", 200, ""): 1, ("GET", "/child", 200, ""): 1,
    }  # fmt: skip
    assert len({event.source for event in events_in(state)}) == 2


def test_many_rows_become_several_events_of_which_none_is_cut(teller, state):
    for route in range(150):
        for step in range(60):
            serve(teller, f"/{'r' * 60}{route}", duration_s=0.001 * 1.1**step)
    teller.flush()

    assert len(events_in(state)) > 1
    assert sum(rows_in(state).values()) == 9_000


def test_the_longer_a_line_the_longer_until_the_next(teller, state, monkeypatch):
    waited = []

    class End(threading.Event):
        def wait(self, timeout=None):
            waited.append(timeout)
            return super().wait(0.01)

    teller._end = End()
    for route in range(100):
        serve(teller, f"/r{route}" * 10)
    while len(waited) < 1 or not events_in(state):
        pass
    serve(teller, "/again")
    while len(waited) < 2:
        pass

    assert waited[0] == telling.SHORTEST_S
    assert 5 < waited[1] <= telling.LONGEST_S


def test_a_name_is_the_given_one_or_that_of_the_variable_or_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert Teller("a", environ={"OTEL_SERVICE_NAME": "b"}).service == "a"
    assert Teller(environ={"OTEL_SERVICE_NAME": "b"}).service == "b"
    assert Teller(environ={}).service == tmp_path.name
