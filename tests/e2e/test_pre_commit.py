"""The hooks of this repository under the real pre-commit and prek, in a real git repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.github_runner import programs_of
from tests.rig import PROGRAM

ROOT = Path(__file__).parents[2]
TOOLS = ("pre-commit", "prek")
CONFIG = """default_install_hook_types: [pre-commit, pre-push]
repos:
  - repo: {hooks}
    rev: {revision}
    hooks:
      - id: {hook}
        args: {args}
"""
pytestmark = pytest.mark.projects


class Repository:
    """A repository with one hook of ours, its remote, and a `python3` of its own on the PATH."""

    def __init__(self, place, tool):
        self.place, self.root, self.tool = place, place / "app", tool
        programs = programs_of(place / "bin", PROGRAM)
        os.symlink(PROGRAM.parent / tool, programs / tool)
        self.environ = {
            "PATH": f"{place / 'own'}:{programs}:/usr/bin:/bin",
            "HOME": str(place),
            "LANG": "C.UTF-8",
            "BUILDOPT_CACHE_DIR": str(place / "cache"),
            "BUILDOPT_STATE_DIR": str(place / "state"),
            "VIRTUAL_ENV": str(place / "own"),
        }
        self.environ |= {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_"))}
        (place / "own").mkdir()
        os.symlink(Path(sys.base_prefix) / "bin/python3", place / "own/python3")
        (place / ".gitconfig").write_text(
            "[user]\nname = a\nemail = a@example.org\n[init]\ndefaultBranch = main\n"
            '[protocol "file"]\nallow = always\n[commit]\ngpgsign = false\n'
        )
        self.git("init", "-q", "--bare", place / "remote.git", cwd=place)
        self.git("init", "-q", self.root, cwd=place)
        self.git("remote", "add", "origin", place / "remote.git")

    def git(self, *arguments, cwd=None, check=True):
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or self.root, env=self.environ, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done

    def hooks(self, *names):
        """A repository of hooks with these files of ours."""
        target = self.place / "hooks"
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
        self.git("init", "-q", cwd=target)
        self.git("add", "-A", cwd=target)
        self.git("commit", "-qm", "hooks", cwd=target)
        return self.git("rev-parse", "HEAD", cwd=target).stdout.strip()

    def use(self, hook, *args, files=(".pre-commit-hooks.yaml",)):
        """Write the configuration and some files, commit them, install the hooks."""
        revision = self.hooks(*files)
        hooks = self.place / "hooks"
        self.write(".pre-commit-config.yaml", CONFIG.format(
            hooks=hooks, revision=revision, hook=hook, args=json.dumps(args)
        ))  # fmt: skip
        self.write(".gitignore", "out.txt\npython.txt\ndist\n")
        self.write("a.txt", "a\n")
        self.write("b.txt", "b\n")
        self.write("build.sh", "#!/bin/sh\necho building\ncommand -v python3 > python.txt\n"
                   "cat a.txt b.txt > out.txt\ntest ! -e broken\n")  # fmt: skip
        (self.root / "build.sh").chmod(0o755)
        self.git("add", "-A")
        self.git("commit", "-qm", "one")
        subprocess.run([self.tool_path, "install"], cwd=self.root, env=self.environ, check=True,
                       capture_output=True)  # fmt: skip

    @property
    def tool_path(self):
        return PROGRAM.parent / self.tool

    def write(self, name, text):
        (self.root / name).write_text(text)

    def run(self, hook, *more):
        """The tool's own `run`, as a person calls it."""
        return subprocess.run(
            [self.tool_path, "run", hook, "--hook-stage", "manual", *more],
            cwd=self.root, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def last(self):
        """The last result of buildopt here."""
        done = subprocess.run(
            [PROGRAM, "runs", "show", "last", "--json"],
            cwd=self.root, env=self.environ, capture_output=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)


@pytest.fixture(params=TOOLS)
def repository(request, tmp_path):
    return Repository(tmp_path, request.param)


def test_a_push_builds_once_by_its_own_python_and_the_next_push_is_answered(repository):
    repository.use("buildopt-run", "./build.sh")

    repository.git("push", "-q", "origin", "main")
    first = repository.last()
    repository.git("commit", "-qm", "two", "--allow-empty")
    repository.git("push", "-q", "origin", "main")

    assert first["outcome"] == "executed"
    assert repository.last()["miss_reasons"] == []
    assert repository.last()["outcome"] in ("fresh", "restored")
    found = (repository.root / "python.txt").read_text().strip()
    assert found == str(repository.place / "own/python3")
    remote = repository.git("rev-parse", "main", cwd=repository.place / "remote.git").stdout
    assert remote == repository.git("rev-parse", "HEAD").stdout


def test_a_build_by_hand_is_the_record_of_the_hook(repository):
    repository.use("buildopt-run", "./build.sh")
    subprocess.run([PROGRAM, "run", "--no-stdin", "--", "./build.sh"], cwd=repository.root,
                   env=repository.environ, check=True, capture_output=True)  # fmt: skip

    repository.git("push", "-q", "origin", "main")

    assert repository.last()["outcome"] in ("fresh", "restored")


def test_changes_that_are_put_aside_and_back_leave_it_a_hit(repository):
    repository.use("buildopt-run", "./build.sh")
    repository.write("a.txt", "staged\n")
    repository.git("add", "a.txt")
    repository.write("b.txt", "not staged\n")
    times = [os.stat(repository.root / "b.txt").st_mtime_ns]

    assert repository.run("buildopt-run").returncode == 0
    first, built = repository.last(), (repository.root / "out.txt").read_text()
    times.append(os.stat(repository.root / "b.txt").st_mtime_ns)
    assert repository.run("buildopt-run").returncode == 0

    assert (first["outcome"], built) == ("executed", "staged\nb\n")
    assert repository.last()["outcome"] in ("fresh", "restored")
    assert (repository.root / "b.txt").read_text() == "not staged\n"
    assert times[0] != times[1], "nothing was put aside: the test proves nothing"


def test_a_failing_build_stops_the_push_and_shows_its_text(repository):
    repository.use("buildopt-run", "./build.sh")
    repository.write("broken", "")
    repository.git("add", "broken")
    repository.git("commit", "-qm", "break")

    done = repository.git("push", "-q", "origin", "main", check=False)

    assert done.returncode != 0
    assert "building" in done.stdout + done.stderr
    assert repository.git("branch", "-a", cwd=repository.place / "remote.git").stdout == ""


def test_the_size_hook_fails_where_a_budget_is_exceeded(repository):
    repository.use("buildopt-size", "--budget", "total.raw<=10B")
    (repository.root / "dist").mkdir()

    repository.write("dist/main.js", "a();\n")
    kept = repository.run("buildopt-size")
    repository.write("dist/main.js", "a();\n" * 9)
    exceeded = repository.run("buildopt-size")

    assert (kept.returncode, exceeded.returncode) == (0, 1), kept.stdout + kept.stderr
    assert "total.raw<=10B" in exceeded.stdout


@pytest.mark.timeout(300)
def test_the_settings_hook_makes_its_own_environment_and_names_the_mistake(repository):
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    needed = ("buildopt/", "monitor_plugins/", "scripts/")
    tops = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
    repository.use("buildopt-config", files=[n for n in names if n.startswith(needed) or n in tops])
    repository.write("buildopt.toml", "cach = 1\n")
    repository.git("add", "buildopt.toml")

    wrong = repository.git("commit", "-m", "wrong", check=False)
    repository.write("buildopt.toml", 'cache = "read"\n')
    repository.git("add", "buildopt.toml")
    right = repository.git("commit", "-m", "right", check=False)

    assert wrong.returncode != 0
    assert "line 1: unknown key `cach`" in wrong.stdout + wrong.stderr
    assert right.returncode == 0, right.stdout + right.stderr
