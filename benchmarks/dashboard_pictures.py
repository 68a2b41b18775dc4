"""Takes pictures of each view of the dashboard: on a wide screen and on a phone, light and dark.

python -m benchmarks.dashboard_pictures --into pictures

Each view as far as one sees at once, and whole. Without `--ready FILE` (that of a running monitor)
it starts one on a fresh folder with a made-up history of 29 days, and builds the sample project of
`fixtures/notes` with edits, for about a minute. Needs Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import dashboard_history

ROOT = Path(__file__).parents[1]
VIEWS = ("", "builds", "cache", "bundles", "system", "alerts", "findings", "plugins")
SIZES = ((1440, 900), (360, 740))
THEMES = ("light", "dark")
FOLLOWED = {
    "run": ("builds", "&outcome=executed", "#list tbody tr a"),
    "compare": ("builds", "&outcome=executed&task=web+build", "#list tbody tr a"),
    "finding": ("findings", "", "#changes tbody tr a"),
    "bundle-comparison": ("bundles", "", "a:text('with this') >> nth=-1"),
}
"""Views behind a link: where it stands, with what filters, and the link."""
ROUNDS = 8


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--into", type=Path, default=Path("pictures"))
    parser.add_argument("--ready", type=Path, help="ready file of a monitor that runs")
    parser.add_argument("--range", default="30d")
    parser.add_argument("--run", help="id of the run that is shown; the newest without")
    parser.add_argument("--only", nargs="*", help="views; all without")
    parser.add_argument("--browser", default=shutil.which("chromium"))
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    with ready(chosen.ready) as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chosen.browser)
        for size in SIZES:
            for theme in THEMES:
                take(browser, place, (size, theme), chosen)
        browser.close()


@contextmanager
def ready(given: Path | None) -> Iterator[dict[str, str]]:
    """Where a monitor answers: the given one, or one of our own with some builds behind it."""
    if given:
        yield json.loads(given.read_text())
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ready.json"
        folders = {f"BUILDOPT_{name}_DIR": f"{folder}/{name}" for name in ("STATE", "CACHE")}
        environ = os.environ | folders
        dashboard_history.write(folders["BUILDOPT_STATE_DIR"], now_s=time.time())
        command = [sys.executable, "-m", "buildopt", "dashboard", "--port", "0"]
        monitor = subprocess.Popen([*command, "--ready-file", str(path)], env=environ)
        try:
            while not path.exists():
                time.sleep(0.1)
            build(Path(folder) / "project", environ)
            yield json.loads(path.read_text())
        finally:
            monitor.terminate()
            monitor.wait()


def build(project: Path, environ: dict[str, str]) -> None:
    """Real builds: after edits, and unchanged; one that fails."""
    shutil.copytree(ROOT / "fixtures/notes", project)
    run = [sys.executable, "-m", "buildopt", "run", "--", "./build.sh"]
    for number in range(ROUNDS):
        (project / "notes/tea.md").write_text(f"# Tea\n\nInfusion {number}\n")
        for _ in range(2):
            subprocess.run(run, cwd=project, env=environ, check=True)
    subprocess.run([*run[:-1], "false"], cwd=project, env=environ, check=False)
    time.sleep(3)


def take(browser: Browser, place: dict[str, str], look: tuple, chosen: argparse.Namespace) -> None:
    """All views in one size and theme."""
    (width, height), theme = look
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{place['url']}/enter?token={place['token']}")
    for view in (*VIEWS, "task", *FOLLOWED):
        if chosen.only and (view or "overview") not in chosen.only:
            continue
        opened(page, place["url"], view, chosen)
        name = f"{view or 'overview'}-{width}-{theme}"
        page.screenshot(path=chosen.into / f"{name}.png")
        page.screenshot(path=chosen.into / f"{name}-whole.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if wide:
            print(f"{name}: wider than the screen")
    context.close()


def opened(page: Page, url: str, view: str, chosen: argparse.Namespace) -> None:
    """A view, drawn."""
    span = f"?range={chosen.range}"
    if view == "run" and chosen.run:
        page.goto(f"{url}/runs/{chosen.run}{span}")
    elif view == "task":
        page.goto(f"{url}/builds{span}&task=web+build")
    elif view in FOLLOWED:
        path, filters, link = FOLLOWED[view]
        page.goto(f"{url}/{path}{span}{filters}")
        page.click(link)
        if view == "compare":
            page.click("button:text('Compare')")
    else:
        page.goto(f"{url}/{view}{span}")
    page.wait_for_selector("h1")
    page.wait_for_timeout(700)


if __name__ == "__main__":
    main()
