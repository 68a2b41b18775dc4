"""Where bars stand."""

import pytest

from buildopt.report.chart import FEW_RUNS, PLOT_BASE_PX, PLOT_TOP_PX, chart_of
from buildopt.report.view import view_of


def chart(story, *durations_s):
    for number, duration_s in enumerate(durations_s):
        story.ran(f"run-{number}", duration_s=duration_s)
    return chart_of(view_of(story.newest_first, f"run-{len(durations_s) - 1}").history)


def test_bars_grow_from_zero_in_proportion(story):
    drawn = chart(story, 1.0, 2.0)

    heights = [bar.height_px for bar in drawn.bars]
    assert heights[1] == pytest.approx(2 * heights[0])
    assert all(bar.y_px + bar.height_px == pytest.approx(PLOT_BASE_PX) for bar in drawn.bars)
    assert [tick.label for tick in drawn.ticks] == ["2 s", "1 s", "0"]


@pytest.mark.parametrize("longest_s", [0.0, 1e-7, 0.00095, 0.0126, 0.9999, 59.9, 61.7, 7300.0])
def test_the_longest_bar_fits_under_the_top_of_the_axis(story, longest_s):
    drawn = chart(story, 0.0, longest_s)

    assert all(bar.y_px >= PLOT_TOP_PX for bar in drawn.bars)


def test_a_hit_that_takes_no_time_still_has_a_bar(story):
    drawn = chart(story, 0.0, 60.0)

    assert drawn.bars[0].height_px == 1.0


def test_bars_stay_inside_the_plot_and_the_last_one_is_this_run(story):
    drawn = chart(story, *([1.0] * (FEW_RUNS + 3)))

    assert drawn.is_long
    assert max(bar.x_percent + bar.width_percent for bar in drawn.bars) <= 100
    assert [bar.is_this_run for bar in drawn.bars] == [False] * (FEW_RUNS + 2) + [True]
