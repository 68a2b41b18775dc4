"""Windows of more samples than are kept one by one."""

from __future__ import annotations

import pytest

from monitor_plugins.alert.rule import Signal
from monitor_plugins.alert.windows import MOST_POINTS, Point, added, aggregate

HOUR_S = 3600
PEAK = 1_801


def value_at(second: int) -> float:
    return 1000.0 if second == PEAK else float(second % 10)


def window(aggregation, value_of=value_at) -> list[Point]:
    points: list[Point] = []
    signal = Signal(metric="m", aggregation=aggregation, window_s=HOUR_S)
    for second in range(HOUR_S):
        points = added(points, (float(second), value_of(second), 1), signal)
        assert len(points) <= MOST_POINTS
    return points


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("count", HOUR_S), ("sum", 4.5 * HOUR_S + 999), ("mean", 4.5 + 999 / HOUR_S),
        ("max", 1000),
    ],
)  # fmt: skip
def test_what_is_not_kept_one_by_one_counts_all_the_same(aggregation, expected) -> None:
    found = aggregate(window(aggregation), Signal(metric="m", aggregation=aggregation))

    assert found is not None
    assert found.samples == HOUR_S
    assert found.value == pytest.approx(expected)


def test_share_of_what_fails_each_tenth_time_is_a_tenth() -> None:
    points = window("share", lambda second: float(second % 10 == 0))

    found = aggregate(points, Signal(metric="m", aggregation="share"))
    assert found is not None
    assert found == (pytest.approx(0.1), HOUR_S)


def test_smallest_of_a_window_is_kept() -> None:
    points = window("min", lambda second: -value_at(second))

    assert aggregate(points, Signal(metric="m", aggregation="min")) == (-1000, HOUR_S)


def test_samples_that_come_late_in_turn_keep_a_window_small() -> None:
    points: list[Point] = []
    signal = Signal(metric="m", aggregation="sum", window_s=HOUR_S)
    for second in range(HOUR_S):
        points = added(points, (float(second - second % 2 * 600), 1.0, 1), signal)
        assert len(points) <= MOST_POINTS
