"""What the pytest plugin costs a suite: sessions with and without it, in turns (A B B A …).

    python benchmarks/pytest_plugin_cost.py SUITE [--pairs 15] [--python PYTHON]

SUITE is a folder with tests that pass. One JSON object: medians of the ratios of wall time and of
processor time (user and system, of the session and its children), with their middle halves, and the
ratio of the least processor times, which load of others moves least.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

PLUGIN = "buildopt.integrations.pytest_plugin"


class Took(NamedTuple):
    """One session, in seconds."""

    wall_s: float
    cpu_s: float


def main() -> None:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=Path)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--python", default=sys.executable)
    chosen = parser.parse_args()
    with tempfile.NamedTemporaryFile(prefix="plugin-cost-") as events:
        command = [chosen.python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        with_it = (*command, "-p", PLUGIN)
        session(tuple(command), chosen.suite, "")
        pairs = []
        for number in range(chosen.pairs):
            turns = [(with_it, events.name), (tuple(command), "")]
            found = [session(argv, chosen.suite, path)
                     for argv, path in (turns if number % 2 else reversed(turns))]  # fmt: skip
            pairs.append(tuple(found if number % 2 else reversed(found)))
        told = Path(events.name).read_bytes().splitlines()
    print(json.dumps({
        "pairs": len(pairs),
        "tests": sum(json.loads(told[-1])["data"]["counts"].values()),
        "bytes_a_session": sum(map(len, told)) // len(pairs),
        "load": os.getloadavg()[0],
        **{name: ratios([getattr(a, name) / getattr(b, name) for a, b in pairs])
           for name in Took._fields},
        "cpu_s_least": round(min(a.cpu_s for a, _ in pairs) / min(b.cpu_s for _, b in pairs), 4),
        "plain_cpu_s": statistics.median(b.cpu_s for _, b in pairs),
    }))  # fmt: skip


def session(argv: tuple[str, ...], suite: Path, events: str) -> Took:
    """Run one session; the plugin is there only where `argv` names it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environ.pop("BUILDOPT_EVENTS", None)
    if events:
        environ["BUILDOPT_EVENTS"] = events
    started_s = perf_counter()
    process = subprocess.Popen(
        argv, cwd=suite, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"`{' '.join(argv)}` fails: exit {os.waitstatus_to_exitcode(status)}")
    return Took(perf_counter() - started_s, usage.ru_utime + usage.ru_stime)


def ratios(found: list[float]) -> list[float]:
    """First quartile, median, third quartile."""
    return [round(value, 4) for value in statistics.quantiles(found, n=4)]


if __name__ == "__main__":
    main()
