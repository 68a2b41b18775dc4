"""Compares `buildopt run` with plain reruns on random scripts, and cuts down what differs.

python benchmarks/fuzz_tracing.py                    200 cases from a fresh seed
python benchmarks/fuzz_tracing.py --seed 7 --cases 1 one case again
python benchmarks/fuzz_tracing.py --mode default     own outputs are adopted

Before each run of a case the same command is run plainly on a copy of the tree. Afterwards the
tree (kinds, bytes, modes), stdout and exit status must be equal. In the default mode a hit may
do better than a plain rerun with what the task itself made, so there only the paths that it
never made are compared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "e2e"))

from fuzz_grammar import FuzzCase, case_for, plant, smaller

TIME_LIMIT_S = 60
"""For one run: a script that blocks or a program that hangs is a failure."""
SHRINK_TRIES = 150
COMMAND = ("sh", "script.sh")
State = tuple[str, bytes, int]


class Difference(NamedTuple):
    """Where a run went wrong."""

    run: int
    outcome: str
    what: str


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: bytes


def main() -> int:
    """Run the cases; status 1 where one differs."""
    options = _options()
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000_000
    print(f"seeds {first} to {first + options.cases - 1}, mode {options.mode}", flush=True)
    outcomes: Counter[str] = Counter()
    failed = 0
    for seed in range(first, first + options.cases):
        case = case_for(seed)
        difference = try_case(case, options, outcomes)
        if difference is None:
            continue
        failed += 1
        report(case, difference, options)
        if failed >= options.stop_after:
            break
    print(f"{failed} cases differ; runs: {dict(outcomes)}")
    return 1 if failed else 0


def report(case: FuzzCase, difference: Difference, options: argparse.Namespace) -> None:
    """Print a failing case, cut down as far as it goes on failing."""
    if options.shrink:
        case, difference = shrink(case, difference, options)
    print(f"\n{case}\n  run {difference.run} ({difference.outcome}): {difference.what}", flush=True)


def shrink(
    case: FuzzCase, difference: Difference, options: argparse.Namespace
) -> tuple[FuzzCase, Difference]:
    """The smallest case found that still differs."""
    tries = 0
    is_smaller = True
    while is_smaller and tries < SHRINK_TRIES:
        is_smaller = False
        for candidate in smaller(case):
            tries += 1
            found = try_case(candidate, options, Counter())
            if found is not None:
                case, difference, is_smaller = candidate, found, True
                break
            if tries >= SHRINK_TRIES:
                break
    return case, difference


def try_case(
    case: FuzzCase, options: argparse.Namespace, outcomes: Counter[str]
) -> Difference | None:
    """The first difference of a case, or None."""
    top = Path(tempfile.mkdtemp(prefix="fuzz-", dir=options.dir))
    try:
        return _try_in(top, case, options.mode, outcomes)
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _try_in(top: Path, case: FuzzCase, mode: str, outcomes: Counter[str]) -> Difference | None:
    root = top / "project"
    plant(case, root)
    environment = _environment(top)
    made: set[str] = set()
    for run, changes in enumerate(case.changes):
        for change in changes:
            change.apply(root)
        before = tree(root)
        expected, expected_tree = _run_plainly(top, root, environment)
        ended, outcome = _run_wrapped(top, root, environment, mode)
        outcomes[outcome] += 1
        now = tree(root)
        if mode == "strict" or outcome == "executed":
            what = _differs(expected, ended) or _differing(expected_tree, now, set())
        else:
            what = _differing(expected_tree, now, made)
        if what:
            return Difference(run, outcome, what)
        made |= {path for path, state in now.items() if before.get(path) != state}
    return None


def tree(root: Path) -> dict[str, State]:
    """Kind, content and mode of everything below `root`."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = _state(path)
    return found


def _state(path: str) -> State:
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return "link", os.fsencode(os.readlink(path)), 0
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        return "folder", b"", mode
    return "file", Path(path).read_bytes(), mode


def _run_plainly(
    top: Path, root: Path, environment: dict[str, str]
) -> tuple[Ended, dict[str, State]]:
    copy = top / "copy" / "project"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root, copy, symlinks=True)
    return _run(COMMAND, copy, environment), tree(copy)


def _run_wrapped(
    top: Path, root: Path, environment: dict[str, str], mode: str
) -> tuple[Ended, str]:
    program = os.path.join(os.path.dirname(sys.executable), "buildopt")
    result = top / "result.json"
    result.unlink(missing_ok=True)
    options = ["--quiet", "--observe", "seccomp", "--result-file", str(result)]
    if mode == "strict":
        options.append("--strict-outputs")
    ended = _run((program, "run", *options, "--", *COMMAND), root, environment)
    return ended, _outcome(result)


def _outcome(result: Path) -> str:
    import json

    try:
        told = json.loads(result.read_text())
    except (OSError, ValueError):
        return "no result"
    outcome = str(told.get("outcome", "unknown"))
    if outcome == "executed" and not told.get("stored"):
        kinds = sorted({reason["kind"] for reason in told.get("not_stored", ())})
        return f"executed, not stored: {' '.join(kinds)}"
    return outcome


def _run(argv: tuple[str, ...], directory: Path, environment: dict[str, str]) -> Ended:
    done = subprocess.run(
        argv,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout)


def _environment(top: Path) -> dict[str, str]:
    for name in ("home", "cache", "state"):
        (top / name).mkdir()
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(top / "home"),
        "LC_ALL": "C",
        "BUILDOPT_CACHE_DIR": str(top / "cache"),
        "BUILDOPT_STATE_DIR": str(top / "state"),
    }


def _differs(expected: Ended, ended: Ended) -> str:
    if expected.status != ended.status:
        return f"status {ended.status} instead of {expected.status}"
    if expected.out != ended.out:
        return f"printed {ended.out!r} instead of {expected.out!r}"
    return ""


def _differing(expected: dict[str, State], now: dict[str, State], spared: set[str]) -> str:
    for path in sorted(expected.keys() | now.keys()):
        if path not in spared and expected.get(path) != now.get(path):
            return f"{path} is {now.get(path)} instead of {expected.get(path)}"
    return ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, help="of the first case; the next follow")
    parser.add_argument("--mode", choices=("strict", "default"), default="strict")
    parser.add_argument("--stop-after", type=int, default=5, metavar="N", help="failing cases")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false")
    parser.add_argument("--dir", help="where cases are made")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
