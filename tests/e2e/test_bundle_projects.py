"""Bundles of real bundlers, against the figures that those give themselves."""

import json
import os
import shutil
import subprocess

import pytest

from buildopt.bundle.modules import package_copy
from tests.e2e.scenario_project import INSTALL_ENVIRON, NOT_HERE
from tests.rig import Rig

pytestmark = [
    pytest.mark.projects,
    pytest.mark.xdist_group("bundlers"),
    pytest.mark.timeout(300),
]

PACKAGES = {"preact": "10.26.4", "dayjs": "1.11.10", "lodash": "4.17.21"}
BUNDLERS = {"esbuild": "0.25.0", "webpack": "5.98.0", "webpack-cli": "6.0.1", "vite": "6.2.0"}
INDEX = """import { h, render } from 'preact';
import debounce from 'lodash/debounce.js';
const greeting = (name) => `Grüße 👋 ${name} → ${'😀'.repeat(2)}`;
render(h('p', null, greeting('Zoë')), document.body);
debounce(() => import('./page.js').then((page) => page.show()), 10)();
"""
PAGE = """import dayjs from 'dayjs';
export const show = () => console.log('Überblick 📅', dayjs().format());
"""
BUILDS = {
    "esbuild": ("esbuild", "src/index.js", "--bundle", "--minify", "--splitting", "--format=esm",
                "--charset=utf8", "--sourcemap", "--metafile=meta.json", "--outdir=dist"),
    "webpack": ("webpack", "--mode=production", "--devtool=source-map", "--json=stats.json",
                "--output-filename=[name].[contenthash:8].js"),
    "vite": ("vite", "build", "--sourcemap", "--manifest", "--logLevel=error"),
}  # fmt: skip


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A folder with the bundlers and packages, or why they cannot be had here."""
    folder = tmp_path_factory.mktemp("bundlers")
    package = {"name": "greeter", "private": True, "type": "module"}
    (folder / "package.json").write_text(json.dumps(package))
    install(folder, PACKAGES | BUNDLERS)
    yield folder
    shutil.rmtree(folder)


def install(folder, versions):
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    names = [f"{name}@{version}" for name, version in versions.items()]
    done = subprocess.run(
        ["npm", "install", "--save-exact", "--no-audit", "--no-fund", *names],
        cwd=folder, env=os.environ | INSTALL_ENVIRON, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and (said := NOT_HERE.search(done.stdout + done.stderr)):
        pytest.skip(f"npm says `{said[0]}`")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def project(installed, tmp_path):
    """The sources, with the installed packages beside them."""
    rig = Rig(tmp_path)
    shutil.copytree(installed, rig.root, symlinks=True, dirs_exist_ok=True)
    rig.write("src/index.js", INDEX)
    rig.write("src/page.js", PAGE)
    rig.write("index.html", '<body><script type="module" src="/src/index.js"></script></body>')
    return rig


def build(rig, bundler):
    program, *arguments = BUILDS[bundler]
    shutil.rmtree(rig.root / "dist", ignore_errors=True)
    done = subprocess.run(
        [rig.root / "node_modules/.bin" / program, *arguments],
        cwd=rig.root, env=rig.environ, stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def analysis(rig, *arguments):
    done = rig.call("bundle", *arguments, "--json")
    assert done.stderr == b""
    return json.loads(done.stdout)


@pytest.mark.parametrize("bundler", BUILDS)
def test_the_bytes_of_a_real_bundle_add_up_and_its_packages_are_known(project, bundler):
    build(project, bundler)

    found = analysis(project)

    sizes = {file["path"]: file["raw"] for file in found["files"]}
    for row in found["attribution"]:
        parts = ("mapped", "unmapped", "line_ends", "map_comment")
        assert sum(row[part] for part in parts) == sizes[row["path"]]
    assert {p["name"]: p["version"] for p in found["packages"]} == PACKAGES
    assert [len(entry["lazy"]) > 0 for entry in found["entries"]] == [True]
    assert found["tool"]["name"] == bundler
    assert found["problems"] == []


def test_esbuild_gives_each_package_the_same_bytes(project):
    build(project, "esbuild")
    told = dict.fromkeys(PACKAGES, 0)
    metafile = json.loads(project.read("meta.json"))
    for output in metafile["outputs"].values():
        for name, part in output["inputs"].items():
            copy = package_copy(name)
            if copy:
                told[copy.name] += part["bytesInOutput"]

    found = {p["name"]: p["bytes"] for p in analysis(project)["packages"]}

    for name, count in told.items():
        assert found[name] == pytest.approx(count, rel=0.01, abs=60)


@pytest.mark.parametrize("bundler", ["esbuild", "webpack"])
def test_every_package_has_a_chain_that_begins_at_the_entry(project, bundler):
    build(project, bundler)

    found = analysis(project)

    chains = {why["package"]: why["chain"] for why in found["why"]}
    assert set(chains) == set(PACKAGES)
    assert {chain[0].removeprefix("./") for chain in chains.values()} == {"src/index.js"}
    assert [name.removeprefix("./") for name in chains["dayjs"]][1] == "src/page.js"


def test_a_dependency_that_was_bumped_is_the_cause_of_the_difference(project):
    build(project, "esbuild")
    (project.root / "before.json").write_bytes(project.call("bundle", "--json").stdout)
    install(project.root, {"dayjs": "1.11.13"})
    build(project, "esbuild")

    found = analysis(project, "diff", "before.json", "dist")

    (package,) = found["packages"]
    assert package["name"] == "dayjs"
    assert package["cause"].startswith("version 1.11.10 → 1.11.13 (package-lock.json:")
    assert found["modules"] == []
