"""Measures what a bundle analysis costs: CPU, against a plain reading of the same bytes.

python benchmarks/bundle_cost.py                      as a Markdown table
python benchmarks/bundle_cost.py --modules 2000 --pairs 2    roughly, in a few seconds

The baseline is a Python process that does `json.loads` of the map and `gzip -9` of the file. Ours
is `buildopt bundle --encoding gzip --json`: once with an empty memo, once with nothing changed.
Both take turns, and user and system time of each process count, so that other load disturbs little.

The bundle is made here: one minified line of functions whose names, lengths and mappings are spread
as in real ones (a mapping for each 5 to 6 characters, one in three with a name), and a map with the
texts of all sources.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from main_job import describe_machine

COLD_TARGET = 1.5
WARM_TARGET = 0.3
MODULES = 20_000
NAMED_SHARE = 0.33
"""Mappings with a name, as in the maps of six bundlers."""
BASELINE = """
import json, sys, zlib
json.loads(open(sys.argv[1] + ".map", "rb").read())
stream = zlib.compressobj(9, zlib.DEFLATED, 31)
stream.compress(open(sys.argv[1], "rb").read())
stream.flush()
"""
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
SOME_CODE = """
function return const this props state value index length key options node parent child render
update error message module exports default prototype call apply map filter reduce push slice
concat join null undefined true false new typeof instanceof Object Array String
"""
WORDS = SOME_CODE.split()


class Case(NamedTuple):
    """Ratios of CPU, pair by pair, and what the median may be."""

    title: str
    ratios: tuple[float, ...]
    target: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--modules", type=int, default=MODULES)
    parser.add_argument("--pairs", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        script = write_bundle(folder / "dist", chosen.modules)
        map_bytes = Path(f"{script}.map").stat().st_size
        for name, value in describe_machine(folder).items():
            print(f"{name}: {value}")
        print(f"\n{chosen.modules:,} modules, {script.stat().st_size:,} bytes, map {map_bytes:,}\n")
        print("| case | CPU ÷ baseline (min–max) | target | holds |\n| --- | --- | --- | --- |")
        for case in measure(folder, script, chosen.pairs):
            median = statistics.median(case.ratios)
            spread = f"{min(case.ratios):.2f}–{max(case.ratios):.2f}"
            holds = "yes" if median <= case.target else "no"
            print(f"| {case.title} | {median:.2f} ({spread}) | ≤ {case.target} | {holds} |")


def measure(folder: Path, script: Path, pairs: int) -> Iterator[Case]:
    """Both cases, in turns with the baseline."""
    cache = folder / "cache"
    ours = (sys.executable, "-m", "buildopt", "bundle", str(script.parent), "--encoding", "gzip")
    base = (sys.executable, "-c", BASELINE, str(script))
    turns = []
    for _ in range(pairs):
        shutil.rmtree(cache, ignore_errors=True)
        turns.append((cpu_s((*ours, "--json"), cache), cpu_s((*ours, "--json"), cache),
                      cpu_s(base, cache)))  # fmt: skip
    yield Case("first analysis", tuple(cold / plain for cold, _, plain in turns), COLD_TARGET)
    yield Case("nothing changed", tuple(warm / plain for _, warm, plain in turns), WARM_TARGET)


def cpu_s(argv: tuple[str, ...], cache: Path) -> float:
    """User and system seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"BUILDOPT_CACHE_DIR": str(cache)}
    subprocess.run(argv, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_bundle(folder: Path, modules: int) -> Path:
    """A file of one line and its map."""
    folder.mkdir()
    choice = random.Random(1)
    text: list[str] = []
    mappings: list[str] = []
    contents = []
    line, column = 0, 0
    for number in range(modules):
        source = []
        for count in range(choice.randint(40, 70)):
            step = len(text[-1]) if text else 0
            next_line, next_column = count // 4, choice.randint(0, 40)
            fields = [step, int(number > 0 and count == 0), next_line - line, next_column - column]
            name = [choice.randint(-90, 90)] if choice.random() < NAMED_SHARE else []
            mappings.append("".join(map(digits, [*fields, *name])))
            line, column = next_line, next_column
            text.append(token(choice))
            source.append(text[-1] if count % 4 else f"\n  {text[-1]}")
        contents.append(f"/* {module_path(number)} */\n{' '.join(source)}\n" * 2)
    script = folder / "main.js"
    script.write_text("".join(text) + "\n//# sourceMappingURL=main.js.map\n")
    sources = [f"webpack://app/./{module_path(number)}" for number in range(modules)]
    fields_of_map = {"version": 3, "sources": sources, "sourcesContent": contents, "names": WORDS}
    whole = json.dumps(fields_of_map | {"mappings": ",".join(mappings)})
    Path(f"{script}.map").write_text(whole)
    return script


def token(choice: random.Random) -> str:
    """A word, or a name of one letter as a minifier gives, and what follows on it."""
    word = choice.choice(WORDS) if choice.random() < 0.5 else chr(choice.randint(97, 122))
    return word + choice.choice(".;(){}=,+ ")


def module_path(number: int) -> str:
    """Two in three modules are installed ones, twenty to a package."""
    if number % 3:
        return f"node_modules/package-{number // 20}/lib/module-{number}.js"
    return f"src/part-{number // 50}/module-{number}.js"


def digits(number: int) -> str:
    """A number as a mapping has it."""
    rest = (-number << 1) | 1 if number < 0 else number << 1
    found = ""
    while True:
        rest, low = rest >> 5, rest & 31
        found += DIGITS[low | (32 if rest else 0)]
        if not rest:
            return found


if __name__ == "__main__":
    main()
