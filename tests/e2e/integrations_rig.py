"""Front ends, backends and test tools from PyPI with buildopt in one environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = (
    "build", "uv", "tox", "nox", "hatch", "rust-just", "pytest",
    "hatchling>=1.27", "setuptools>=77", "flit_core>=3.12", "poetry-core>=2", "editables",
)  # fmt: skip
NOT_HERE = ("No matching distribution found", "connection broken by")


def install_tools(place):
    """Install it all below `place`; the variables by which it is used. Skips without an index."""
    wheels, python = place / "wheels", place / "venv" / "bin" / "python"
    links = os.environ.get("PIP_FIND_LINKS", "")
    environ = os.environ | {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "PIP_FIND_LINKS": f"{links} {wheels}".strip(),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_FIND_LINKS": str(wheels),
        "UV_CACHE_DIR": str(place / "uv"),
        "npm_config_prefer_offline": "true",
    }
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "FORCE_COLOR"):
        environ.pop(name, None)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", wheels]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", place / "venv"], check=True)
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "buildopt", *TOOLS], env=environ,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if any(word in done.stderr for word in NOT_HERE):
        pytest.skip("no package index answers")
    assert done.returncode == 0, done.stderr
    return environ


def at(environ, place):
    """The same variables with a cache and a journal of their own."""
    return environ | {
        "BUILDOPT_CACHE_DIR": str(place / "cache"),
        "BUILDOPT_STATE_DIR": str(place / "state"),
    }
