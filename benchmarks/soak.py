"""Runs, kills, stops, prunes and edits, all at once, and tells what was executed more than once.

python benchmarks/soak.py                         32 workers for five minutes, from a fresh seed
python benchmarks/soak.py --seed 7 --seconds 60   the same choices again, shorter

What is done stands in tests/e2e/soak_rig.py, how it is judged in soak_count.py there. The order in
which the workers come to their choices is the system's, so a seed brings a like run, not the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.e2e.soak_rig import Found, Soak, Wish


def main() -> int:
    """Soak; status 1 where something was wrong."""
    options = _options()
    wish = Wish(
        seed=int(time.time()) if options.seed is None else options.seed,
        seconds=options.seconds,
        workers=options.workers,
        copies=options.copies,
    )
    print(f"seed {wish.seed}, {wish.workers} workers, {wish.seconds} s", flush=True)
    place = Path(options.keep or tempfile.mkdtemp(prefix="buildopt-soak-", dir="/var/tmp"))
    found = Soak(place, wish).soak()
    _print(found)
    print(f"log: {place / 'log'}")
    return 1 if found.faults else 0


def _print(found: Found) -> None:
    print("| what | how often |\n| --- | --- |")
    for name, number in sorted(found.figures.items()):
        print(f"| {name} | {number} |")
    print("| outcome | median, s | slowest, s |\n| --- | --- | --- |")
    for name, times_s in sorted(found.times_s.items()):
        times_s.sort()
        print(f"| {name} | {times_s[len(times_s) // 2]:.2f} | {times_s[-1]:.2f} |")
    print(f"faults: {len(found.faults)}")
    for fault in found.faults[:40]:
        print(f"  {fault}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--copies", type=int, default=6)
    parser.add_argument("--keep", metavar="FOLDER", help="an empty folder to work in")
    return parser.parse_args()


_Raw = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    sys.exit(main())
