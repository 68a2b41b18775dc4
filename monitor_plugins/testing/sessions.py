"""One session of tests, put together from its events.

    buildopt.tests.results    {"root", "tests": {"tests/test_a.py": [["test_b", "p", 0.012], …]}}
    buildopt.tests.finished   {"framework", "root", "exit_code", "duration_s", "counts", …}

`root` is the folder that names of files start from; below the run's own root it tells the packages
of a workspace apart.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

PREFIX = "buildopt.tests."
RESULTS, FINISHED = PREFIX + "results", PREFIX + "finished"
ACCEPTED = PREFIX + "accepted"
"""What a person asks for: {"finding"}."""
FAILED = ("f", "e")
PASSED = ("p", "X")
LONGEST_NAME = 400

Data = Mapping[str, Any]  # Any: JSON


class Result(NamedTuple):
    """What became of one test."""

    name: str
    letter: str
    duration_s: float
    was_rerun: bool = False
    """It failed in this session, and was run again."""


def tests_of(data: Data) -> Iterator[Result]:
    """The tests of one event of results; what makes no sense is passed over."""
    files = data.get("tests")
    for file, rows in files.items() if isinstance(files, Mapping) else ():
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, list) or len(row) < 3:
                continue
            name, letter, took_s = row[:3]
            if isinstance(letter, str) and isinstance(took_s, int | float):
                label = f"{file}::{name}" if file and name else str(name or file)
                seconds = float(took_s) if math.isfinite(took_s) and took_s >= 0 else 0.0
                yield Result(label[:LONGEST_NAME], letter, seconds, len(row) > 3)


def suite_of(data: Data, run_root: str) -> str:
    """What tells suites of a project apart: the tests' root, seen from the run's."""
    root = data.get("root")
    if not isinstance(root, str) or not root or not os.path.isabs(root):
        return root if isinstance(root, str) else ""
    if not run_root or root == run_root:
        return ""
    relative = os.path.relpath(root, run_root)
    return "" if relative.startswith("..") else relative
