"""Which commit is checked out, held against git itself."""

import subprocess

import pytest

from buildopt.checkout import Revision, revision_of


@pytest.fixture
def git(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    root = tmp_path / "project"
    root.mkdir()

    def run(*words, folder=root):
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        done = subprocess.run(
            ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    run("init", "-q", "-b", "trunk")
    run("commit", "-q", "--allow-empty", "-m", "one")
    run.root = root
    return run


def test_branch_and_commit_are_those_of_git(git):
    assert revision_of(str(git.root), {}) == ("trunk", git("rev-parse", "HEAD"))


def test_refs_that_are_packed_are_found(git):
    git("pack-refs", "--all")

    assert revision_of(str(git.root), {}).commit == git("rev-parse", "HEAD")


def test_a_commit_without_branch_takes_the_branch_of_the_ci_system(git):
    git("checkout", "-q", "--detach")

    assert revision_of(str(git.root), {}) == ("", git("rev-parse", "HEAD"))
    assert revision_of(str(git.root), {"GITHUB_REF_NAME": "main"}).branch == "main"


def test_a_work_tree_has_its_own(git, tmp_path):
    other = tmp_path / "other"
    git("worktree", "add", "-q", "-b", "feature/x", str(other))
    git("commit", "-q", "--allow-empty", "-m", "two", folder=other)

    assert revision_of(str(other), {}) == ("feature/x", git("rev-parse", "HEAD", folder=other))


def test_without_git_or_with_a_broken_one_nothing_is_known(tmp_path):
    assert revision_of(str(tmp_path), {"GITHUB_REF_NAME": "main"}) == Revision()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_bytes(b"\xff\x00 no")

    assert revision_of(str(tmp_path), {}) == Revision()
