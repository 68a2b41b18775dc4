"""Measures the page of a bundle: its size, and the CPU that a browser spends on it.

python benchmarks/bundle_page.py                       as a Markdown table
python benchmarks/bundle_page.py --modules 50000 --browser /usr/bin/chromium
python benchmarks/bundle_page.py --keep page.html      and leave the page there

The analysis is made here: files, packages and modules with names of words, as many and as long as
in real builds, and sizes that are spread over powers of ten. CPU is `TaskDuration` of the page in
ticks of its thread as Chromium counts them, from its start until the map and the tables are drawn,
at 1400 × 900; the best of several. The last column is that of one letter in the search.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from main_job import describe_machine
from playwright.sync_api import Browser, sync_playwright

from buildopt.bundle.model import (
    Attribution,
    BundleAnalysis,
    Compressor,
    Module,
    OutputFile,
    Package,
    Sizes,
)
from buildopt.report.bundle.html import page_of_analysis

SIZE_TARGET_BYTES = 300_000
CPU_TARGET_S = 0.6
MODULES = (5_000, 50_000)
FILES = 12
MODULES_A_PACKAGE = 40
SOME_WORDS = """
app array async base button cache chart client color config context core create date dialog draw
effect element error event field filter fixed focus form format frame global graph group guard
handle header helper history hook icon image index input item label layer layout link list loader
locale map match menu merge method model module node number object observer option order page
panel parse path plugin point promise proxy query range react record reducer ref render request
router scale scroll select series service shape signal size slice source stack state store stream
string style symbol sync table task text theme time token tooltip transform tree type update value
vector view watch window worker zoom
"""
WORDS = SOME_WORDS.split()
WEIGHTS = [1 / rank for rank in range(1, len(WORDS) + 1)]
"""Few words are in many names (Zipf); so names compress to about as many bytes as real ones."""


class Cost(NamedTuple):
    """What one page costs a browser."""

    load_s: float
    search_s: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--modules", type=int, action="append")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--browser", default=shutil.which("chromium"))
    parser.add_argument("--keep", type=Path, help="leave the last page here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        path = chosen.keep or Path(place) / "page.html"
        for name, value in describe_machine(Path(place)).items():
            print(f"{name}: {value}")
        browser = playwright.chromium.launch(
            executable_path=chosen.browser, args=["--no-sandbox"], env={"HOME": place}
        )
        print(f"browser: Chromium {browser.version}\n")
        print("| modules | named | page | CPU until drawn | holds | CPU of a search |")
        print("| --- | --- | --- | --- | --- | --- |")
        for modules in chosen.modules or MODULES:
            page = page_of_analysis(analysis_of(modules))
            path.write_bytes(page)
            cost = best(browser, path.resolve(), chosen.times)
            holds = len(page) <= SIZE_TARGET_BYTES and cost.load_s <= CPU_TARGET_S
            print(
                f"| {modules:,} | {named(page, modules)} | {len(page) / 1000:.0f} kB "
                f"| {cost.load_s * 1000:.0f} ms | {'yes' if holds else 'no'} "
                f"| {cost.search_s * 1000:.0f} ms |"
            )
        browser.close()


def named(page: bytes, modules: int) -> str:
    """How many modules the page tells apart."""
    told = re.search(rb"The page names the ([0-9,]+)", page)
    return told[1].decode() if told else f"{modules:,}"


def best(browser: Browser, path: Path, times: int) -> Cost:
    """The least of several loads, each in a page of its own."""
    costs = [cost_of(browser, path) for _ in range(times)]
    return Cost(min(cost.load_s for cost in costs), min(cost.search_s for cost in costs))


def cost_of(browser: Browser, path: Path) -> Cost:
    """One load and one search, each until the page has nothing to do."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def task_s() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(row["value"] for row in metrics if row["name"] == "TaskDuration")

    page.goto(path.as_uri())
    page.wait_for_selector("#parts tbody tr")
    page.wait_for_timeout(500)
    load_s = task_s()
    page.get_by_label("Search").press("e")
    page.wait_for_timeout(500)
    cost = Cost(load_s, task_s() - load_s)
    context.close()
    return cost


def analysis_of(modules: int) -> BundleAnalysis:
    """A build with so many modules."""
    choice = random.Random(1)
    names = module_names(choice, modules)
    rows = [
        Module(file=file_name(number), name=name, kind="package" if package else "app",
               instance=f"node_modules/{package}" if package else "",
               bytes=int(choice.lognormvariate(6.5, 1.3)) + 20)
        for number, (package, name) in enumerate(names)
    ]  # fmt: skip
    sizes: dict[str, int] = {}
    copies: dict[str, dict[str, int]] = {}
    for row in rows:
        sizes[row.file] = sizes.get(row.file, 0) + row.bytes
        if row.instance:
            files = copies.setdefault(row.instance, {})
            files[row.file] = files.get(row.file, 0) + row.bytes
    packages = tuple(
        Package(name=instance.removeprefix("node_modules/"), version=f"{choice.randint(0, 20)}.1.0",
                instance=instance, bytes=sum(files.values()), files=files)
        for instance, files in copies.items()
    )  # fmt: skip
    return BundleAnalysis(
        output="dist", tool=None,
        compressors=(Compressor(encoding="gzip", library="zlib", level=9, is_estimate=False),),
        files=tuple(OutputFile(path=path, raw=raw, gzip=raw // 3, brotli=None, zstd=None, sha256="")
                    for path, raw in sizes.items()),
        totals=Sizes(raw=sum(sizes.values()), gzip=sum(raw // 3 for raw in sizes.values())),
        entries=(), packages=packages, modules=tuple(rows), duplicates=(), why=(), findings=(),
        attribution=tuple(Attribution(path=path, map="file", mapped=raw, unmapped=0, line_ends=0,
                                      map_comment=0, no_source=0, unmapped_kinds={})
                          for path, raw in sizes.items()),
        problems=(),
    )  # fmt: skip


def module_names(choice: random.Random, count: int) -> list[tuple[str, str]]:
    """Package and path of each; two in three are in packages, a package's stand together."""
    found: dict[str, str] = {}
    package, folders = "", [""]
    while len(found) < count:
        if len(found) % MODULES_A_PACKAGE == 0 or not folders:
            package = words(choice, 2) if choice.random() < 0.67 else ""
            top = f"node_modules/{package}" if package else f"src/{choice.choice(WORDS)}"
            folders = [f"{top}/{choice.choice(WORDS)}" for _ in range(5)]
        path = f"{choice.choice(folders)}/{words(choice, choice.choice((1, 2, 2, 3)))}.js"
        found.setdefault(path, package)
    return [(package, path) for path, package in found.items()]


def words(choice: random.Random, count: int) -> str:
    """A name as people give it."""
    return "-".join(choice.choices(WORDS, WEIGHTS, k=count))


def file_name(number: int) -> str:
    """The modules of a package stand in one file."""
    return f"assets/chunk-{number // MODULES_A_PACKAGE % FILES}.js"


if __name__ == "__main__":
    main()
