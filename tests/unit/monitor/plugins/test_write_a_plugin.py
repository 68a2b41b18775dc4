"""docs/guides/write-a-plugin.md is followed word by word, and shows what comes out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
GUIDE = ROOT / "docs" / "guides" / "write-a-plugin.md"
BLOCK = re.compile(r"(?:^`([\w.]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.M | re.S)
INSTALL = "--no-index --no-build-isolation --no-deps --quiet --disable-pip-version-check --target"


def blocks():
    """(name of a file or empty, language, text) in order."""
    return BLOCK.findall(GUIDE.read_text())


@pytest.mark.projects
def test_the_guide_works_as_it_stands(tmp_path):
    project, installed = tmp_path / "build-records", tmp_path / "installed"
    project.mkdir()
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(installed),
        "BUILDOPT_STATE_DIR": str(tmp_path / "state"),
        "BUILDOPT_CACHE_DIR": str(tmp_path / "cache"),
    }
    out = ""
    shown = 0
    for name, language, text in blocks():
        if name:
            (project / name).write_text(text)
        elif language == "sh":
            script = text.replace("pip install .", f"pip install {INSTALL} {installed} .")
            run = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=project, env=environ, capture_output=True, text=True, timeout=100,
            )  # fmt: skip
            assert run.returncode == 0, run.stderr
            out = run.stdout
        elif language == "text":
            assert out == text
            shown += 1

    assert shown == 2
