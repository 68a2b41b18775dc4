"""Builds an app with webpack and with Vite, and takes pictures of the pages of their bundles.

python benchmarks/bundle_pictures.py --into pictures

The app has what real ones have: a library in two versions (the one that a date picker brings), one
of which all languages come in (with webpack), one that is imported whole. Each page is shown on a
wide screen and on a phone, light and dark; further pictures show a search, a part that was zoomed
into, the map by package, and what the date picker added. Needs npm and Chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PACKAGES = {
    "react": "19.0.0", "react-dom": "19.0.0", "lodash": "4.17.15", "date-fns": "2.30.0",
    "moment": "2.24.0", "chart.js": "4.4.0", "zod": "4.1.0", "react-datepicker": "6.9.0",
}  # fmt: skip
BUNDLERS = {
    "webpack": {"webpack": "5.98.0", "webpack-cli": "6.0.1", "esbuild-loader": "4.3.0"},
    "vite": {"vite": "6.2.0"},
}
BUILDS = {
    "webpack": ("node_modules/.bin/webpack", "--json=stats.json"),
    "vite": ("node_modules/.bin/vite", "build", "--sourcemap", "--manifest", "--logLevel=error"),
}
SOURCES = {
    "src/main.jsx": """import React, { lazy, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import _ from 'lodash';
import { List } from './parts/List.jsx';
const Charts = lazy(() => import('./pages/Charts.jsx'));
const Calendar = lazy(() => import('./pages/Calendar.jsx'));
const App = () => (
  <Suspense fallback="…"><h1>{_.startCase('orders of today')}</h1><List /><Charts /><Calendar />
  </Suspense>
);
createRoot(document.getElementById('root')).render(<App />);
""",
    "src/parts/List.jsx": """import React, { useState } from 'react';
import debounce from 'lodash/debounce';
import { format } from 'date-fns';
export function List() {
  const [rows, set] = useState([]);
  const add = debounce(() => set((known) => [...known, new Date()]), 50);
  return <ul onClick={add}>{rows.map((at) => <li key={at}>{format(at, 'HH:mm')}</li>)}</ul>;
}
""",
    "src/pages/Charts.jsx": """import React, { useEffect, useRef } from 'react';
import { Chart, registerables } from 'chart.js';
Chart.register(...registerables);
export default function Charts() {
  const place = useRef();
  useEffect(() => void new Chart(place.current, { type: 'bar', data: { datasets: [] } }), []);
  return <canvas ref={place} />;
}
""",
    "index.html": '<!doctype html><div id="root"></div><script type="module" src="/src/main.jsx">'
    "</script>",
    "webpack.config.js": """module.exports = {
  mode: 'production', entry: './src/main.jsx', devtool: 'source-map',
  output: { filename: '[name].[contenthash:8].js', clean: true },
  module: { rules: [{ test: /\\.jsx$/, loader: 'esbuild-loader' }] },
};
""",
}
CALENDAR = """import React, {{ useState }} from 'react';
import moment from 'moment';
import {{ z }} from 'zod';
{imported}
const shape = z.object({{ at: z.string() }});
export default function Calendar() {{
  const [at, set] = useState(new Date());
  return <p>{{moment(at).calendar()}} {{JSON.stringify(shape.parse({{ at: 'x' }}))}}{shown}</p>;
}}
"""
PICKER = {
    "imported": "import DatePicker from 'react-datepicker';",
    "shown": "<DatePicker selected={at} onChange={set} />",
}
VIEWS = [(width, theme) for width in (1440, 360) for theme in ("light", "dark")]


def main() -> None:
    """Build, write the pages, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--into", type=Path, default=Path("pictures"))
    parser.add_argument("--browser", default=shutil.which("chromium"))
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chosen.browser)
        for bundler in BUNDLERS:
            one, two = pages_of(bundler, Path(place) / bundler, chosen.into.resolve())
            take(browser, one, two)
        browser.close()


def pages_of(bundler: str, project: Path, into: Path) -> tuple[Path, Path]:
    """The page of the app, and that of what its date picker added."""
    for name, text in SOURCES.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    (project / "package.json").write_text(json.dumps({"name": "orders", "private": True}))
    wanted = [f"{name}@{version}" for name, version in (PACKAGES | BUNDLERS[bundler]).items()]
    run(project, "npm", "install", "--legacy-peer-deps", "--no-audit", "--no-fund", *wanted)
    calendar = project / "src/pages/Calendar.jsx"
    calendar.write_text(CALENDAR.format(imported="", shown=""))
    run(project, *BUILDS[bundler])
    (project / "before.json").write_bytes(bundle(project, "dist", "--json"))
    calendar.write_text(CALENDAR.format(**PICKER))
    run(project, *BUILDS[bundler])
    one, two = into / f"{bundler}.html", into / f"{bundler}-diff.html"
    bundle(project, "dist", "--html", str(one))
    bundle(project, "diff", "before.json", "dist", "--html", str(two))
    return one, two


def run(project: Path, *command: str) -> None:
    """A command of npm's; what it says only where it fails."""
    done = subprocess.run(
        command, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")


def bundle(project: Path, *arguments: str) -> bytes:
    """What our command prints."""
    command = (sys.executable, "-m", "buildopt", "bundle", *arguments)
    return subprocess.run(command, cwd=project, stdout=subprocess.PIPE, check=True).stdout


def take(browser: Browser, one: Path, two: Path) -> None:
    """Pictures beside the pages."""
    for path in (one, two):
        for width, theme in VIEWS:
            page = opened(browser, path, width, theme)
            page.screenshot(path=path.with_name(f"{path.stem}-{width}-{theme}.png"))
            page.context.close()
    page = opened(browser, one, 1440, "light")
    page.screenshot(path=one.with_name(f"{one.stem}-whole.png"), full_page=True)
    page.get_by_label("Search").fill("date-fns")
    page.screenshot(path=one.with_name(f"{one.stem}-search.png"))
    page.get_by_label("Search").fill("")
    page.get_by_label("Group by").select_option("owner")
    page.screenshot(path=one.with_name(f"{one.stem}-packages.png"))
    page.locator("canvas").dblclick(position={"x": 60, "y": 27})
    page.screenshot(path=one.with_name(f"{one.stem}-zoomed.png"))
    page.context.close()


def opened(browser: Browser, path: Path, width: int, theme: str) -> Page:
    """The page, drawn."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("#parts tbody tr")
    page.wait_for_timeout(200)
    return page


if __name__ == "__main__":
    main()
