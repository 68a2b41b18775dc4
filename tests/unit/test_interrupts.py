"""Ctrl-C while a call begins: it ends us, where an exception could get lost in an import."""

import subprocess
import sys

import pytest

PROBE = """
import signal, sys

class Probe:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            print(signal.getsignal(signal.SIGINT).name, flush=True)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Probe())
sys.argv = ["buildopt", sys.argv[1], "--help"]
from buildopt.__main__ import main
main()
"""


@pytest.mark.parametrize("command", ["run", "build", "watch"])
def test_the_first_import_of_the_command_line_cannot_swallow_ctrl_c(command: str) -> None:
    asked = subprocess.run([sys.executable, "-c", PROBE, command], capture_output=True, text=True)

    assert asked.stdout.startswith("SIG_DFL\n"), asked.stderr
