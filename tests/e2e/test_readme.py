"""The two lines of the README do all set-up on a fresh machine, in a clean clone."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def readme_lines():
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    return [line for line in blocks[0].splitlines() if line.startswith("python3 -m venv")]


@pytest.fixture
def clone(tmp_path):
    target = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, target], check=True)
    return target


def run(line, clone, tmp_path):
    environ = {name: value for name, value in os.environ.items() if "BUILDOPT" not in name}
    environ |= {
        "BUILDOPT_CACHE_DIR": str(tmp_path / "cache"),
        "BUILDOPT_STATE_DIR": str(tmp_path / "state"),
    }
    return subprocess.run(
        ["sh", "-c", line], cwd=clone, env=environ, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_first_line_runs_the_main_job_and_again_is_a_hit(clone, tmp_path):
    line, _ = readme_lines()

    first = run(line, clone, tmp_path)
    second = run(line.rpartition("&&")[2], clone, tmp_path)

    assert first.returncode == 0, first.stderr
    assert "buildopt: executed" in first.stderr
    assert "; stored" in first.stderr
    assert (clone / "buildopt-report.html").stat().st_size > 1_000
    assert "buildopt: fresh" in second.stderr
    assert second.stdout == first.stdout[first.stdout.index("rendered") :]


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_second_line_passes_the_tests(clone, tmp_path):
    """Collects them all and runs one file: running all here would never end."""
    _, line = readme_lines()
    assert line.endswith(".venv/bin/pytest")

    done = run(line + " tests/unit/test_globs.py", clone, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
