"""What samples come to stands when they are gone, in the index and in one made anew."""

import os
import random
import sqlite3

import pytest

from buildopt.monitor.importer import Importer
from buildopt.monitor.index import Index, Where
from buildopt.monitor.retention import drop_expired
from tests.unit.monitor.conftest import DAY_NS

DAY_S = 86_400
START_S = 20_000 * DAY_S
"""A midnight."""


def write_days(emitter, days, *, step_s=600, of=lambda time_s: time_s % 977):
    values = []
    for time_s in range(START_S, START_S + days * DAY_S, step_s):
        emitter.sample(of(time_s), time_s * 10**9)
        values.append(of(time_s))
    return values


def import_all(folder, now_s, *, retain=False):
    importer = Importer(folder, now_ns=lambda: int(now_s * 1e9))
    importer.catch_up()
    for _ in range(200):
        importer.step()
    if retain:
        drop_expired(importer, now_s)
    importer.close()


def load(folder):
    (series,) = Index(folder).series(metric="load")
    return [series.id]


def exact(values, share):
    return sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]


def close(found, values):
    return all(
        f == pytest.approx(exact(values, share), rel=0.021)
        for f, share in zip(found, (0.5, 0.95, 0.99), strict=True)
    )


def test_quantiles_of_days_hours_and_samples_are_those_of_the_values(folder, emitter):
    rng = random.Random(3)
    table = {}
    values = write_days(
        emitter, 3, of=lambda t: table.setdefault(t, round(rng.lognormvariate(3, 1), 3))
    )
    end_s = START_S + 3 * DAY_S
    import_all(folder, end_s - 1_200)
    index = Index(folder)

    for start_s, stop_s in (
        (START_S, end_s), (START_S + 300, end_s - 700), (START_S + DAY_S // 2, end_s),
        (end_s - 5_000, end_s),
    ):  # fmt: skip
        inside = [table[t] for t in range(START_S, end_s, 600) if start_s <= t < stop_s]
        found = index.summary(load(folder), (start_s, stop_s))
        assert found.n == len(inside)
        assert found.sum == pytest.approx(sum(inside))
        assert (found.min, found.max) == (min(inside), max(inside))
        assert close(found.quantiles, inside)
    assert len(values) == 3 * 144


def test_roll_ups_stand_when_samples_and_index_are_gone(folder, emitter):
    write_days(emitter, 4)
    end_s = START_S + 4 * DAY_S
    import_all(folder, end_s + 4_000, retain=True)
    before = Index(folder).summary(load(folder), (START_S, end_s))
    journal = os.listdir(os.path.join(folder, "journal"))
    os.unlink(os.path.join(folder, "index.sqlite"))

    import_all(folder, end_s + 4_000)

    assert Index(folder).summary(load(folder), (START_S, end_s)) == before
    assert before.n == 4 * 144
    assert sum(name.startswith("samples-") and name.endswith(".log") for name in journal) == 2
    assert any(name.startswith("rollups-minute-") for name in journal)


def test_a_second_import_writes_no_roll_up_again(folder, emitter):
    write_days(emitter, 2)
    end_s = START_S + 2 * DAY_S + 4_000
    import_all(folder, end_s)
    sizes = {n: os.path.getsize(f"{folder}/journal/{n}") for n in os.listdir(f"{folder}/journal")}
    os.unlink(os.path.join(folder, "index.sqlite"))

    import_all(folder, end_s)

    for name, size in sizes.items():
        assert os.path.getsize(f"{folder}/journal/{name}") == size


def test_a_sample_that_comes_late_still_counts_in_its_hour_and_day(folder, emitter):
    write_days(emitter, 2)
    end_s = START_S + 2 * DAY_S
    import_all(folder, end_s + 4_000)
    emitter.sample(5_000, (START_S + 100) * 10**9)

    import_all(folder, end_s + 4_000)

    found = Index(folder).summary(load(folder), (START_S, START_S + DAY_S))
    assert (found.n, found.max) == (145, 5_000)


def test_samples_of_a_day_before_the_first_count_although_they_come_later(folder, emitter):
    emitter.sample(1, (START_S + DAY_S) * 10**9)
    import_all(folder, START_S)
    emitter.sample(2, START_S * 10**9)
    import_all(folder, START_S)

    assert Index(folder).summary(load(folder), (START_S, START_S + 2 * DAY_S)).n == 2


def test_a_sample_later_than_its_days_samples_are_kept_changes_no_roll_up(folder, emitter):
    write_days(emitter, 4)
    end_s = START_S + 4 * DAY_S
    import_all(folder, end_s + 4_000, retain=True)
    before = Index(folder).summary(load(folder), (START_S, START_S + DAY_S))
    emitter.sample(5_000, (START_S + 100) * 10**9)

    import_all(folder, end_s + 4_000)

    assert Index(folder).summary(load(folder), (START_S, START_S + DAY_S)) == before
    (late,) = [row for row in Index(folder).skipped() if row["trouble"] == "late"]
    assert late["lines"] == 1


def test_series_are_told_apart_by_host_name_and_environment(folder, emitter):
    emitter.sample(0, **{"a.b": 1, "a.b{x=1}": 2})
    emitter.sample(0, source="builds", **{"a.b": 3})
    import_all(folder, 0)
    index = Index(folder)

    assert {(s.name, s.project) for s in index.series(metric="a.b")} == {
        ("a.b", "system"), ("a.b{x=1}", "system"), ("a.b", "builds"),
    }  # fmt: skip
    assert [s.name for s in index.series(Where(project="builds"))] == ["a.b"]
    assert index.series(Where(environment="ci")) == []
    assert index.series(Where(host=os.uname().nodename, project="system"), metric="c") == []


def test_events_and_their_rows_go_after_thirty_days(folder, emitter):
    start_ns = START_S * 10**9
    for day in range(40):
        emitter.event(f"day {day}", start_ns + day * DAY_NS)
    import_all(folder, START_S + 39 * DAY_S, retain=True)

    kept = [row["data"]["subject"] for row in Index(folder).events(limit=100)]
    assert kept == [f"day {day}" for day in range(39, 7, -1)]
    names = os.listdir(os.path.join(folder, "journal"))
    assert sum(name.startswith("events-") for name in names) == 32
    assert sum(name.startswith("sealed-") for name in names) == 31


def test_a_clock_that_jumps_ahead_for_a_moment_costs_nothing(folder, emitter):
    for day in range(3):
        emitter.event(f"day {day}", (START_S + day * DAY_S) * 10**9)
    years_ahead_s = START_S + 4_000 * DAY_S
    emitter.event("jumped", years_ahead_s * 10**9)

    import_all(folder, years_ahead_s, retain=True)

    assert len(Index(folder).events()) == 4


def test_an_importer_that_has_more_to_read_drops_nothing(folder, emitter):
    for day in range(40):
        emitter.event(f"day {day}", (START_S + day * DAY_S) * 10**9)
    importer = Importer(folder, batch_records=5)
    importer.step()

    assert drop_expired(importer, START_S + 39 * DAY_S).segments == 0
    importer.close()


def test_roll_ups_that_are_damaged_are_passed_over(folder, emitter):
    write_days(emitter, 1)
    import_all(folder, START_S + 2 * DAY_S)
    journal = os.path.join(folder, "journal")
    (name,) = (name for name in os.listdir(journal) if name.startswith("rollups-hour"))
    with open(os.path.join(journal, name), "ab") as file:
        file.write(b"\nhello\n" + b"x" * 200_000)
    os.unlink(os.path.join(folder, "index.sqlite"))

    import_all(folder, START_S + 2 * DAY_S)

    assert Index(folder).summary(load(folder), (START_S, START_S + DAY_S)).n == 144
    with sqlite3.connect(os.path.join(folder, "index.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_without_an_index_every_answer_is_empty(tmp_path):
    index = Index(str(tmp_path))

    assert index.events() == index.runs() == index.tasks() == index.lookups() == []
    assert index.series() == index.samples(1, (0, 10)) == index.rollups(1, "day", (0, 10)) == []
    assert index.summary([1], (0, 3_600)).n == 0
    assert index.position() == "/"
