"""The plugin for Vite and Rollup in real builds."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from buildopt.integrations.bundlers import COPY, PLUGIN
from tests.e2e.scenario_project import INSTALL_ENVIRON, NOT_HERE
from tests.rig import Rig, tree

SAMPLES = Path(__file__).parents[2] / "fixtures" / "bundlers"
PLAIN = {
    "vite": ("npx", "vite", "build", "--config", "plain.config.js"),
    "rollup": ("npx", "rollup", "--config", "plain.config.js"),
}
CHUNKS = {"vite": {"index.html", "src/main.js"}, "rollup": {"src/main.js"}}
pytestmark = [pytest.mark.projects, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=list(PLAIN))
def built(request, tmp_path_factory):
    """The tool, the project with the plugin, and what a build without it made."""
    rig = Rig(tmp_path_factory.mktemp(request.param), observe="auto")
    rig.environ["HOME"] = os.environ["HOME"]  # has npm's cache
    shutil.copytree(SAMPLES / request.param, rig.root, dirs_exist_ok=True)
    shutil.copy(PLUGIN, rig.root / COPY)
    install = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=rig.root,
        env=os.environ | INSTALL_ENVIRON, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if install.returncode and (said := NOT_HERE.search(install.stdout + install.stderr)):
        pytest.skip(f"npm says `{said[0]}`")
    assert install.returncode == 0, install.stderr
    return request.param, rig, plainly(rig, *PLAIN[request.param])


def plainly(rig, *command):
    """What a build without buildopt makes."""
    shutil.rmtree(rig.root / "dist", ignore_errors=True)
    done = subprocess.run(
        command, cwd=rig.root, env=rig.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return tree(rig.root / "dist")


def test_output_is_the_same_with_and_without_the_plugin(built):
    _, rig, made_without = built
    made_outside = plainly(rig, "npm", "run", "build")
    shutil.rmtree(rig.root / "dist")
    done = rig.run("--force", "--", "npm", "run", "build")

    assert (done.status, done.outcome) == (0, "executed")
    assert rig.events("buildopt.bundler.finished")
    assert rig.tree("dist") == made_outside == made_without


def test_event_tells_modules_chunks_and_times_and_an_answer_tells_nothing(built):
    tool, rig, made = built
    told_by = rig.run("--force", "--", "npm", "run", "build").result["run_id"]
    told = len(rig.events("buildopt.bundler.finished"))
    answered = rig.run("--", "npm", "run", "build")
    data = rig.events("buildopt.bundler.finished")[-1].data

    assert answered.outcome == "fresh"
    assert len(rig.events("buildopt.bundler.finished")) == told
    assert (data["tool"], data["output_folder"], data["format"]) == (tool, "dist", "es")
    assert set(data["phases_s"]) == {"modules", "render", "write"}
    assert all(0 <= took_s < 60 for took_s in data["phases_s"].values())
    [entry] = [chunk for chunk in data["chunks"] if chunk["is_entry"]]
    names = {module["module"] for module in entry["modules"]}
    assert names >= CHUNKS[tool] | {"src/knots.js"}
    for chunk in data["chunks"]:
        assert len(made[chunk["file"]][2]) == chunk["bytes"]
    assert data["chunks_total"] == len(data["chunks"]) == 2
    assert data["modules"] >= 3
    shown = rig.call("runs", "show", told_by).stdout.decode()
    assert f"  bundler: {tool} {data['tool_version']} dist: {data['modules']} modules; " in shown
    assert "bundler:" not in rig.call("runs", "show").stdout.decode()


def test_events_that_cannot_be_written_fail_no_build(built):
    _, rig, made = built
    rig.environ["BUILDOPT_EVENTS"] = "/nowhere/at/all"

    try:
        assert plainly(rig, "npm", "run", "build") == made
    finally:
        del rig.environ["BUILDOPT_EVENTS"]
