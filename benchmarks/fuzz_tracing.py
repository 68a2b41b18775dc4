"""Compares `buildopt run` with plain reruns on random scripts, and cuts down what differs.

python benchmarks/fuzz_tracing.py                    200 cases from a fresh seed
python benchmarks/fuzz_tracing.py --seed 7 --cases 1 one case again
python benchmarks/fuzz_tracing.py --mode default     own outputs are adopted

What is compared stands in tests/e2e/fuzz_oracle.py, what is generated in fuzz_grammar.py there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.e2e.fuzz_grammar import LONGEST_SCRIPT, FuzzCase, case_for
from tests.e2e.fuzz_oracle import Difference, Tally, shrink, try_case

BATCH = 25
"""Cases that one process does in a row."""


class Batch(NamedTuple):
    """What a process is to do."""

    first_seed: int
    cases: int
    mode: str
    longest: int
    has_steps: bool
    shrinks: bool


def main() -> int:
    """Run the cases; status 1 where one differs."""
    options = _options()
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000_000
    print(f"seeds {first} to {first + options.cases - 1}, mode {options.mode}", flush=True)
    total, failed, started = Tally(), 0, time.monotonic()
    with ProcessPoolExecutor(options.jobs) as pool:
        for number, (failures, tally) in enumerate(pool.map(try_batch, batches(first, options)), 1):
            total.add(tally)
            if number % 20 == 0:
                print(f"{number * BATCH} cases done", flush=True)
            failed += len(failures)
            for case, difference in failures:
                print(f"\n{case}\n  {told(difference)}", flush=True)
    print(f"{options.cases} cases in {time.monotonic() - started:.0f} s, {failed} differ")
    print("runs: " + ", ".join(f"{count} {name}" for name, count in total.outcomes.most_common()))
    for after, kind in (("", "first"), (" again", "second")):
        hits, misses = total.repeats["hit" + after], total.repeats["miss" + after]
        print(f"{kind} repeats that change nothing: {hits} of {hits + misses} were hits")
    return 1 if failed else 0


def told(difference: Difference) -> str:
    """A difference in words."""
    return f"run {difference.run} ({difference.outcome}): {difference.what}"


def try_batch(batch: Batch) -> tuple[list[tuple[FuzzCase, Difference]], Tally]:
    """The cases of a batch that differ, cut down as far as they go on differing."""
    tally, failures = Tally(), []
    for seed in range(batch.first_seed, batch.first_seed + batch.cases):
        case = case_for(seed, batch.longest, has_steps=batch.has_steps)
        difference = try_case(case, batch.mode, tally)
        if difference is None:
            continue
        if batch.shrinks:
            case, difference = shrink(case, difference, batch.mode)
        failures.append((case, difference))
    return failures, tally


def batches(first: int, options: argparse.Namespace) -> Iterator[Batch]:
    """All cases in batches."""
    end = first + options.cases
    for seed in range(first, end, BATCH):
        yield Batch(
            seed,
            min(BATCH, end - seed),
            options.mode,
            options.longest,
            options.steps,
            options.shrink,
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, help="of the first case; the next follow")
    parser.add_argument("--mode", choices=("strict", "default"), default="strict")
    parser.add_argument("--longest", type=int, default=LONGEST_SCRIPT, help="lines of a script")
    parser.add_argument("--steps", action="store_true", help="each line is a script of its own")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--no-shrink", dest="shrink", action="store_false")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
