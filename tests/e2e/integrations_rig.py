"""Front ends, backends and test tools from PyPI with buildopt in one environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BACKENDS = ("hatchling>=1.27", "setuptools>=77", "flit_core>=3.12", "poetry-core>=2", "editables")
FRONT_ENDS = ("build", "uv", "tox", "nox", "hatch", "rust-just")
NOT_HERE = ("No matching distribution found", "connection broken by")


def install_tools(place):
    """Install it all below `place`; the variables by which it is used. Skips without an index.

    Environments that are made later get what they need from a folder: an index is asked once.
    """
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
    needed = ("buildopt", "pytest", *BACKENDS)
    pip(environ, python, "install", *needed, *FRONT_ENDS)
    pip(environ, python, "download", "-d", wheels, *needed)
    return environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "UV_NO_INDEX": "1"}


def pip(environ, python, *words):
    done = subprocess.run(
        [python, "-m", "pip", *words, "-q"], env=environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if any(word in done.stderr for word in NOT_HERE):
        pytest.skip("no package index answers")
    assert done.returncode == 0, done.stderr


def at(environ, place):
    """The same variables with a cache and a journal of their own."""
    return environ | {
        "BUILDOPT_CACHE_DIR": str(place / "cache"),
        "BUILDOPT_STATE_DIR": str(place / "state"),
    }
