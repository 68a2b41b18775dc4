"""Replays edits: after each the bare build beside the wrapped one, in two trees kept in step.

python benchmarks/replay workspace --edits 200 --seed 1    a generated TypeScript workspace
python benchmarks/replay history --edits 50 marshmallow    the last commits of a real project

Both go on where they were stopped, in the same folder. What a row holds: benchmarks/replay/rows.py.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from edits import MIXES, Developer
from history import PROJECTS, replay_history
from main_job import describe_machine
from replay_workspace import replay_workspace
from rows import Rows, reruns, table
from workspace import workspace_files


def main() -> int:
    """Replay and report; status 1 where an output was wrong."""
    options = _options()
    options.dir.mkdir(parents=True, exist_ok=True)
    rows = Rows(options.dir / "rows.jsonl")
    until_s = time.monotonic() + options.minutes * 60
    if options.what == "workspace":
        developer = Developer(workspace_files(), options.seed, options.mix)
        replay_workspace(options.dir, rows, developer, options.edits, until_s)
    else:
        project = PROJECTS[options.project]
        replay_history(options.dir, rows, project, options.edits, until_s, options.clone)
    report = _report(options, rows)
    print(report)
    if options.report:
        options.report.write_text(report, encoding="utf-8")
    return 1 if any(row.differences for row in rows.all) else 0


def _report(options: argparse.Namespace, rows: Rows) -> str:
    machine = describe_machine(options.dir) | _versions(options.dir)
    facts = "\n".join(f"- {name}: {value}" for name, value in machine.items())
    wrong = [f"- {row.number} {row.kind}: {', '.join(row.differences)}" for row in rows.all]
    wrong = [line for line, row in zip(wrong, rows.all, strict=True) if row.differences]
    parts = [facts, table(rows.all), reruns(rows.all), "\n".join(wrong)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _versions(place: Path) -> dict[str, str]:
    """Of Node.js and npm, and of what the trees have installed."""
    found = {name: _said((name, "--version")) for name in ("node", "npm")}
    for name in ("typescript", "esbuild", "vite"):
        manifest = place / "bare/node_modules" / name / "package.json"
        if manifest.exists():
            found[name] = json.loads(manifest.read_text(encoding="utf-8"))["version"]
    return found


def _said(argv: tuple[str, ...]) -> str:
    if shutil.which(argv[0]) is None:
        return "not there"
    return subprocess.run(argv, check=False, capture_output=True, text=True).stdout.strip()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ways = parser.add_subparsers(dest="what", required=True)
    for name in ("workspace", "history"):
        way = ways.add_parser(name)
        way.add_argument("--edits", type=int, default=200 if name == "workspace" else 50)
        way.add_argument("--seed", type=int, default=1, help="of the edits (1)")
        way.add_argument("--dir", type=Path, default=Path("/var/tmp/buildopt-replay") / name)
        way.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
        way.add_argument("--report", type=Path, metavar="FILE", help="write the tables there too")
        if name == "workspace":
            way.add_argument("--mix", choices=list(MIXES), default="even", help="of the edits")
        if name == "history":
            way.add_argument("project", choices=list(PROJECTS))
            way.add_argument("--clone", default="", help="clone from here, not from its address")
    options = parser.parse_args()
    options.dir = options.dir.resolve()
    return options


if __name__ == "__main__":
    sys.exit(main())
