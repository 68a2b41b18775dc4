"""How a bundler of JavaScript tells what it made: a plugin of ours, or an option of its own."""

from __future__ import annotations

import os
from typing import NamedTuple

PLUGIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js", "plugin.mjs")
"""One file that needs no other, for Vite and Rollup."""
COPY = "buildopt-plugin.mjs"
"""Its name in a project."""


class Bundler(NamedTuple):
    """What to add to a project so that its builds tell more."""

    script: str
    """The line of `package.json`."""
    config: str = ""
    """The file that names the plugin; empty for a bundler without ours."""
    lines: tuple[str, ...] = ()
    """What to write there."""


IMPORT = f'import buildopt from "./{COPY}";'
BUNDLERS = {
    "vite": Bundler(
        '"build": "buildopt run -- vite build"',
        "vite.config.js",
        (IMPORT, "export default defineConfig({ plugins: [buildopt()] });"),
    ),
    "rollup": Bundler(
        '"build": "buildopt run -- rollup -c"',
        "rollup.config.js",
        (IMPORT, "export default { plugins: [buildopt()] };"),
    ),
    "webpack": Bundler('"build": "buildopt run -- webpack --json=stats.json"'),
    "esbuild": Bundler(
        '"build": "buildopt run -- esbuild src/main.js --bundle --outdir=dist --metafile=meta.json"'
    ),
}
