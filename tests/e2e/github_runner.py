"""A composite action's steps carried out in order, as GitHub's runner does it, on this machine.

Scripts really run. Of the actions that ours uses, caches and artifacts are folders of a server.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import yaml

ROOT = Path(__file__).parents[2]
CONTEXT = re.compile(r"'[^']*'|\b[a-z_]+(?:\.[A-Za-z_][\w-]*)+")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
FILES = ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")


@dataclass
class Server:
    """What outlives a job: caches by key in the order of saving, artifacts by name."""

    place: Path
    keys: list = field(default_factory=list)

    def save(self, key, path):
        assert key not in self.keys, "entries cannot be changed"
        shutil.copytree(path, self.place / f"cache-{len(self.keys)}", symlinks=True)
        self.keys.append(key)

    def restore(self, keys, path):
        for wanted in keys:
            for number in reversed(range(len(self.keys))):
                if self.keys[number].startswith(wanted):
                    shutil.copytree(self.place / f"cache-{number}", path, symlinks=True)
                    return self.keys[number]
        return ""

    def upload(self, name, path):
        target = self.place / "artifacts" / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(path, target)


@dataclass
class Job:
    """How a job ended."""

    failed: bool = False
    log: str = ""
    summary: str = ""
    outputs: dict = field(default_factory=dict)
    ran: list = field(default_factory=list)


class Runner:
    """One machine; each job begins with nothing but a checkout of `project`."""

    def __init__(self, place, project, *, programs):
        self.place, self.project, self.programs = place / "runner", project, programs
        (place / "server").mkdir()
        self.server = Server(place / "server")
        self.run_id = 0
        self.event = {"event_name": "push", "ref_name": "main"}
        self.pull_request = ""
        self.environ = {}

    def job(self, **inputs):
        """Carry out the action with these inputs; names have `_` for `-`."""
        self._prepare()
        given = {name: str(row.get("default", "")) for name, row in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        known = self.contexts(given)
        job, paths = Job(), [str(path) for path in self.programs]
        for step in ACTION["runs"]["steps"]:
            condition = step.get("if", "success()")
            if not evaluated(condition, {**known, "failed": job.failed}):
                continue
            job.ran.append(step["name"])
            outputs = self._step(step, known, job, paths)
            if "id" in step:
                known["steps"][step["id"]] = {"outputs": outputs}
        job.outputs = {name: filled(row["value"], known) for name, row in ACTION["outputs"].items()}
        return job

    def _prepare(self):
        self.run_id += 1
        shutil.rmtree(self.place, ignore_errors=True)
        for name in ("home", "temp"):
            (self.place / name).mkdir(parents=True)
        shutil.copytree(self.project, self.place / "work", symlinks=True)

    def contexts(self, inputs):
        """What expressions can name."""
        repository = {"default_branch": "main"}
        event = {"repository": repository, "pull_request": {"number": self.pull_request}}
        github = {
            "run_id": self.run_id, "run_attempt": 1, "job": "build", "event": event,
            "token": "t0ken", **self.event,
        }  # fmt: skip
        return {
            "inputs": inputs, "github": github, "runner": {"os": "Linux"}, "steps": {},
            "strategy": {"job-index": 0},
        }  # fmt: skip

    def _step(self, step, known, job, paths):
        if "uses" in step:
            self._use(step["uses"].partition("@")[0], {
                name: filled(text, known) for name, text in step["with"].items()
            })  # fmt: skip
            return {}
        assert "${{" not in step["run"], "an input would be a piece of script"
        files = {name: self.place / "temp" / f"{name}_{len(job.ran)}" for name in FILES}
        for path in files.values():
            path.touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.place / "work",
            env=self._environ(step, known, files, paths),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        job.log += done.stdout
        job.failed |= done.returncode != 0 and not step.get("continue-on-error")
        job.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        paths[:0] = files["GITHUB_PATH"].read_text().split()
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def _environ(self, step, known, files, paths):
        return {
            "PATH": ":".join([*paths, "/usr/bin", "/bin"]),
            "HOME": str(self.place / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_JOB": "build",
            "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_SHA": f"{self.run_id:040}",
            "GITHUB_REPOSITORY": "team/app",
            "GITHUB_WORKSPACE": str(self.place / "work"),
            "RUNNER_NAME": f"runner {self.run_id}",
            "RUNNER_TEMP": str(self.place / "temp"),
            "RUNNER_TRACKING_ID": f"github_{self.run_id}",
            **{name: str(path) for name, path in files.items()},
            **self.environ,
            **{name: filled(text, known) for name, text in step.get("env", {}).items()},
        }

    def _use(self, action, given):
        match action:
            case "actions/cache/restore":
                keys = [given["key"], *given["restore-keys"].split()]
                self.server.restore(keys, Path(given["path"]))
            case "actions/cache/save":
                self.server.save(given["key"], Path(given["path"]))
            case "actions/upload-artifact":
                self.server.upload(given["name"], Path(given["path"]))
            case _:
                raise AssertionError(f"`{action}` is not known here")


def filled(text, known):
    """A text with its `${{ … }}` replaced."""
    found = re.sub(r"\$\{\{(.*?)\}\}", lambda m: shown(evaluated(m[1], known)), str(text))
    assert len(found) <= 512 or "${{" not in str(text), "a key has at most 512 characters"
    return found


def shown(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def evaluated(expression, known):
    """The value of an expression: contexts, texts, `==`, `!=`, `&&`, `||`, `always()`."""
    python = CONTEXT.sub(
        lambda m: m[0] if m[0].startswith("'") else f"look({m[0]!r})", " ".join(expression.split())
    )
    python = python.replace("&&", " and ").replace("||", " or ")
    names = SimpleNamespace(known=known)
    return eval(python.strip(), {"__builtins__": {}}, {
        "look": lambda path: looked_up(path, names.known),
        "always": lambda: True,
        "success": lambda: not known.get("failed"),
    })  # fmt: skip


def looked_up(path, known):
    """The value of a context; an empty text for what is not there, as GitHub has it."""
    value = known
    for name in path.split("."):
        value = value.get(name, "") if isinstance(value, dict) else ""
    return value


def programs_of(folder, program):
    """A folder with one program in it, for the PATH."""
    folder.mkdir()
    os.symlink(program, folder / program.name)
    return folder
