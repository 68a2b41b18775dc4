"""Measures what it costs to plan the tasks of a large workspace: manifests read, plan made.

python benchmarks/plan_cost.py                       as a Markdown table
python benchmarks/plan_cost.py --packages 200 --pairs 3    roughly
python benchmarks/plan_cost.py --profile npm         where the time goes, instead

Ours is a process that does what `buildopt run build` does before the first task, from
`load_project` to the `Plan`; the baseline is an interpreter that does nothing. Each package has a
manifest of a usual size, three scripts, a dozen packages of others and up to four of the workspace.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from main_job import HEADER, describe_machine, row
from pairs import Case, Side, time_pairs

TARGET_S = 0.3
"""Beyond one interpreter start, for 1,000 packages."""
PLANNING = """\
import os, sys
from buildopt.tasks.graph import plan
from buildopt.tasks.workspaces import load_project
directory = os.getcwd()
settings, workspace = load_project(directory, os.environ)
made = plan(['build'], settings=settings, workspace=workspace, directory=directory)
sys.stderr.write(f'{len(made.tasks)} tasks planned')
"""
PROFILING = """\
import cProfile, pstats
profile = cProfile.Profile()
profile.enable()
exec({program!r})
profile.disable()
pstats.Stats(profile).sort_stats('tottime').print_stats(25)
"""


def main() -> None:
    """Measure and print."""
    options = _options()
    if not options.profile:
        machine = describe_machine(options.dir)
        print("\n".join(f"{name}: {value}" for name, value in machine.items()), HEADER, sep="\n\n")
    for name, write in KINDS.items():
        if options.profile not in ("", name):
            continue
        folder = Path(tempfile.mkdtemp(prefix="plan-cost-", dir=options.dir))
        try:
            (folder / ".git").mkdir()
            write(folder, options.packages)
            if options.profile:
                _profile(folder)
            else:
                print(row(_measure(name, folder, options)), flush=True)
        finally:
            shutil.rmtree(folder)


def _measure(name: str, folder: Path, options: argparse.Namespace) -> Case:
    environment = {"HOME": str(folder)}
    ours = Side(
        (sys.executable, "-c", PLANNING),
        folder,
        environment,
        must_say=f"{options.packages} tasks planned",
    )
    base = Side((sys.executable, "-c", "pass"), folder, environment)
    title = f"plan of {options.packages:,} packages, {name}"
    return Case(title, "difference", TARGET_S, *time_pairs(ours, base, options.pairs))


def _profile(folder: Path) -> None:
    import subprocess

    program = PROFILING.format(program=PLANNING)
    subprocess.run([sys.executable, "-c", program], cwd=folder, env={"HOME": "/"}, check=True)


def _npm(folder: Path, packages: int) -> None:
    root = {"name": "root", "private": True, "workspaces": ["packages/*", "!packages/none"]}
    _write(folder / "package.json", json.dumps(root, indent=2))
    _write(folder / "package-lock.json", "{}")
    _write_members(folder, packages, _package_json)


def _pnpm(folder: Path, packages: int) -> None:
    _write(folder / "package.json", json.dumps({"name": "root"}))
    _write(folder / "pnpm-workspace.yaml", "packages:\n  - 'packages/**'\n  - '!**/test/**'\n")
    _write_members(folder, packages, _package_json)


def _uv(folder: Path, packages: int) -> None:
    sources = "".join(f'"p{at:04}" = {{ workspace = true }}\n' for at in range(packages))
    _write(
        folder / "pyproject.toml",
        f'[tool.uv.workspace]\nmembers = ["packages/*"]\n[tool.uv.sources]\n{sources}',
    )
    _write_members(folder, packages, _pyproject)


KINDS: dict[str, Callable[[Path, int], None]] = {"npm": _npm, "pnpm": _pnpm, "uv": _uv}


def _write_members(
    folder: Path, packages: int, manifest: Callable[[int, list[str]], tuple[str, str]]
) -> None:
    seeded = random.Random(6)
    for at in range(packages):
        needs = sorted(
            {f"p{seeded.randrange(at):04}" for _ in range(seeded.randrange(5))} if at else ()
        )
        name, content = manifest(at, needs)
        _write(folder / f"packages/p{at:04}" / name, content)


def _package_json(at: int, needs: list[str]) -> tuple[str, str]:
    others = {f"library-{number}": f"^{number}.2.3" for number in range(12)}
    manifest = {
        "name": f"p{at:04}",
        "version": "1.4.2",
        "description": "A package of a workspace that was made to be planned",
        "license": "MIT",
        "type": "module",
        "main": "./dist/index.js",
        "types": "./dist/index.d.ts",
        "files": ["dist"],
        "exports": {".": {"types": "./dist/index.d.ts", "import": "./dist/index.js"}},
        "scripts": {"build": "tsc -b", "lint": "eslint src", "test": "vitest run"},
        "dependencies": dict(list(others.items())[:6]) | dict.fromkeys(needs, "^1.4.0"),
        "devDependencies": dict(list(others.items())[6:]),
    }
    return "package.json", json.dumps(manifest, indent=2)


def _pyproject(at: int, needs: list[str]) -> tuple[str, str]:
    return "pyproject.toml", "\n".join(_toml_lines(at, needs))


def _toml_lines(at: int, needs: list[str]) -> Iterator[str]:
    yield from ("[build-system]", 'requires = ["hatchling>=1.27"]')
    yield 'build-backend = "hatchling.build"'
    yield from ("[project]", f'name = "p{at:04}"', 'version = "1.4.2"')
    yield 'description = "A package of a workspace that was made to be planned"'
    yield 'requires-python = ">=3.11"'
    others = [f"library-{number}>={number}.2" for number in range(6)]
    yield f"dependencies = {json.dumps([*others, *needs])}"
    yield from ("[dependency-groups]", 'dev = ["pytest>=8", "ruff>=0.8", "mypy>=1.13"]')
    yield from ("[tool.ruff]", "line-length = 100")
    yield from ("[tool.buildopt.tasks.build]", 'command = "python -m build -n"')


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--packages", type=int, default=1_000, help="of each workspace (1000)")
    parser.add_argument("--pairs", type=int, default=21, help="turns of each side (21)")
    parser.add_argument(
        "--dir", type=Path, default=Path("/var/tmp"), help="folder on a real disk (/var/tmp)"
    )
    parser.add_argument("--profile", default="", metavar="KIND", help="npm, pnpm or uv")
    return parser.parse_args()


if __name__ == "__main__":
    main()
