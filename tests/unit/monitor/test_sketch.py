"""Quantiles within 2 %, of any values, however they were spread over sketches."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildopt.monitor.sketch import RELATIVE_ERROR, Sketch, merged

VALUES = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


def sketch_of(values):
    sketch = Sketch()
    sketch.add(values)
    return sketch


@given(st.lists(VALUES, min_size=1, max_size=80), st.floats(0, 1))
def test_a_quantile_is_within_two_percent_of_the_exact_one(values, share):
    exact = sorted(values)[max(0, math.ceil(share * len(values)) - 1)]

    (found,) = sketch_of(values).quantiles([share])

    assert math.isclose(found, exact, rel_tol=RELATIVE_ERROR * 1.0001, abs_tol=1e-12)


@given(st.lists(VALUES, max_size=60), st.integers(0, 60))
def test_merging_parts_gives_the_bytes_of_the_whole(values, cut):
    parts = [sketch_of(values[:cut]).pack(), sketch_of(values[cut:]).pack()]

    assert merged(parts).pack() == sketch_of(values).pack()
    assert merged(parts).n == len(values)


@given(st.binary(max_size=40))
def test_bytes_that_are_no_sketch_are_refused_or_read(packed):
    try:
        assert Sketch.unpack(packed).n >= 0
    except ValueError:
        pass


def test_an_hour_of_a_metric_takes_a_few_hundred_bytes():
    rng = random.Random(1)
    packed = sketch_of(rng.lognormvariate(0, 1) for _ in range(3_600)).pack()

    assert len(packed) < 500
    with pytest.raises(ValueError, match="cut off"):
        Sketch.unpack(packed[:-1])


def test_of_no_values_there_is_no_quantile():
    assert all(math.isnan(value) for value in Sketch().quantiles([0.5, 0.99]))
