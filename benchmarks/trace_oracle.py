"""Compares what strace saw of real builds with what the tracer saw, and with what is recorded.

python benchmarks/trace_oracle.py                     all workloads, two Markdown tables
python benchmarks/trace_oracle.py vite make --extra   two of them, with what was not compared

It needs strace 5.17 or newer (`apt-get install strace`). Each workload (workloads.py) runs four
times: twice under strace, once under the mechanism alone, once through `buildopt run`; each time
from the same clean state, or with --again from that which a run leaves. Status 1 where the
tracer missed a path, or the record does not cover an access.

Not every path can be compared, and how many were set aside stands in the table:

- below `/proc`, where names are process ids;
- seen by one of the two strace runs only: random names, and what depends on timing.

Names that tools make up anew in each run are made equal before (trace_oracle_comparison.py).
Sockets are not compared, and neither is a look at an open file, whose opening was seen.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from trace_oracle_comparison import Compared, Covered, compare, cover
from trace_oracle_coverage import COLUMNS, NOT_COVERED
from trace_oracle_seen import Pair
from trace_oracle_strace import strace
from trace_oracle_tracer import trace
from workloads import add_options, prepare


def main() -> int:
    """Compare, and print both tables."""
    options = _options()
    if not shutil.which("strace"):
        raise SystemExit("`strace` is not installed: apt-get install strace")
    compared, covered = [], []
    for workload in prepare(options.dir, options.names):
        print(f"{workload.name} …", file=sys.stderr, flush=True)
        if options.again:
            workload.run()
            workload = workload._replace(made=())
        strace_runs = [strace(workload), strace(workload)]
        traced, trouble = trace(workload)
        compared.append(compare(workload.name, strace_runs, traced))
        _tell_pairs("missed by the tracer", compared[-1].missed)
        _tell_pairs("made it incomplete", trouble)
        if options.extra:
            _tell_pairs("seen by the tracer only", compared[-1].extra)
            _tell_pairs("set aside", compared[-1].set_aside)
        with tempfile.TemporaryDirectory(prefix="trace-oracle-") as place:
            covered += cover(workload, strace_runs, Path(place))
        for row in covered[-2:]:
            _tell_pairs("not covered", [(str(each.kind), each.path) for each in row.uncovered])
    print(_first_table(compared), _second_table(covered), sep="\n\n")
    is_sound = not any(row.missed for row in compared) and not any(r.uncovered for r in covered)
    return 0 if is_sound else 1


def _first_table(rows: Iterable[Compared]) -> str:
    kinds = ("read", "look", "in vain", "list", "write", "delete", "execute")
    ends = ("tracer's paths", "**missed**", "extra", "set aside")
    lines = [_row("workload", "strace's paths", *kinds, *ends), "|" + " --- |" * 13]
    for row in rows:
        counts = (row.by_kind[kind] for kind in kinds)
        found = (row.traced_paths, len(row.missed), len(row.extra), len(row.set_aside))
        lines.append(_row(row.name, row.paths, *counts, *found))
    return "\n".join(lines)


def _second_table(rows: Iterable[Covered]) -> str:
    lines = [_row("workload", "where", "accesses", *COLUMNS, "**not covered**")]
    lines.append("|" + " --- |" * (len(COLUMNS) + 4))
    for row in rows:
        counts = (row.by_rule[rule] for rule in (*COLUMNS, NOT_COVERED))
        lines.append(_row(row.name, row.place, row.by_rule.total(), *counts))
    return "\n".join(lines)


def _row(*cells: object) -> str:
    return f"| {' | '.join(f'{c:,}' if isinstance(c, int) else str(c) for c in cells)} |"


def _tell_pairs(title: str, pairs: Iterable[Pair]) -> None:
    for kind, path in pairs:
        print(f"  {title}: {kind} {path!r}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    parser.add_argument(
        "--again", action="store_true", help="leave in place what the runs before made"
    )
    parser.add_argument(
        "--extra",
        action="store_true",
        help="print what only the tracer saw, and what was set aside",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
