"""Random scripts and random changes between runs, against always rerunning: a few of them.

The many are run by hand, and their result stands in docs/benchmarks.md.
"""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "benchmarks" / "fuzz_tracing.py"


@pytest.mark.parametrize(
    ("seed", "cases"),
    [
        (1, 6),
        pytest.param(10_001, 50, marks=pytest.mark.thorough),
        pytest.param(20_001, 50, marks=pytest.mark.thorough),
    ],
)
@pytest.mark.parametrize("mode", ["strict", "default"])
@pytest.mark.timeout(600)
def test_runs_are_as_without_the_cache(tmp_path, mode, seed, cases):
    options = [f"--seed={seed}", f"--cases={cases}", f"--mode={mode}", "--jobs=1"]

    done = subprocess.run(
        [sys.executable, FUZZ, *options], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 differ\n" in done.stdout
