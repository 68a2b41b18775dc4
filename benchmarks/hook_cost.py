"""What the hook `buildopt-run` adds to a call of pre-commit or prek when its build is as recorded.

    python benchmarks/hook_cost.py [--dir FOLDER] [--files 1000] [--pairs 21]

A hook that runs `true` and ours on a recorded build of that many files take turns (A B A B …) in
one repository, as whole calls of the tool: with nothing to put aside, and with a change that is put
aside and back, so that the file's times change each time, and as a push calls it, with the names of
other commits in variables each time. Processor time is told beside the time
that passes, since other load on the machine hardly moves it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from main_job import HEADER, describe_machine, row
from pairs import Case, Side, do_nothing, time_once

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
TARGET_S = 0.150
CONFIG = """repos:
  - repo: {hooks}
    rev: {revision}
    hooks:
      - id: buildopt-run
        args: [./build.sh]
  - repo: local
    hooks:
      - id: nothing
        name: nothing
        entry: "true"
        language: system
        pass_filenames: false
        always_run: true
        require_serial: true
        stages: [manual, pre-push]
"""
WHO = ("-c", "user.name=a", "-c", "user.email=a@example.org")
REFS = ("HEAD~1", "HEAD")
"""Stand for their hashes, which the tools put into variables as they are given."""


def main() -> None:
    """Print a row of the table for each tool and state."""
    options = _options()
    print(
        ", ".join(f"{name} {value}" for name, value in describe_machine(options.dir).items()), "\n"
    )
    print(HEADER)
    place = Path(tempfile.mkdtemp(dir=options.dir))
    try:
        for tool in ("pre-commit", "prek"):
            _measure(place / tool, tool, options.files, options.pairs)
    finally:
        shutil.rmtree(place)


def _measure(place: Path, tool: str, files: int, pairs: int) -> None:
    environ = _surroundings(place)
    app = _repository(place, files, environ)
    manual, push = (
        ("--hook-stage", "manual"),
        ("--hook-stage", "pre-push", "--from-ref", REFS[0], "--to-ref", REFS[1]),
    )
    _turns(f"{tool}, nothing to put aside", _sides(tool, app, environ, manual), pairs)
    (app / "src/0.txt").write_text("another\n")
    _turns(f"{tool}, a change put aside", _sides(tool, app, environ, manual), pairs)
    (app / "src/0.txt").write_text("0\n")
    _turns(f"{tool}, a push", _sides(tool, app, environ, push), pairs)


def _sides(
    tool: str, app: Path, environ: dict[str, str], stage: tuple[str, ...]
) -> tuple[Side, Side]:
    """Ours and the hook that does nothing; each call is of a commit of its own."""

    def commit() -> None:
        subprocess.run(
            ["git", *WHO, "commit", "-q", "--allow-empty", "--no-verify", "-m", "next"],
            cwd=app, env=environ, check=True,
        )  # fmt: skip

    call = (str(PROGRAMS / tool), "run", *stage)
    return tuple(Side((*call, hook), app, environ, commit) for hook in ("buildopt-run", "nothing"))


def _turns(title: str, sides: tuple[Side, Side], pairs: int) -> None:
    ours, base = sides
    turns = [(_time(ours), _time(base)) for _ in range(pairs + 1)][1:]
    for measured, name in ((0, "passed"), (1, "processor time")):
        ours_s, base_s = zip(*((a[measured], b[measured]) for a, b in turns), strict=True)
        case = Case(f"{title}: {name}", "difference", TARGET_S, ours_s, base_s)
        print(row(case), flush=True)
    _require_hit(ours.directory, ours.environment)


def _time(side: Side) -> tuple[float, float]:
    """Seconds that passed, and seconds of processors, of one call and all that it started."""
    side.prepare()
    argv = tuple(_hash_of(side, word) if word in REFS else word for word in side.argv)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    passed_s = time_once(side._replace(argv=argv, prepare=do_nothing))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return passed_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _surroundings(place: Path) -> dict[str, str]:
    programs = place / "bin"
    programs.mkdir(parents=True)
    (programs / "buildopt").symlink_to(PROGRAMS / "buildopt")
    return {
        **os.environ,
        "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(place),
        "BUILDOPT_CACHE_DIR": str(place / "cache"),
        "BUILDOPT_STATE_DIR": str(place / "state"),
    }


def _repository(place: Path, files: int, environ: dict[str, str]) -> Path:
    hooks, app = place / "hooks", place / "app"
    hooks.mkdir()
    shutil.copy2(ROOT / ".pre-commit-hooks.yaml", hooks)
    revision = _commit(hooks, environ)
    (app / "src").mkdir(parents=True)
    for number in range(files):
        (app / f"src/{number}.txt").write_text(f"{number}\n")
    (app / ".gitignore").write_text("out.txt\n")
    (app / "build.sh").write_text("#!/bin/sh\ncat src/*.txt > out.txt\n")
    (app / "build.sh").chmod(0o755)
    (app / ".pre-commit-config.yaml").write_text(CONFIG.format(hooks=hooks, revision=revision))
    _commit(app, environ)
    return app


def _commit(folder: Path, environ: dict[str, str]) -> str:
    for words in (("init", "-q"), ("add", "-A"), (*WHO, "commit", "-qm", "all")):
        subprocess.run(["git", *words], cwd=folder, env=environ, check=True)
    return _hash_of(Side((), folder, environ), "HEAD")


def _hash_of(side: Side, ref: str) -> str:
    told = subprocess.run(
        ["git", "rev-parse", ref],
        cwd=side.directory, env=side.environment, check=True, capture_output=True,
    )  # fmt: skip
    return told.stdout.decode().strip()


def _require_hit(app: Path, environ: Mapping[str, str]) -> None:
    """The measurement is of nothing else."""
    told = subprocess.run(
        [PROGRAMS / "buildopt", "runs"], cwd=app, env=environ, check=True, capture_output=True
    )
    if b" executed " in told.stdout.splitlines()[0]:
        raise SystemExit("the last run was no hit")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=1_000, help="that the build reads (1000)")
    parser.add_argument("--pairs", type=int, default=21, help="turns of each side (21)")
    parser.add_argument(
        "--dir", type=Path, default=Path("/var/tmp"), help="folder on a real disk (/var/tmp)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
