"""With which build a level moved, and a drawing of it."""

import math
import xml.etree.ElementTree as ElementTree
from random import Random

from monitor_plugins.baseline.localizing import localize
from monitor_plugins.baseline.plot import Mark, svg
from monitor_plugins.baseline.shares import find_move, is_back


def steps(*, size, noise, seed):
    random = Random(seed)
    return [60 * (1 + size * (n >= 50)) * math.exp(random.gauss(0, noise)) for n in range(100)]


def test_a_step_is_found_with_its_very_build_or_said_to_be_near():
    places = [localize(steps(size=0.1, noise=0.03, seed=seed), 48) for seed in range(100)]

    assert sum(place.best == 50 for place in places) >= 75
    assert sum(place.first <= 50 <= place.last for place in places) >= 92
    assert sum(place.last - place.first for place in places) / 100 < 4


def test_a_clear_step_is_one_build():
    assert set(localize(steps(size=0.5, noise=0.02, seed=1), 53)) == {50}


def test_a_bound_that_lies_nine_builds_off_is_put_right():
    late = [localize(steps(size=0.3, noise=0.03, seed=seed)[:63], 59) for seed in range(20)]
    early = [localize(steps(size=0.3, noise=0.03, seed=seed), 42) for seed in range(20)]

    assert {place.best for place in (*late, *early)} == {50}


def test_a_spell_before_a_step_is_not_its_beginning():
    random = Random(1)
    levels = [*[60] * 40, *[75] * 5, *[60] * 13, *[69] * 12]
    values = [level * math.exp(random.gauss(0, 0.02)) for level in levels]

    assert localize(values, 40).best == 58


def test_builds_that_are_alike_leave_more_of_them_likely():
    held = 0
    for seed in range(60):
        random, wave, values = Random(seed), 0.0, []
        for n in range(100):
            wave = 0.8 * wave + random.gauss(0, 0.1)
            values.append(60 * (1.3 if n >= 50 else 1) * math.exp(wave))
        place = localize(values, 50)
        held += place.first <= 50 <= place.last

    assert held >= 56


def test_where_no_level_moved_any_build_may_be_named():
    place = localize([60.0] * 80, 40)

    assert place.first <= place.best <= place.last


def test_the_ends_of_a_series_are_no_trouble():
    for cut in (1, 2, 5, 8):
        place = localize([1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0], cut)
        assert place.first <= place.best <= place.last


def test_a_picture_is_whole_whatever_is_drawn():
    values = [*steps(size=0.3, noise=0.02, seed=1), math.nan, 1e9]
    for series, marks in ((values, [Mark(50, 0.3)]), ([], []), ([5.0], []), ([0.0, 0.0], [])):
        text = svg(series, marks, unit="s", title='a <b> & "c"', are_levels=True)
        root = ElementTree.fromstring(text)

        assert "nan" not in text.replace("nan-", "").lower()
        assert root.get("aria-label").startswith('a <b> & "c"')


def test_a_share_is_judged_by_counts():
    random = Random(1)
    steady = [float(random.random() < 0.86) for _ in range(400)]

    assert all(find_move(steady[:n][-200:]) is None for n in range(400))
    fallen = [*steady[:160], *(float(n % 2) for n in range(40))]
    assert find_move(fallen).before > 0.8
    assert find_move(fallen[:90]) is None
    assert is_back(steady, 0.86)
    assert not is_back(fallen, 0.86)
