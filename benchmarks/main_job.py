"""Measures buildopt's main job: an unchanged run, a miss, a restore and a store, in pairs.

python benchmarks/main_job.py                  all of it, as a Markdown table
python benchmarks/main_job.py --only restore   cases whose name holds the text
python benchmarks/main_job.py --json           every single duration
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cases
from pairs import Case

HEADER = """\
| what | ours: median (min–max) | baseline: median (min–max) | result | target | holds |
| --- | --- | --- | --- | --- | --- |"""


def main() -> None:
    """Measure and print."""
    options = _options()
    machine = describe_machine(options.dir)
    if not options.json:
        print("\n".join(f"{name}: {value}" for name, value in machine.items()), end="\n\n")
        print(HEADER)
    measured = []
    for name, measure in chosen(options.pairs, options.dir):
        if options.only not in name:
            continue
        measured.append(measure())
        if not options.json:
            print(row(measured[-1]), flush=True)
    if options.json:
        print(json.dumps({"machine": machine, "cases": [as_json(c) for c in measured]}, indent=1))


def chosen(pairs: int, place: Path) -> list[tuple[str, Callable[[], Case]]]:
    """All cases by name, the quick ones with all pairs and the slow ones with fewer."""
    few = max(2, pairs // 2)
    return [
        ("unchanged-200", partial(cases.unchanged, place, pairs, 200, 1.5)),
        ("unchanged-5000", partial(cases.unchanged, place, pairs, 5_000, 3.2)),
        ("unchanged-50000", partial(cases.unchanged, place, pairs, 50_000, 20)),
        ("miss", partial(cases.miss, place, pairs)),
        ("restore-small", partial(cases.restore_small, place, few)),
        ("restore-large-random", partial(cases.restore_large, place, few, "random")),
        ("restore-large-text", partial(cases.restore_large, place, few, "text")),
        ("store-large", partial(cases.store_large, place, few)),
    ]


def describe_machine(place: Path) -> dict[str, str]:
    """What the numbers hold for."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "processor": f"{_processor()}, {_lines(['nproc'])[-1]} threads",
        "kernel": platform.release(),
        "file system": _lines(["df", "--output=fstype", str(place)])[-1],
        "Python": platform.python_version(),
        "buildopt": _lines([sys.executable, "-c", "import buildopt; print(buildopt.__version__)"])[
            -1
        ],
    }


def row(case: Case) -> str:
    """One line of the table."""
    is_ratio = case.measure == "ratio"
    result = f"{case.result:.2f} ×" if is_ratio else f"+{case.result * 1000:.0f} ms"
    spread = [f"{value:.2f}" if is_ratio else f"{value * 1000:.0f}" for value in case.results]
    lowest, highest = min(spread, key=float), max(spread, key=float)
    target = f"≤ {case.target:g} ×" if is_ratio else f"≤ {case.target * 1000:.0f} ms"
    cells = (
        f"{case.title} ({len(case.ours_s)} pairs)",
        _durations(case.ours_s),
        _durations(case.base_s) + (" (noisy)" if case.is_noisy else ""),
        f"{result} ({lowest}–{highest})",
        target,
        "yes" if case.holds else "**no**",
    )
    return f"| {' | '.join(cells)} |"


def as_json(case: Case) -> dict[str, object]:
    """The case with every duration and what follows from them."""
    verdict = {"result": case.result, "holds": case.holds, "is_noisy": case.is_noisy}
    return case._asdict() | verdict


def _durations(durations_s: tuple[float, ...]) -> str:
    ordered_ms = sorted(duration_s * 1000 for duration_s in durations_s)
    middle_ms = ordered_ms[len(ordered_ms) // 2]
    return f"{middle_ms:.1f} ms ({ordered_ms[0]:.1f}–{ordered_ms[-1]:.1f})"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def _lines(argv: list[str]) -> list[str]:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pairs", type=int, default=21, help="turns of each side; slow cases take half (21)"
    )
    parser.add_argument(
        "--dir", type=Path, default=Path("/var/tmp"), help="folder on a real disk (/var/tmp)"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name holds TEXT")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    return parser.parse_args()


if __name__ == "__main__":
    main()
