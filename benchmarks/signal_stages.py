"""Sends each signal at every call of a run, one run for each, and tells which left anything.

python benchmarks/signal_stages.py                       all of it: hours
python benchmarks/signal_stages.py --step 20 --calls rename,flock

The rig, and what is held after each run, stand in tests/e2e/signal_rig.py. While the command runs
a signal may be taken for Ctrl-C's, which the command then should have got too: a run that ends
well instead of by the signal is right then. Ctrl-C while the interpreter itself starts is told by
the interpreter, with a traceback.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.e2e.signal_rig import Point, SignalProject
from tests.rig import Rig

CALLS = (
    "openat", "newfstatat", "read", "write", "rename", "unlink", "flock", "getdents64", "clone",
    "close", "mkdir", "utimensat", "poll",
)  # fmt: skip
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STEPS = ("fresh", "storing", "restoring")
MOST_CALLS = 5_000


def main() -> int:
    """Send them; status 1 where anything was left."""
    options = _options()
    faults, ended = [], Counter[str]()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        project = SignalProject(Rig(place))
        for number in SIGNALS:
            for step in STEPS:
                for call in options.calls:
                    for point, fault, status in struck(project, step, call, number, options.step):
                        ended[f"{step}: status {status}"] += 1
                        if fault:
                            faults.append(f"{number.name} {step} {point}: {fault}")
                            print(faults[-1], flush=True)
    for how, count in sorted(ended.items()):
        print(f"{count:6} {how}")
    print(f"faults: {len(faults)}")
    return 1 if faults else 0


def struck(
    project: SignalProject, step: str, call: str, number: signal.Signals, stride: int
) -> Iterator[tuple[Point, str, int]]:
    """Each run that got the signal: where, what was wrong with it, its status."""
    for k in range(1, MOST_CALLS, stride):
        point = Point(call, k)
        project.prepare(step, k)
        run = project.strike(point, number)
        if not run.was_sent:
            return
        yield point, _fault(project, run.status, run.err, number), run.status


def _fault(project: SignalProject, status: int, err: bytes, number: signal.Signals) -> str:
    is_at_start = b"KeyboardInterrupt" in err and b"in run_and_exit" not in err
    if status not in (0, -number) and not is_at_start:
        return f"status {status}: {err[-300:]!r}"
    if b"Traceback" in err and not is_at_start:
        return f"{err[-300:]!r}"
    try:
        project.assert_nothing_is_left()
    except AssertionError as error:
        return f"left something: {error}"
    return ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--step", type=int, default=1, help="every so many calls")
    parser.add_argument("--calls", type=lambda text: text.split(","), default=CALLS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
