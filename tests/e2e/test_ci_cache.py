"""A cache that one job packed serves the next: another machine, folder, owner, half of it."""

import os
import shutil
import tarfile

import pytest

OBSERVE = "seccomp"
BUILD = "cat src/a.txt src/b.txt > out.txt\necho built\n"
GITHUB_JOB = """ACTIONS_ORCHESTRATION_ID
GITHUB_ACTION GITHUB_ENV GITHUB_JOB GITHUB_OUTPUT GITHUB_REF
GITHUB_RUN_ID GITHUB_RUN_NUMBER GITHUB_SHA GITHUB_STEP_SUMMARY GITHUB_TRIGGERING_ACTOR
GITHUB_WORKFLOW_SHA ImageVersion INVOCATION_ID JOURNAL_STREAM RUNNER_NAME RUNNER_TRACKING_ID
SYSTEMD_EXEC_PID"""
GITLAB_JOB = """CI_BUILD_ID CI_COMMIT_SHA CI_DEPENDENCY_PROXY_PASSWORD CI_JOB_ID CI_JOB_STARTED_AT
CI_JOB_TOKEN CI_PIPELINE_IID CI_REGISTRY_PASSWORD CI_REPOSITORY_URL CI_RUNNER_DESCRIPTION
CI_RUNNER_SHORT_TOKEN CI_SERVER_REVISION CI_SERVER_VERSION_MINOR GITLAB_USER_LOGIN"""


@pytest.fixture
def project(rig):
    """A clone of a repository on a server, as each CI job makes one."""
    rig.script("build.sh", BUILD)
    rig.write("src/a.txt", "a\n")
    rig.write("src/b.txt", "b\n")
    rig.write(".git/config", '[remote "origin"]\n\turl = https://example.org/team/app.git\n')
    return rig


def next_job(rig, *, pack=lambda member: member):
    """Another checkout elsewhere, with an empty state and the unpacked cache in another folder."""
    archive = rig.place / "cache.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(rig.cache, "cache", filter=pack)
    elsewhere = rig.place / "elsewhere"
    with tarfile.open(archive) as tar:
        tar.extractall(elsewhere, filter="tar")
    for folder, _, names in os.walk(elsewhere):
        for name in names:
            os.utime(os.path.join(folder, name))
    shutil.copytree(rig.root, elsewhere / "project", ignore=shutil.ignore_patterns("out.txt"))
    rig.root = elsewhere / "project"
    rig.environ["BUILDOPT_CACHE_DIR"] = str(elsewhere / "cache")
    rig.environ["BUILDOPT_STATE_DIR"] = str(rig.place / "state-2")
    rig.state = rig.place / "state-2"


def test_a_packed_cache_answers_in_another_folder_though_all_times_are_new(project):
    project.run("--", "./build.sh")
    next_job(project)

    done = project.run("--", "./build.sh")

    assert done.outcome == "restored"
    assert (done.out, project.read("out.txt")) == (b"built\n", b"a\nb\n")


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_a_cache_that_belongs_to_another_user_answers_root(project):
    project.run("--", "./build.sh")
    next_job(project, pack=lambda member: member.replace(uid=12_345, gid=12_345, deep=False))

    assert project.run("--", "./build.sh").outcome == "restored"


@pytest.mark.parametrize("part", ["artifacts", "entries", "records", "secret", "checkouts"])
def test_a_cache_that_was_packed_in_part_costs_at_most_a_run(project, part):
    project.run("--", "./build.sh")
    next_job(project, pack=lambda member: None if f"/v1/{part}" in member.name else member)

    done = project.run("--", "./build.sh")

    assert done.status == 0
    assert done.outcome == ("restored" if part == "checkouts" else "executed")
    assert (done.out, project.read("out.txt")) == (b"built\n", b"a\nb\n")


@pytest.mark.parametrize("names", [GITHUB_JOB, GITLAB_JOB], ids=["github", "gitlab"])
def test_another_job_of_a_ci_system_is_answered(project, names):
    project.environ |= dict.fromkeys(names.split(), "one")
    project.run("--", "./build.sh")
    next_job(project)
    project.environ |= dict.fromkeys(names.split(), "another")

    done = project.run("--", "./build.sh")

    assert (done.outcome, done.reasons) == ("restored", [])
