"""A short soak; five minutes of it with 32 workers are benchmarks/soak.py."""

import pytest

from tests.e2e.soak_rig import Soak, Wish

LONGEST_S = 60
"""The number of actions ends it; this only bounds a machine that is very slow."""


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_at_once_each_state_is_executed_once_and_given_right(tmp_path, seed):
    wish = Wish(seed=seed, seconds=LONGEST_S, workers=5, copies=2, actions=8)

    found = Soak(tmp_path, wish).soak()

    assert found.faults == []
    assert found.figures["executions"]
