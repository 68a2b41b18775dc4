"""The benchmark that replays edits: a few of them, and that it sees what is wrong."""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.scenario_project import NOT_HERE

REPLAY = Path(__file__).parents[2] / "benchmarks" / "replay"
EDITS = 3


@pytest.fixture
def module(monkeypatch):
    """Gives a module of the benchmark by its name."""
    monkeypatch.syspath_prepend(str(REPLAY))
    return importlib.import_module


def test_seed_decides_all_edits(module):
    files = module("workspace").workspace_files()
    developer = module("edits").Developer

    first, second = (developer(files, 5) for _ in range(2))

    edits = [first.next() for _ in range(60)]
    assert edits == [second.next() for _ in range(60)]
    assert {edit.kind for edit in edits} >= {"source", "style", "test", "documentation", "revert"}


def test_who_switches_to_a_branch_comes_back(module):
    developer = module("edits").Developer(module("workspace").workspace_files(), 5)
    states = [developer.state]
    edits = []
    for _ in range(100):
        edits.append(developer.next())
        states.append(edits[-1].state)

    away = [number for number, edit in enumerate(edits) if edit.what == "there"]
    assert away
    assert all(edits[n + 1].what == "back" and states[n + 2] == states[n] for n in away[:-1])


def test_each_difference_of_two_trees_is_seen(module, tmp_path):
    for side in ("first", "second"):
        (tmp_path / side / "node_modules").mkdir(parents=True)
        for name in ("same", "content", "mode"):
            (tmp_path / side / name).write_text("1")
    second = tmp_path / "second"
    (second / "content").write_text("2")
    (second / "mode").chmod(0o700)
    (second / "new").mkdir()
    (second / "node_modules/left-out").write_text("1")

    found = module("trees").differences(tmp_path / "first", second)

    assert found == ["content", "mode", "new"]


@pytest.mark.projects
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("replay")
def test_few_edits_are_replayed_without_a_wrong_output(tmp_path):
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    options = ("--edits", str(EDITS), "--mix", "sources", "--dir", str(tmp_path / "replay"))
    done = subprocess.run(
        [sys.executable, REPLAY, "workspace", *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and (said := NOT_HERE.search(done.stderr)):
        pytest.skip(f"npm says `{said[0]}`")

    assert done.returncode == 0, done.stderr + done.stdout
    lines = (tmp_path / "replay/rows.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["number"] for row in rows] == list(range(EDITS + 1))
    assert rows[EDITS]["kind"] == "documentation"
    assert rows[EDITS]["hits"] == rows[EDITS]["tasks"] > 10
    assert all(row["hits"] for row in rows[1:])
