"""Builds a Vite app and a Python package, and takes pictures of the reports of their runs.

python benchmarks/report_pictures.py --into pictures

Three runs of each: the first, one with nothing changed, and one after an edit; then a report over
all of them and a comparison. Each page is shown on a wide screen and on a phone, light and dark;
its size and how long Chromium takes to open it are printed, also of a made-up build of 10,000
processes. Needs npm, a network for npm and pip, and Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from buildopt.events import Event, RunFinished, TaskFinished, data_of
from buildopt.report.html import page_of
from buildopt.report.view import view_of

ROOT = Path(__file__).parents[1]
PROJECTS = ROOT / "fixtures/projects"
OPENED = 5
VIEWS = [(width, theme) for width in (1440, 360) for theme in ("light", "dark")]
EDITS = {
    "vite-react": ("src/App.tsx", "\nexport const edited = 'edited';\n"),
    "py-package": ("README.md", "\nEdited.\n"),
}


def main() -> None:
    """Build, write the pages, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--into", type=Path, default=Path("pictures"))
    parser.add_argument("--browser", default=shutil.which("chromium"))
    parser.add_argument("--only", nargs="*", default=[*EDITS])
    chosen = parser.parse_args()
    into = chosen.into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        pages = [page for name in chosen.only for page in pages_of(name, Path(place), into)]
    pages.append(page_of_many(into / "ten-thousand.html"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chosen.browser)
        for page in pages:
            take(browser, page)
        browser.close()


def pages_of(name: str, place: Path, into: Path) -> list[Path]:
    """The reports of three runs of a project."""
    project = place / name
    shutil.copytree(PROJECTS / name, project)
    command = installed(name, project, place)
    environ = os.environ | {
        f"BUILDOPT_{each}_DIR": str(place / f"{name}-{each}") for each in ("STATE", "CACHE")
    }
    pages = []
    for number, round_name in enumerate(("first", "second", "edited")):
        if round_name == "edited":
            path, text = EDITS[name]
            with (project / path).open("a") as file:
                file.write(text)
        page = into / f"{name}-{number + 1}-{round_name}.html"
        buildopt(project, environ, "run", "--", *command)
        time.sleep(4)  # an analysis of its bundles follows in the background
        buildopt(project, environ, "report", "--html", str(page))
        pages.append(page)
    over = into / f"{name}-all.html"
    buildopt(project, environ, "report", "--since", "1h", "--html", str(over))
    compared = into / f"{name}-compared.html"
    first = subprocess.run(
        (sys.executable, "-m", "buildopt", "runs"), cwd=project, env=environ, check=True,
        capture_output=True, text=True,
    ).stdout.splitlines()[-1].split()[0]  # fmt: skip
    buildopt(project, environ, "report", "--compare", first, "--html", str(compared))
    return [*pages, over, compared]


def page_of_many(path: Path, count: int = 10_000) -> Path:
    """The report of a build of many processes, eight at a time."""
    rows = [{"pid": 1, "parent_pid": 0, "command": ["make", "-j8"], "start_s": 0.0,
             "end_s": count * 0.03 + 1, "cpu_s": 3.0, "peak_memory_bytes": 10**7}]  # fmt: skip
    for n in range(2, count + 1):
        command = ["cc", "-O2", "-c", f"src/part-{n}.c", "-o", f"build/part-{n}.o"]
        start_s, took_s = n * 0.03, 0.1 + (n * 7_919 % 101) / 500
        rows.append({"pid": n, "parent_pid": 1, "command": command, "start_s": start_s,
                     "end_s": start_s + took_s, "cpu_s": took_s,
                     "peak_memory_bytes": 3 * 10**7})  # fmt: skip
    told = {"task": "make", "command": ("make", "-j8"), "directory": "/p", "outcome": "executed",
            "exit_code": 0, "duration_s": count * 0.03 + 1}  # fmt: skip
    records = (
        RunFinished(run_id="r", root="/p", project="p", cpu_s=2_000.0, **told),
        TaskFinished(processes="processes", stored=True, **told),
    )
    events = [
        Event(id=record.type, time_ns=10**18, mono_ns=0, type=record.type, source="/h", n=1,
              run="r", data=data_of(record))
        for record in records
    ]  # fmt: skip
    blobs = {"processes": json.dumps(rows).encode()}
    path.write_bytes(page_of(view_of(events, "r", lambda digest: blobs[digest])))
    return path


def installed(name: str, project: Path, place: Path) -> tuple[str, ...]:
    """The build command of a project, with what it needs in place."""
    if name == "vite-react":
        call(project, "npm", "ci", "--no-audit", "--no-fund")
        return ("npm", "run", "build")
    tools = place / "tools"
    call(project, sys.executable, "-m", "venv", str(tools))
    call(project, str(tools / "bin/pip"), "install", "-q", "build", "hatchling")
    return (str(tools / "bin/python"), "-m", "build", "-n")


def call(project: Path, *command: str) -> None:
    """A command whose words matter only where it fails."""
    done = subprocess.run(
        command, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")


def buildopt(project: Path, environ: dict[str, str], *arguments: str) -> None:
    """A command of ours."""
    subprocess.run(
        (sys.executable, "-m", "buildopt", *arguments), cwd=project, env=environ, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def opened_ms(browser: Browser, path: Path) -> float:
    """From the click to the first picture of it with everything in place."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(path.as_uri())
    shown = page.evaluate(
        "new Promise(done => requestAnimationFrame(() => setTimeout("
        "() => done(performance.now()))))"
    )
    page.close()
    return float(shown)


def take(browser: Browser, path: Path) -> None:
    """Pictures of a page beside it: what one sees at once, and all of it."""
    times_ms = [opened_ms(browser, path) for _ in range(OPENED)]
    print(
        f"{path.name}: {path.stat().st_size:,} bytes, open in {median(times_ms):.0f} ms "
        f"({min(times_ms):.0f} to {max(times_ms):.0f} of {OPENED})"
    )
    for width, theme in VIEWS:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,  # type: ignore[arg-type]
        )
        page = context.new_page()
        page.goto(path.as_uri())
        stem = f"{path.stem}-{width}-{theme}"
        page.screenshot(path=path.with_name(f"{stem}.png"))
        page.screenshot(path=path.with_name(f"{stem}-whole.png"), full_page=True)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            print(f"{stem}: wider than the screen")
        context.close()


if __name__ == "__main__":
    main()
