"""A stranger's plugin, installed with pip, works beside one that dies at every event."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.monitor.plugins.plugin_rig import install, plugin_source

SAMPLE = Path(__file__).parents[3] / "plugins" / "sample_counter"
INSTALL = (
    "install", "--no-index", "--no-build-isolation", "--no-deps", "--quiet",
    "--disable-pip-version-check", "--target",
)  # fmt: skip
DYING = """
class Dying(Counter):
    types = ("buildopt.run.finished",)
    def look(self, event):
        os._exit(1)
"""


@pytest.mark.projects
def test_an_installed_plugin_counts_real_builds_beside_one_that_dies(tmp_path):
    installed = tmp_path / "installed"
    subprocess.run([sys.executable, "-m", "pip", *INSTALL, installed, SAMPLE], check=True)
    (installed / "dying.py").write_text(plugin_source(DYING, "Dying"))
    install(installed, "dying-plugin", {"buildopt.monitor_plugins": {"dying": "dying"}})
    environ = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "BUILDOPT_STATE_DIR": str(tmp_path / "state"),
        "BUILDOPT_CACHE_DIR": str(tmp_path / "cache"),
    }

    def buildopt(*words):
        run = subprocess.run(
            [Path(sys.executable).with_name("buildopt"), *words],
            cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        return run.stdout

    (tmp_path / "input.txt").write_text("one")
    for _ in range(2):
        buildopt("run", "--", "cp", "input.txt", "output.txt")
    buildopt("monitor", "--until-idle", "--only", "sample-counter,dying")
    told = buildopt("events", "list", "--type", "buildopt.sample.counted", "--json")
    again = buildopt("monitor", "replay", "--plugin", "sample-counter")
    plugins = json.loads(buildopt("monitor", "plugins", "--json"))["plugins"]
    letters = buildopt("monitor", "plugins", "--dead-letters", "counter")

    counts = [json.loads(line)["data"]["count"] for line in told.splitlines()]
    assert counts == [1, 2]
    assert [json.loads(line)["data"]["count"] for line in again.splitlines()] == [1, 2]
    states = {row["name"]: [c["dead_letters"] for c in row["consumers"]] for row in plugins}
    assert states["sample-counter"] == [0]
    assert states["dying"] == [2]
    assert letters.count("the process ended (status `1`)") == 2
    assert buildopt("sample-counter") == "hello from a plugin\n"
