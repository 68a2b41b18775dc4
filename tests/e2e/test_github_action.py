"""The action of this repository, its steps carried out one after the other."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from buildopt.deployment import machine_class
from buildopt.events import encode
from buildopt.journal import Journal
from tests.e2e.github_runner import ACTION, ROOT, Runner, evaluated, programs_of
from tests.rig import PROGRAM
from tests.unit.baseline.conftest import build, durations

BUILD = '#!/bin/sh\necho "building"\ncat src.txt > out.txt\ntest ! -e broken\n'
GH = """#!/bin/sh
# Stands in for GitHub's own program: keeps what it is asked, and one comment.
printf '%s\\n' "$*" >> "$GH_CALLS"
case "$*" in
  *--jq*) [ -e "$GH_COMMENT" ] && printf '7\\t%s\\n' "$(head -n 1 "$GH_COMMENT")"; exit 0 ;;
  *POST*|*PATCH*) [ -z "$GH_REFUSES" ] || exit 1
    for word; do case "$word" in body=@*) cat "${word#body=@}" > "$GH_COMMENT" ;; esac; done ;;
esac
"""


@pytest.fixture
def runner(tmp_path):
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    origin = '[remote "origin"]\n\turl = https://example.org/team/app.git\n'
    (project / ".git/config").write_text(origin)
    (project / "src.txt").write_text("one\n")
    script = project / "build.sh"
    script.write_text(BUILD)
    script.chmod(0o755)
    return Runner(tmp_path, project, programs=[programs_of(tmp_path / "bin", PROGRAM)])


def test_the_second_job_is_answered_from_what_the_first_saved(runner):
    first = runner.job(command="./build.sh")
    second = runner.job(command="./build.sh")

    assert not first.failed, first.log
    assert first.outputs["cache-hit"] == "false"
    assert second.outputs["cache-hit"] == "true", second.log
    assert int(second.outputs["total-size"]) == 4
    assert (runner.place / "work/out.txt").read_text() == "one\n"
    assert "building\n" in second.log
    assert second.summary.startswith("# buildopt\n\n## ◐ Restored in")
    assert second.outputs["report-path"].endswith("/buildopt-report.html")
    kept = runner.server.place / "artifacts/buildopt-build-0"
    assert sorted(os.listdir(kept)) == ["buildopt-report.html", "comment.md"]


def test_a_failing_command_fails_the_job_and_is_told_and_the_rest_is_saved(runner):
    (runner.project / "broken").touch()

    job = runner.job(command="./build.sh")

    assert job.failed
    assert "::error title=buildopt%3A" in job.log
    assert "## ✕ Failed with exit status 1" in job.summary
    assert job.ran[-1] == "Save the cache"


@pytest.mark.parametrize(
    ("name", "branch", "saves"),
    [
        ("push", "main", True),
        ("workflow_dispatch", "main", True),
        ("schedule", "main", True),
        ("push", "feature", False),
        ("pull_request", "5/merge", False),
        ("pull_request_target", "main", False),
        ("workflow_run", "main", False),
        ("issue_comment", "main", False),
    ],
)
def test_only_what_the_default_branch_built_is_saved(runner, name, branch, saves):
    runner.event = {"event_name": name, "ref_name": branch}
    known = runner.contexts({"cache": "read-write"})
    known["steps"] = {"install": {"outputs": {"cache-path": "/cache"}}}

    assert bool(evaluated(step("Prune the cache")["if"], known)) == saves
    assert step("Save the cache")["if"] == "always() && steps.prune.outputs.save == 'true'"


@pytest.mark.thorough
def test_plain_words_are_run_as_they_are_and_any_other_text_by_a_shell(runner, tmp_path):
    def words_of(command):
        (runner.project / "show").write_text('#!/bin/sh\necho "$0" "$#" "$@"\n')
        (runner.project / "show").chmod(0o755)
        environ = {"COMMAND": command, "CACHE": "off", "WORKING_DIRECTORY": str(runner.project),
                   "RUNNER_TEMP": str(tmp_path), "PATH": "/usr/bin:/bin"}  # fmt: skip
        done = subprocess.run(["bash", ROOT / "action/run.sh"], env=environ, capture_output=True,
                              text=True, check=False)  # fmt: skip
        return done.returncode, done.stdout

    assert words_of("./show a b=1\n") == (0, "./show 2 a b=1\n")
    assert words_of("./show 'a b' *.txt") == (0, "./show 2 a b src.txt\n")
    assert words_of("./show a\nfalse\n./show b") == (1, "./show 1 a\n")
    assert words_of("X=1 ./show; false; ./show") == (1, "./show 0\n")
    assert words_of("cd /") == (0, "")
    assert words_of("./gone a")[0] == 127


@pytest.mark.thorough
def test_nothing_is_kept_where_the_cache_is_off(runner):
    job = runner.job(command="./build.sh", cache="off")

    assert not job.failed
    assert (runner.server.keys, "Restore the cache" in job.ran) == ([], False)


@pytest.mark.thorough
def test_a_record_with_a_secret_is_not_saved(runner):
    runner.environ = {"DEPLOY_TOKEN": "canary-5f0e91c7"}

    runner.job(command='./build.sh; echo "$DEPLOY_TOKEN" > token.txt')
    second = runner.job(command='./build.sh; echo "$DEPLOY_TOKEN" > token.txt')

    assert len(runner.server.keys) == 2
    assert second.outputs["cache-hit"] == "false"


def test_no_input_is_ever_a_piece_of_script(runner):
    words = "$(touch pwned) `touch pwned` \"; touch pwned; ' ${{ github.token }}"

    job = runner.job(
        command="./build.sh", fail_on=words, version=words, summary=words, comment=words
    )

    assert not (runner.place / "work/pwned").exists()
    assert "the input `version` is no version" in job.log


@pytest.mark.thorough
def test_a_comment_is_written_once_and_then_edited(runner, tmp_path):
    gh = tmp_path / "bin/gh"
    gh.write_text(GH)
    gh.chmod(0o755)
    calls, comment = tmp_path / "calls", tmp_path / "comment"
    runner.environ = {"GH_CALLS": str(calls), "GH_COMMENT": str(comment), "GH_REFUSES": ""}
    runner.event, runner.pull_request = {"event_name": "pull_request", "ref_name": "5/merge"}, 5

    runner.job(command="./build.sh", comment="true")
    runner.job(command="./build.sh", comment="true")

    asked = calls.read_text().splitlines()
    assert [line.split()[2] for line in asked if "--jq" not in line] == ["POST", "PATCH"]
    assert "issues/comments/7" in asked[-1]
    assert comment.read_text().startswith("<!-- buildopt:build-0 -->\n### buildopt: ")
    runner.environ["GH_REFUSES"] = "1"
    refused = runner.job(command="./build.sh", comment="true")
    assert not refused.failed
    assert "::notice title=buildopt::no comment: the token may not" in refused.log


@pytest.mark.thorough
def test_a_budget_fails_the_job_where_it_is_asked_to(runner):
    settings = 'bundle_budgets = ["total.raw<=1B"]\n'
    (runner.project / "buildopt.toml").write_text(settings)
    (runner.project / "dist").mkdir()
    (runner.project / "dist/main.js").write_text("console.log(1)\n")

    asked = runner.job(command="./build.sh", fail_on="budget")
    unasked = runner.job(command="./build.sh")

    assert (asked.failed, unasked.failed) == (True, False)
    assert "budget total.raw<=1B exceeded" in asked.log
    assert "budget total.raw\\<=1B exceeded" in asked.summary


@pytest.mark.thorough
def test_a_confirmed_regression_fails_the_job_that_asked_and_is_told_everywhere(runner, tmp_path):
    save_history(runner, tmp_path, durations(40, level=0.1))

    jobs = slow_jobs(runner, most=6)

    assert not jobs[0].failed, "one slow build is no regression"
    assert jobs[-1].failed
    assert re.search(r"^::error title=buildopt%3A \./build\.sh duration \(cold%2C .* is worse::"
                     r"\S+ ms → \S+ m?s$", jobs[-1].log, re.M), jobs[-1].log  # fmt: skip
    comment = (runner.server.place / "artifacts/buildopt-build-0/comment.md").read_text()
    for text in (jobs[-1].summary, comment):
        assert re.search(r"^- ✕ error: \./build\.sh duration .* is worse: ", text, re.M), text
    assert jobs[-1].ran[-1] == "Save the cache"
    unasked = runner.job(command="./build.sh", fail_on="command")
    assert not unasked.failed


@pytest.mark.thorough
def test_what_is_usual_is_learnt_over_jobs(runner):
    for _ in range(2):
        job = runner.job(command="./build.sh", fail_on="regression,budget and more")
        assert not job.failed, job.log

    assert "::warning title=buildopt::the input `fail-on` knows" in job.log
    assert "`buildopt bundle check` could not judge: status 2" in job.log
    history = json.loads((runner.server.place / "cache-1/history.json").read_text())
    assert history["series"]


@pytest.mark.thorough
def test_the_command_runs_where_buildopt_cannot_be_installed(runner):
    runner.programs = []
    runner.environ = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/nowhere"}

    job = runner.job(command="./build.sh", version="0.0.0")

    assert not job.failed, job.log
    assert "::warning title=buildopt::it could not be installed" in job.log
    assert (runner.place / "work/out.txt").read_text() == "one\n"
    assert job.outputs["cache-hit"] == "false"


@pytest.mark.projects
def test_the_action_installs_itself_and_the_command_keeps_its_own_python(runner):
    runner.programs = [programs_of(runner.place.parent / "python", python3())]

    job = runner.job(command="command -v python3 > python.txt; ./build.sh")

    assert not job.failed, job.log
    found = (runner.place / "work/python.txt").read_text().strip()
    assert found == str(runner.programs[0] / "python3")


def save_history(runner, place, values):
    """What jobs with these durations of `./build.sh` would have left in the cache."""
    journal = Journal(state=os.fsencode(place / "learnt"), source="/h/p/1", run_id="")
    for n, value in enumerate(values):
        one = build(n, value, project="https://example.org/team/app.git", task="./build.sh",
                    machine=machine_class())  # fmt: skip
        journal._write(encode(one), one.time_ns)
    (place / "cache").mkdir()
    subprocess.run(
        [PROGRAM, "check", "--history", place / "cache/history.json"], cwd=runner.project,
        env=os.environ | {"BUILDOPT_STATE_DIR": str(place / "learnt")}, check=True,
    )  # fmt: skip
    runner.server.save("buildopt-Linux-build-0-0-1", place / "cache")


def slow_jobs(runner, *, most):
    """Jobs that build for half a second, up to the first that fails."""
    (runner.project / "build.sh").write_text(BUILD + "sleep 0.5\n")
    jobs = []
    while len(jobs) < most and not (jobs and jobs[-1].failed):
        (runner.project / "src.txt").write_text(f"{len(jobs)}\n")
        jobs.append(runner.job(command="./build.sh", fail_on="regression"))
    return jobs


def step(name):
    return next(step for step in ACTION["runs"]["steps"] if step["name"] == name)


def python3():
    folder = os.path.join(sys.base_prefix, "bin")
    path = shutil.which("python3", path=folder)
    return Path(path)


def test_the_action_keeps_the_published_schema():
    subprocess.run(
        [PROGRAM.parent / "check-jsonschema", "--builtin-schema", "vendor.github-actions",
         ROOT / "action.yml"],
        check=True,
    )  # fmt: skip


def test_the_action_has_the_inputs_and_outputs_that_its_users_rely_on():
    assert list(ACTION["inputs"]) == [
        "command", "version", "cache", "summary", "comment", "fail-on", "working-directory",
    ]  # fmt: skip
    assert list(ACTION["outputs"]) == ["cache-hit", "time-saved-ms", "report-path", "total-size"]
