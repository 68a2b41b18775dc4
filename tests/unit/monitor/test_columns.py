"""A series in columns: the same from samples, minutes and hours, and where finer ones are gone."""

import sqlite3
from contextlib import closing

import pytest

from buildopt.monitor.importer import Importer
from buildopt.monitor.index import Index
from buildopt.monitor.sample_rows import day_of, table_of
from tests.unit.monitor.conftest import NOW_NS

HOUR_S = 3_600
NS = 10**9
START_S = NOW_NS // NS // HOUR_S * HOUR_S - 2 * HOUR_S


@pytest.fixture
def index(folder, emitter):
    """Three hours with a value each ten seconds; two of them are rolled up."""
    for number in range(3 * 360):
        emitter.sample(float(number), (START_S + 10 * number) * NS)
    importer = Importer(folder, now_ns=lambda: (START_S + 2 * HOUR_S + 300) * NS)
    for _ in range(10):
        importer.step()
    importer.close()
    with closing(Index(folder)) as index:
        yield index


def test_two_hours_are_rolled_up_and_one_is_not(index):
    (series,) = index.series(metric="load")
    span_s = (START_S, START_S + 3 * HOUR_S)

    assert [row.start_s for row in index.rollups(series.id, "hour", span_s)] == [
        START_S, START_S + HOUR_S,
    ]  # fmt: skip


def test_minutes_stand_in_for_samples_that_are_gone(index, folder):
    with closing(sqlite3.connect(f"{folder}/index.sqlite")) as connection:
        day = day_of(START_S)
        connection.execute(f"DROP TABLE {table_of(day)}")
        connection.commit()
    (series,) = index.series(metric="load")

    points = index.points(series.id, (START_S, START_S + HOUR_S), 10)

    assert [point.start_s for point in points] == list(range(START_S, START_S + HOUR_S, 60))
    assert points[0] == (START_S, 6, 15.0, 0.0, 5.0)


@pytest.mark.parametrize("width_s", [10, 30, 60, 600, HOUR_S, 3 * HOUR_S])
def test_every_value_is_in_one_column(index, width_s):
    (series,) = index.series(metric="load")
    points = index.points(series.id, (START_S, START_S + 3 * HOUR_S), width_s)

    assert [point.start_s for point in points] == list(
        range(START_S, START_S + 3 * HOUR_S, width_s)
    )
    each = width_s // 10
    for place, point in enumerate(points):
        first = place * each
        last = first + each - 1
        assert (point.n, point.min, point.max) == (each, first, last)
        assert point.sum == sum(range(first, last + 1))


@pytest.mark.parametrize("width_s", [1_500, 3_000, 7_200])
def test_hours_that_are_not_rolled_up_fall_into_columns_that_begin_anywhere(
    folder, emitter, width_s
):
    for number in range(3 * 360):
        emitter.sample(float(number), (START_S + 10 * number) * NS)
    importer = Importer(folder, now_ns=lambda: START_S * NS)
    for _ in range(5):
        importer.step()
    importer.close()
    first = 50
    start_s = START_S + 10 * first

    with closing(Index(folder)) as index:
        (series,) = index.series(metric="load")
        assert index.rollups(series.id, "hour", (START_S, START_S + 3 * HOUR_S)) == []
        points = index.points(series.id, (start_s, START_S + 3 * HOUR_S), width_s)

    each = width_s // 10
    assert [(point.start_s, point.min, point.max) for point in points] == [
        (START_S + 10 * number, number, min(number + each, 3 * 360) - 1)
        for number in range(first, 3 * 360, each)
    ]
