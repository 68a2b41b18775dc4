"""The sources of the pages' scripts: of sound types, and built into what may stand in a page."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.scenario_project import INSTALL_ENVIRON, NOT_HERE

pytestmark = [pytest.mark.projects, pytest.mark.timeout(180)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy with its packages installed, or why they cannot be had here."""
    folder = tmp_path_factory.mktemp("front-end")
    ignored = shutil.ignore_patterns("node_modules")
    shutil.copytree(ROOT / "frontend", folder / "frontend", ignore=ignored)
    styles = folder / "buildopt/report/bundle"  # which the dashboard's own import
    styles.mkdir(parents=True)
    for name in ("treemap.css", "bundle.css"):
        shutil.copy(ROOT / "buildopt/report/bundle" / name, styles)
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    done = npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    if done.returncode and (said := NOT_HERE.search(done.stdout + done.stderr)):
        pytest.skip(f"npm says `{said[0]}`")
    assert done.returncode == 0, done.stderr
    return folder


def npm(folder, *arguments):
    return subprocess.run(
        ["npm", *arguments], cwd=folder / "frontend", env=os.environ | INSTALL_ENVIRON,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_types_are_sound(project):
    done = npm(project, "run", "check")

    assert done.returncode == 0, done.stdout


def test_a_script_has_its_licences_and_could_not_end_its_element(project):
    done = npm(project, "run", "build")

    assert done.returncode == 0, done.stderr
    script = (project / "buildopt/report/assets/bundle.js").read_text()
    assert script.startswith("/*! d3-hierarchy 3.1.3\n\nCopyright")
    assert "</script" not in script.lower()
    assert "<!--" not in script
    assert len(script) < 40_000
