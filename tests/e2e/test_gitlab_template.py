"""The template for GitLab, its scripts carried out as a runner does it."""

import os
import re
import shutil
import subprocess
import tarfile

import junitparser
import pytest
import yaml

from tests.e2e.github_runner import ROOT, programs_of
from tests.rig import PROGRAM

TEMPLATE = yaml.safe_load((ROOT / "templates/buildopt.gitlab-ci.yml").read_text())[".buildopt"]


class Runner:
    """A machine whose jobs begin with a fresh checkout and the archive of the cache."""

    def __init__(self, place, project):
        self.place, self.project, self.caches = place, project, {}
        self.programs = programs_of(place / "bin", PROGRAM)
        self.number = 0

    def job(self, script, branch="main"):
        """Carry out a job that extends the template; status of its script, and the log."""
        self.number += 1
        work = self.place / "builds/app"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.project, work)
        environ = self.environ(work, branch)
        self.unpack(work, environ)
        first = self.shell([*TEMPLATE["before_script"], script], work, environ)
        after = self.shell(TEMPLATE["after_script"], work, environ)
        self.pack(work, environ)
        return first.returncode, first.stdout + after.stdout

    def environ(self, work, branch):
        environ = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "HOME": str(self.place / "home"),
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_COMMIT_REF_SLUG": branch,
            "CI_COMMIT_SHA": str(self.number),
            "CI_DEFAULT_BRANCH": "main",
            "CI_JOB_ID": str(self.number),
            "CI_JOB_NAME_SLUG": "build",
            "CI_JOB_STARTED_AT": "2020-01-01T00:00:00Z",
            "CI_JOB_TOKEN": f"token-{self.number}",
            "CI_PROJECT_DIR": str(work),
            "BUILDOPT_STATE_DIR": str(self.place / f"state-{self.number}"),
        }
        for name, value in TEMPLATE["variables"].items():
            environ[name] = filled(value, environ)
        return environ

    def shell(self, lines, work, environ):
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)], cwd=work, env=environ, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def unpack(self, work, environ):
        cache = TEMPLATE["cache"]
        for key in (cache["key"], *cache["fallback_keys"]):
            found = self.caches.get(filled(key, environ))
            if found:
                with tarfile.open(found) as tar:
                    tar.extractall(work, filter="tar")
                return

    def pack(self, work, environ):
        key = filled(TEMPLATE["cache"]["key"], environ)
        self.caches[key] = self.place / f"{key}.tar"
        with tarfile.open(self.caches[key], "w") as tar:
            for path in TEMPLATE["cache"]["paths"]:
                if (work / path).exists():
                    tar.add(work / path, path)


def filled(text, environ):
    return re.sub(r"\$(\w+)", lambda found: environ.get(found[1], ""), text)


@pytest.fixture
def runner(tmp_path):
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    address = "https://gitlab-ci-token:secret@example.org/team/app.git"
    (project / ".git/config").write_text(f'[remote "origin"]\n\turl = {address}\n')
    (project / "src.txt").write_text("one\n")
    return Runner(tmp_path, project)


def test_a_branch_is_answered_from_what_the_default_branch_built(runner):
    script = "buildopt run -- sh -c 'cat src.txt > out.txt; ls; echo built'"
    first, first_log = runner.job(script)

    status, log = runner.job(script, branch="feature")

    assert (first, status) == (0, 0), first_log + log
    assert "buildopt: restored in" in log
    work = runner.place / "builds/app"
    assert (work / "out.txt").read_text() == "one\n"
    reports = TEMPLATE["artifacts"]["reports"]
    assert len(list(junitparser.JUnitXml.fromfile(str(work / reports["junit"])))) == 1
    assert (work / reports["metrics"]).read_text().endswith("# EOF\n")
    assert [os.path.exists(work / path) for path in TEMPLATE["artifacts"]["paths"]] == [True]


def test_a_failing_build_is_told_in_the_report_of_the_tests(runner):
    status, log = runner.job("buildopt run -- sh -c 'exit 4'")

    assert status == 4, log
    path = runner.place / "builds/app" / TEMPLATE["artifacts"]["reports"]["junit"]
    (suite,) = junitparser.JUnitXml.fromfile(str(path))
    assert suite.failures == 1
