"""Random scripts and random changes between runs, against always rerunning: a few of them.

The many are run by hand, and their result stands in docs/benchmarks.md.
"""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "benchmarks" / "fuzz_tracing.py"
CASES = 15
"""For each mode and seed; more would take the suite too long."""


@pytest.mark.parametrize("seed", [1, 10_001])
@pytest.mark.parametrize("mode", ["strict", "default"])
def test_runs_are_as_without_the_cache(tmp_path, mode, seed):
    options = [f"--seed={seed}", f"--cases={CASES}", f"--mode={mode}", "--jobs=1"]

    done = subprocess.run(
        [sys.executable, FUZZ, *options], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 differ\n" in done.stdout
