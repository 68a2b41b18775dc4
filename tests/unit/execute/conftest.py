import json
import os
import pty
import select
import subprocess
import sys
import termios
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("driver.py")
PUPPET = Path(__file__).with_name("puppet.py")


class Driver:
    """Runs commands by `execute` in a process of its own, whose streams a test chooses."""

    def __init__(self, folder):
        self.folder = folder
        self.report_file = folder / "report.json"

    def line(self, *command, **options):
        return [sys.executable, str(DRIVER), str(self.report_file), json.dumps(options), *command]

    def run(self, *command, options=None, **streams):
        streams = {"stdin": subprocess.DEVNULL, **streams}
        if not streams.keys() & {"stdout", "stderr"}:
            streams["capture_output"] = True
        return subprocess.run(
            self.line(*command, **(options or {})), cwd=self.folder, timeout=60, **streams
        )

    def start(self, *command, options=None, **streams):
        streams = {"stdin": subprocess.DEVNULL, **streams}
        return subprocess.Popen(self.line(*command, **(options or {})), cwd=self.folder, **streams)

    @property
    def report(self):
        return json.loads(self.report_file.read_text())

    @property
    def output(self):
        """What was recorded, joined for each stream."""
        streams = {}
        for stream, data in self.report["chunks"]:
            streams[stream] = streams.get(stream, b"") + data.encode("latin-1")
        return streams


class Fifo:
    """A named pipe by which a puppet reports, or is told to go on."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path

    def __str__(self):
        return str(self.path)

    def wait(self):
        """What the puppet reports; waits until it has closed its end."""
        return self.path.read_text().strip()

    def go(self, word="go"):
        self.path.write_text(f"{word}\n")


class UserTerminal:
    """A terminal with its user: what is typed, what is shown."""

    def __init__(self, rows=24, columns=80):
        self.master, self.slave = pty.openpty()
        self.shown = b""
        self.resize(rows, columns)
        self.settings = termios.tcgetattr(self.slave)

    def resize(self, rows, columns):
        termios.tcsetwinsize(self.slave, (rows, columns))

    def type(self, keys):
        os.write(self.master, keys)

    def wait_for(self, text, timeout_s=30):
        """Read on until `text` is shown."""
        while text not in self.shown:
            assert select.select([self.master], [], [], timeout_s)[0], self.shown
            self.shown += os.read(self.master, 65536)

    def rest(self):
        """All that is shown by now."""
        while select.select([self.master], [], [], 0)[0]:
            self.shown += os.read(self.master, 65536)
        return self.shown

    @property
    def is_as_before(self):
        return termios.tcgetattr(self.slave) == self.settings

    def close(self):
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def driver(tmp_path):
    return Driver(tmp_path)


@pytest.fixture
def terminal():
    terminal = UserTerminal()
    yield terminal
    terminal.close()


@pytest.fixture
def puppet():
    """Command line of a puppet that answers signals as told."""
    return lambda *actions: [sys.executable, str(PUPPET), *actions]


@pytest.fixture
def fifo(tmp_path):
    count = iter(range(100))
    return lambda: Fifo(tmp_path / f"fifo{next(count)}")
