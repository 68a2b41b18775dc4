"""Measures what being watched costs a build: CPU and wall time of the whole process tree, in pairs.

python benchmarks/tracing_cost.py                  all of it, as Markdown tables
python benchmarks/tracing_cost.py vite --pairs 10  one workload

Ours is `buildopt run --cache write`, which always runs the command, watches it and stores what it
made; the baseline is the command alone. Both start from the same clean state (workloads.py), and
ours from an empty cache. CPU time is user and system time of all processes, the supervisor's
included. The fixed part of it, measured with `true`, is contained in the ratios. The packages'
versions stand in workloads.py.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from main_job import describe_machine, row
from pairs import Case, Side, do_nothing, time_once, time_pairs
from workloads import Workload, add_options, prepare

from buildopt.observe.seccomp.kernel import adopt_orphans

PROGRAM = os.path.join(os.path.dirname(sys.executable), "buildopt")
CPU_TARGETS = {"tsc": 1.05, "pytest": 1.08, "vite": 1.18}
"""Upper bounds of the median ratio of CPU time."""
WORKLOADS = ("tsc", "pytest", "vite", "make", "esbuild", "wheel")
"""Those that are measured unless others are named."""
UNCHANGED_TARGET = 2.4
"""Upper bound for an unchanged `vite build`, against the start of the interpreter."""
HEADER = """\
| workload | CPU: ours | CPU: alone | CPU ratio (min–max) | target | holds | wall ratio (min–max) |
| --- | --- | --- | --- | --- | --- | --- |"""


class Spent(NamedTuple):
    """What one run cost, in seconds."""

    cpu_s: float
    wall_s: float


def main() -> None:
    """Measure and print."""
    options = _options()
    workloads = prepare(options.dir, options.names or WORKLOADS)
    adopt_orphans(wanted=True)
    print(_machine(options.dir), flush=True)
    with tempfile.TemporaryDirectory(prefix="tracing-cost-") as place:
        bench = Bench(Path(place))
        ours, base = bench.pairs_of_true(2 * options.pairs)
        print(_fixed(ours, base), HEADER, sep="\n\n", flush=True)
        for workload in workloads:
            try:
                ours, base = bench.pairs(workload, options.pairs)
            except SystemExit as trouble:  # it was not stored: the others can be measured
                print(f"{workload.name}: not measured: {trouble}", file=sys.stderr)
                continue
            print(cost_row(workload.name, ours, base), flush=True)
        for workload in workloads:
            if workload.name == "vite":
                print("\n" + row(bench.unchanged(workload, 2 * options.pairs)), flush=True)


class Bench:
    """An empty cache below `place`, and both ways to run a command."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._folders = {
            "BUILDOPT_CACHE_DIR": str(place / "cache"),
            "BUILDOPT_STATE_DIR": str(place / "state"),
        }

    def pairs(self, workload: Workload, pairs: int) -> tuple[list[Spent], list[Spent]]:
        """Ours and the baseline's of `pairs` turns."""
        base = Side(workload.argv, workload.directory, workload.environment, workload.clean)
        return spend_pairs(self._traced(base), base, pairs)

    def pairs_of_true(self, pairs: int) -> tuple[list[Spent], list[Spent]]:
        """The same for a command that does nothing: what each run costs, however small."""
        project = self._place / "project"
        project.mkdir()
        environment = {"PATH": os.defpath, "HOME": str(self._place)}
        base = Side(("/bin/true",), project, environment)
        return spend_pairs(self._traced(base), base, pairs)

    def unchanged(self, workload: Workload, pairs: int) -> Case:
        """A run with nothing changed, against the start of the interpreter."""
        self._empty_cache()
        workload.clean()
        environment = {**workload.environment, **self._folders}
        argv = (PROGRAM, "run", "--", *workload.argv)
        ours = Side(argv, workload.directory, environment, must_say="buildopt: fresh")
        for _ in range(2):  # the second one writes what the fast path reads
            time_once(ours._replace(must_say=""))
        base = Side((sys.executable, "-c", "pass"), workload.directory, environment)
        title = f"unchanged `{workload.name} build`, against `python -c pass`"
        return Case(title, "ratio", UNCHANGED_TARGET, *time_pairs(ours, base, pairs))

    def _traced(self, base: Side) -> Side:
        def prepare() -> None:
            self._empty_cache()
            base.prepare()

        argv = (PROGRAM, "run", "--cache", "write", "--observe", "seccomp", "--", *base.argv)
        environment = {**base.environment, **self._folders}
        return Side(argv, base.directory, environment, prepare, "; stored")

    def _empty_cache(self) -> None:
        for folder in self._folders.values():
            shutil.rmtree(folder, ignore_errors=True)


def spend_pairs(ours: Side, base: Side, pairs: int) -> tuple[list[Spent], list[Spent]]:
    """What `pairs` turns cost, after one turn that does not count."""
    turns = [(_spend(ours), _spend(base)) for _ in range(pairs + 1)]
    return [turn[0] for turn in turns[1:]], [turn[1] for turn in turns[1:]]


def _spend(side: Side) -> Spent:
    """The cost of one run, of all its processes."""
    side.prepare()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall_s = time_once(side._replace(prepare=do_nothing))
    _reap_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(cpu_s, wall_s)


def _reap_orphans() -> None:
    """Wait for processes that outlived their parents, or what they spent would not be counted."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def cost_row(name: str, ours: list[Spent], base: list[Spent]) -> str:
    """One line of the table."""
    target = CPU_TARGETS.get(name)
    cpu = _case(name, [spent.cpu_s for spent in ours], [spent.cpu_s for spent in base])
    wall = _case(name, [spent.wall_s for spent in ours], [spent.wall_s for spent in base])
    cells = (
        f"{name} ({len(ours)} pairs)",
        f"{statistics.median(cpu.ours_s):.2f} s",
        f"{statistics.median(cpu.base_s):.2f} s" + (" (noisy)" if cpu.is_noisy else ""),
        _spread(cpu),
        f"≤ {target:g}" if target else "–",
        "–" if not target else "yes" if cpu.holds else "**no**",
        _spread(wall) + (" (noisy)" if wall.is_noisy else ""),
    )
    return f"| {' | '.join(cells)} |"


def _case(name: str, ours_s: list[float], base_s: list[float]) -> Case:
    target = CPU_TARGETS.get(name, math.inf)
    return Case(name, "ratio", target, tuple(ours_s), tuple(base_s))


def _spread(case: Case) -> str:
    return f"{case.result:.2f} ({min(case.results):.2f}–{max(case.results):.2f})"


def _fixed(ours: list[Spent], base: list[Spent]) -> str:
    pairs = list(zip(ours, base, strict=True))
    cpu_ms = statistics.median(1000 * (our.cpu_s - its.cpu_s) for our, its in pairs)
    wall_ms = statistics.median(1000 * (our.wall_s - its.wall_s) for our, its in pairs)
    return f"`true`, watched and stored: +{cpu_ms:.0f} ms CPU, +{wall_ms:.0f} ms wall"


def _machine(place: Path) -> str:
    """What the numbers hold for; each stopped call is dearer where others want the processors."""
    more = {
        "Node.js": _first_line("node", "--version"),
        "C compiler": _first_line("cc", "--version"),
        "load average before": f"{os.getloadavg()[0]:.1f}",
    }
    return "\n".join(f"{name}: {value}" for name, value in (describe_machine(place) | more).items())


def _first_line(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()[0]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    parser.add_argument("--pairs", type=int, default=7, help="turns of each side (7)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
