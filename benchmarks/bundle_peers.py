"""Holds the bytes of packages against those of other analysers, on freshly built apps.

python benchmarks/bundle_peers.py            as Markdown tables; needs npm and its registry
python benchmarks/bundle_peers.py --folder F   keeps what is installed and built in F

One app (preact, dayjs, lodash, moment; characters outside the BMP) is built by esbuild and by
webpack, with maps beside the files. Each analyser then says how many bytes a package has:

esbuild               bytesInOutput of its metafile
source-map-explorer   --json --no-border-checks (fails without)
webpack-bundle-analyzer   parsed sizes of the leaves, of webpack's statistics
sonda                 uncompressed bytes by source, as its plugin writes them

A difference above `TOLERANCE` is marked; docs/benchmarks.md says why each is there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGES = {"preact": "10.26.4", "dayjs": "1.11.13", "lodash": "4.17.21", "moment": "2.29.4"}
TOOLS = {
    "esbuild": "0.25.0", "webpack": "5.98.0", "webpack-cli": "6.0.1", "sonda": "0.14.0",
    "source-map-explorer": "2.5.3", "webpack-bundle-analyzer": "5.4.0",
}  # fmt: skip
TOLERANCE = 0.005
INDEX = """import { h, render } from 'preact';
import debounce from 'lodash/debounce.js';
import moment from 'moment';
const greeting = (name) => `Grüße 👋 ${name} → ${'😀'.repeat(2)} ${moment().format()}`;
render(h('p', null, greeting('Zoë')), document.body);
debounce(() => import('./page.js').then((page) => page.show()), 10)();
"""
PAGE = """import dayjs from 'dayjs';
export const show = () => console.log('Überblick 📅', dayjs().format());
"""
BUILD = """
import * as esbuild from 'esbuild';
import { writeFileSync } from 'fs';
import Sonda from 'sonda/esbuild';
const done = await esbuild.build({
  entryPoints: ['src/index.js'], bundle: true, minify: true, splitting: true, format: 'esm',
  charset: 'utf8', sourcemap: true, metafile: true, outdir: 'esbuild-dist',
  plugins: [Sonda({ format: 'json', open: false, outputDir: 'sonda-esbuild' })],
});
writeFileSync('esbuild-dist/meta.json', JSON.stringify(done.metafile));
"""
WEBPACK = """
const Sonda = require('sonda/webpack').default;
module.exports = {
  mode: 'production', devtool: 'source-map', entry: './src/index.js',
  output: { path: __dirname + '/webpack-dist', filename: '[name].[contenthash:8].js' },
  plugins: [new Sonda({ format: 'json', open: false, outputDir: 'sonda-webpack' })],
};
"""
Bytes = dict[str, int]


def main() -> None:
    """Install, build, ask everybody, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path)
    folder = parser.parse_args().folder
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        compare(folder)
        return
    with tempfile.TemporaryDirectory() as place:
        compare(Path(place))


def compare(folder: Path) -> None:
    """Build in a folder, and print a table for each bundler."""
    prepare(folder)
    for bundler in ("esbuild", "webpack"):
        columns = dict(answers(folder, bundler))
        print(f"\n{bundler} {TOOLS[bundler]}, bytes of packages\n")
        print(f"| package | {' | '.join(columns)} |\n| --- {'| ---: ' * len(columns)}|")
        ours = columns["buildopt"]
        for name in PACKAGES:
            cells = [cell(found.get(name, 0), ours.get(name, 0)) for found in columns.values()]
            print(f"| {name} | {' | '.join(cells)} |")


def cell(count: int, ours: int) -> str:
    """A figure, marked where it is not ours."""
    ratio = count / ours - 1 if ours else 0.0
    return f"{count:,}" if abs(ratio) <= TOLERANCE else f"{count:,} ({ratio:+.1%})"


def prepare(folder: Path) -> None:
    """The app, with everything installed and built."""
    (folder / "src").mkdir(exist_ok=True)
    (folder / "package.json").write_text('{"name": "shop", "private": true, "type": "module"}')
    for name, text in (("src/index.js", INDEX), ("src/page.js", PAGE), ("build.mjs", BUILD),
                       ("webpack.config.cjs", WEBPACK)):  # fmt: skip
        (folder / name).write_text(text)
    names = [f"{name}@{version}" for name, version in (PACKAGES | TOOLS).items()]
    run(folder, "npm", "install", "--save-exact", "--no-audit", "--no-fund", *names)
    run(folder, "node", "build.mjs")
    run(folder, "npx", "webpack", "--json=webpack-dist/stats.json")


def answers(folder: Path, bundler: str) -> Iterator[tuple[str, Bytes]]:
    """What each analyser says."""
    dist = folder / f"{bundler}-dist"
    document = run(folder, sys.executable, "-m", "buildopt", "bundle", str(dist), "--json",
                   "--encoding", "gzip")  # fmt: skip
    packages = Counter[str]()
    for package in json.loads(document)["packages"]:
        packages[package["name"]] += package["bytes"]
    yield "buildopt", packages
    explored = run(folder, "npx", "source-map-explorer", f"{dist}/*.js", "--json", "--no-root",
                   "--no-border-checks")  # fmt: skip
    yield "source-map-explorer", by_package(
        (name, file["size"]) for result in json.loads(explored)["results"]
        for name, file in result["files"].items()
    )  # fmt: skip
    yield "sonda", by_package(sonda(folder / f"sonda-{bundler}"))
    if bundler == "esbuild":
        outputs = json.loads((dist / "meta.json").read_text())["outputs"].values()
        yield "esbuild", by_package(
            (name, part["bytesInOutput"]) for output in outputs
            for name, part in output["inputs"].items()
        )  # fmt: skip
        return
    report = folder / "analyzer.json"
    run(folder, "npx", "webpack-bundle-analyzer", str(dist / "stats.json"), str(dist), "--mode",
        "json", "--report", str(report))  # fmt: skip
    yield "webpack-bundle-analyzer", by_package(leaves(json.loads(report.read_text()), ""))


def sonda(folder: Path) -> Iterator[tuple[str, int]]:
    """Bytes by source in the newest report of sonda."""
    report = json.loads(
        max(folder.glob("*.json"), key=lambda path: path.stat().st_mtime).read_text()
    )
    for resource in report["resources"]:
        if resource.get("kind") in ("chunk",):
            yield resource["name"], resource["uncompressed"]


def leaves(nodes: list[Any], path: str) -> Iterator[tuple[str, int]]:
    """Parsed sizes of the modules that webpack-bundle-analyzer lists."""
    for node in nodes:
        name = node.get("path") or f"{path}/{node.get('label', '')}"
        if node.get("groups"):
            yield from leaves(node["groups"], name)
        elif "parsedSize" in node:
            yield name, node["parsedSize"]


def by_package(sizes: Iterator[tuple[str, int]]) -> Bytes:
    """Sums by the name behind the last `node_modules/`."""
    found = Counter[str]()
    for name, count in sizes:
        if "node_modules/" in name:
            found[name.rpartition("node_modules/")[2].partition("/")[0]] += count
    return found


def run(folder: Path, *words: str) -> str:
    """What a command prints; its errors end us."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
