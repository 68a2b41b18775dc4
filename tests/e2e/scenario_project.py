"""A sample project, installed and built once through the cache: where each scenario starts.

The samples are in `fixtures/projects`. Between two scenarios what an edit or a build touched is
put back, and only that: other files keep their inodes and times, so that a run is answered as
it would be for somebody who has edited one file.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.rig import Rig

SAMPLES = Path(__file__).parents[2] / "fixtures" / "projects"
DESCRIPTIONS = json.loads((SAMPLES / "scenarios.json").read_text())["projects"]
INSTALL_ENVIRON = {
    "npm_config_engine_strict": "true",  # fail, and not only warn, if Node.js is too old
    "npm_config_fetch_retries": "1",  # with two, the default, it gives up after a minute only
    "npm_config_prefer_offline": "true",
}
NOT_HERE = re.compile(
    r"EBADENGINE|ENOTFOUND|EAI_AGAIN|ECONN\w+|ENETUNREACH|E\w*TIMEDOUT|ERR_SOCKET_TIMEOUT"
    r"|connection broken by|No matching distribution found"
)
"""What npm and pip say if Node.js is too old or no registry answers; other failures are ours."""


@dataclass(frozen=True)
class Unavailable:
    """Why a sample cannot be installed on this machine."""

    reason: str


def prepare(name, place):
    """The sample as it is after its first build, or why that cannot be had here."""
    project = ScenarioProject(name, place)
    for command in project.description["install"]:
        unavailable = project.install(command)
        if unavailable:
            return unavailable
    project.build_first()
    return project


INTERRUPTED_CALL = {"kind": "incomplete", "subject": "interrupted call"}
"""A signal came between a call and its being seen: so it goes by chance on a busy machine."""


class ScenarioProject:
    """One sample in a folder of its own, with its own cache."""

    def __init__(self, name, place):
        self.description = DESCRIPTIONS[name]
        self.rig = Rig(place, observe="auto")
        self.first_root = self.rig.root
        self.python = self.rig.place / "python"
        self.rig.environ |= self.description["env"]
        # It writes to the cache behind the run, where the tests put an earlier cache in place.
        self.rig.environ["BUILDOPT_BUNDLE_ANALYSIS"] = "false"
        # Before all others the interpreter of the tests: those of version managers are slow shims.
        self.rig.environ["PATH"] = f"{self.python}/bin:{sys.prefix}/bin:{os.environ['PATH']}"
        self.first_environ = dict(self.rig.environ)
        self.command = self.description["build"]
        self.output_names = tuple(self.description["outputs"])
        shutil.copytree(SAMPLES / name, self.rig.root, dirs_exist_ok=True)
        # In a new home npm would look for a newer npm during the build.
        (self.rig.place / ".npmrc").write_text("update-notifier=false\n")

    def install(self, command):
        """Run one command of the installation; `Unavailable` if it cannot succeed here."""
        environ = os.environ | INSTALL_ENVIRON | {"PATH": self.rig.environ["PATH"]}
        if command[0] == "python":
            subprocess.run([sys.executable, "-m", "venv", self.python], check=True)
        if not shutil.which(command[0], path=environ["PATH"]):
            return Unavailable(f"{command[0]} is not installed")
        done = subprocess.run(
            command, cwd=self.rig.root, env=environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode and (said := NOT_HERE.search(done.stdout + done.stderr)):
            return Unavailable(f"`{' '.join(command)}` says `{said[0]}`")
        assert done.returncode == 0, done.stderr
        return None

    def build_first(self):
        """Build through the empty cache, and keep how everything is then."""
        done = self.build()
        if done.result["not_stored"] == [INTERRUPTED_CALL]:
            for name in self.output_names:
                shutil.rmtree(self.rig.root / name, ignore_errors=True)
            done = self.build()
        assert (done.status, done.outcome, done.result["stored"]) == (0, "executed", True), done
        self.first_outputs = self.outputs()
        for folder in (self.rig.root, self.rig.cache, self.rig.state):
            shutil.copytree(folder, self.saved(folder), symlinks=True)

    def saved(self, folder):
        return self.rig.place / "saved" / folder.name

    def restore(self):
        """Everything as it was after the first build."""
        self.move_to(self.first_root)
        self.put_back()
        self.rig.environ = dict(self.first_environ)
        self.command = self.description["build"]
        for folder in (self.rig.cache, self.rig.state):
            shutil.rmtree(folder)
            shutil.copytree(self.saved(folder), folder, symlinks=True)

    def put_back(self, *, but=()):
        """The files of the project as they were, except below the folders `but`."""
        make_alike(self.saved(self.first_root), self.rig.root, but=but)

    def move_to(self, root):
        self.rig.root.rename(root)
        self.rig.root = root

    def build(self):
        return self.rig.run("--", *self.command)

    def build_without_cache(self):
        """Exit status, stdout and outputs of the command alone, in a copy of the project."""
        plain, copy = self.rig.always_rebuild(*self.command)
        return plain.returncode, plain.stdout, self.only_outputs(copy)

    def outputs(self):
        return self.only_outputs(self.rig.tree())

    def only_outputs(self, tree):
        return {name: what for name, what in tree.items() if is_below(name, self.output_names)}


def make_alike(saved, top, *, but):
    """Make the tree `top` like `saved`; what looks the same already is left alone."""
    wanted, found = looks(saved), looks(top)
    differing = [
        name
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name) and not is_below(name, but)
    ]
    for name in reversed(differing):
        if name in found:
            path = top / name
            path.rmdir() if found[name] == "folder" else path.unlink()
    for name in differing:
        if wanted.get(name) == "folder":
            (top / name).mkdir()
        elif name in wanted:
            shutil.copy2(saved / name, top / name, follow_symlinks=False)


def looks(top):
    """What everything below a folder looks like from outside; a folder is just one."""
    found = {}
    for folder, folders, names in os.walk(top):
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            look = (status.st_mode, status.st_size, status.st_mtime_ns)
            found[os.path.relpath(path, top)] = "folder" if stat.S_ISDIR(status.st_mode) else look
    return found


def is_below(name, tops):
    return any(name == top or name.startswith(f"{top}/") for top in tops)
