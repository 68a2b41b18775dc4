"""A real project in a temporary folder, the installed command, puppets, and the oracle.

Puppets are commands under a test's control: they report that they have started and wait for
orders over named pipes, so that no test sleeps or guesses a time.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from buildopt import journal
from buildopt.events import RunFinished

PROGRAM = Path(sys.executable).parent / "buildopt"
PUPPET = """#!/bin/sh
# Says that it has started, does nothing until told, then goes on with its work.
echo started > "$1/started"
read -r order < "$1/order"
shift
exec "$@"
"""


@dataclass(frozen=True)
class Done:
    """How a call ended; `err` is without our own last line, which is `line`."""

    status: int
    out: bytes
    err: bytes
    line: str
    result: dict

    @property
    def outcome(self):
        return self.result["outcome"]

    @property
    def reasons(self):
        return [(reason["kind"], reason["subject"]) for reason in self.result["miss_reasons"]]

    @property
    def not_stored(self):
        return [(reason["kind"], reason["subject"]) for reason in self.result["not_stored"]]


class Rig:
    """One project and everything around it."""

    def __init__(self, place, observe="declared"):
        self.place = Path(place)
        self.root = self.place / "project"
        self.root.mkdir()
        self.cache = self.place / "cache"
        self.state = self.place / "state"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.place),
            "BUILDOPT_CACHE_DIR": str(self.cache),
            "BUILDOPT_STATE_DIR": str(self.state),
            "BUILDOPT_OBSERVE": observe,
        }
        for name in ("BUILDOPT_FAST_PATH", "BUILDOPT_STAT_MEMO"):
            if name in os.environ:
                self.environ[name] = os.environ[name]

    def write(self, name, content="", mode=None):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if mode is not None:
            path.chmod(mode)
        return path

    def script(self, name, text):
        return self.write(name, "#!/bin/sh\n" + text, 0o755)

    def read(self, name):
        return (self.root / name).read_bytes()

    def call(self, *arguments, **options):
        """Run `buildopt` with these arguments; the completed process."""
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, "check": False} | options
        return subprocess.run([PROGRAM, *arguments], cwd=self.root, env=self.environ, **options)

    def start(self, *arguments):
        """The same without waiting."""
        return subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments, **options):
        """`buildopt run …`, taken apart, with the result that the journal has."""
        return self.done(self.call("run", *arguments, **options))

    def done(self, completed):
        before, _, line = completed.stderr.rstrip(b"\n").rpartition(b"\n")
        result = self.last_result()
        err = before + b"\n" if before else b""
        return Done(completed.returncode, completed.stdout, err, line.decode(), result)

    def last_result(self):
        for event in journal.read_backwards(os.fsencode(self.state)):
            if event.type == RunFinished.type:
                return json.loads(json.dumps(event.data))
        return {}

    def events(self, kind):
        found = reversed(list(journal.read_backwards(os.fsencode(self.state))))
        return [event for event in found if event.type == kind]

    def puppet(self, *command):
        """A command that waits: its words, and a handle to control it."""
        pipes = self.place / f"pipes-{len(list(self.place.iterdir()))}"
        pipes.mkdir()
        for name in ("started", "order"):
            os.mkfifo(pipes / name)
        self.write("puppet.sh", PUPPET, 0o755)
        return ("./puppet.sh", str(pipes), *command), Puppet(pipes)

    def tree(self, below="."):
        return tree(self.root / below)

    def always_rebuild(self, *command):
        """What the command gives by itself, in a copy of the project: the oracle."""
        copy = self.place / "oracle"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.root, copy, symlinks=True)
        plain = subprocess.run(
            command, cwd=copy, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True,
            check=False,
        )  # fmt: skip
        return plain, tree(copy)


@dataclass(frozen=True)
class Puppet:
    """The other ends of a puppet's pipes."""

    pipes: Path

    def wait_for_start(self):
        (self.pipes / "started").read_text()

    def go_on(self):
        (self.pipes / "order").write_text("go\n")


def tree(top):
    """Everything below a folder: kind, mode, content or target, by relative path."""
    found = {}
    for folder, folders, names in os.walk(top):
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            key = os.path.relpath(path, top)
            if stat.S_ISLNK(mode):
                found[key] = ("link", os.readlink(path))
            elif stat.S_ISDIR(mode):
                found[key] = ("folder", stat.S_IMODE(mode))
            elif stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    found[key] = ("file", stat.S_IMODE(mode), file.read())
            else:
                found[key] = ("other", stat.S_IFMT(mode))
    return found
