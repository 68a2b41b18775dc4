"""Measures what it costs to answer each of many tasks of one call from its record.

python benchmarks/graph_hits.py                      as a Markdown table
python benchmarks/graph_hits.py --tasks 100 --pairs 3    roughly

Ours is `buildopt run all` where nothing changed; the baseline is an interpreter that does nothing.
Each task reads ten files of its own and its shell, writes one file and prints a line; a tenth of
them can run at once.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from main_job import HEADER, describe_machine, row
from pairs import Case, Side, time_once, time_pairs

TARGET_S = 0.003
"""A task, beyond one interpreter start."""
PROGRAM = Path(sys.executable).with_name("buildopt")
FILES = 10
WIDTH = 10


def main() -> None:
    """Measure and print."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="graph-hits-", dir=options.dir))
    try:
        print("\n".join(f"{name}: {text}" for name, text in describe_machine(folder).items()))
        print(HEADER, row(_measure(folder, options)), sep="\n\n", flush=True)
    finally:
        shutil.rmtree(folder)


def _measure(folder: Path, options: argparse.Namespace) -> Case:
    project = folder / "project"
    project.mkdir()
    _write_project(project, options.tasks)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "BUILDOPT_CACHE_DIR": str(folder / "cache"),
        "BUILDOPT_STATE_DIR": str(folder / "state"),
    }
    call = (str(PROGRAM), "run", "all")
    time_once(Side(call, project, environment))  # records them
    said = f"{options.tasks + 1} hits"
    ours = Side(call, project, environment, must_say=said)
    base = Side((sys.executable, "-c", "pass"), project, environment)
    took_s, base_s = time_pairs(ours, base, options.pairs)
    title = f"{options.tasks:,} tasks, all hits, more than `python -c pass`"
    return Case(title, "difference", TARGET_S * options.tasks, took_s, base_s)


def _write_project(project: Path, count: int) -> None:
    (project / ".git").mkdir()
    lines = []
    for number in range(count):
        sources = project / f"p{number}" / "src"
        sources.mkdir(parents=True)
        for name in range(FILES):
            (sources / f"{name}.txt").write_text(f"{number} {name}\n")
        script = f"cat p{number}/src/* > p{number}/out; echo built {number}"
        lines.append(f'[tasks.t{number}]\ncommand = ["sh", "-c", "{script}"]\n')
        if number >= WIDTH:
            lines.append(f'depends_on = ["t{number - WIDTH}"]\n')
    names = ", ".join(f'"t{number}"' for number in range(count))
    lines.append(f'[tasks.all]\ncommand = "true"\ndepends_on = [{names}]\n')
    (project / "buildopt.toml").write_text("".join(lines))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--dir", type=Path, help="where the project is made")
    return parser.parse_args()


if __name__ == "__main__":
    main()
