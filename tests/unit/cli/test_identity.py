"""What a project is called in its clones, work trees and submodules."""

import subprocess

import pytest

from buildopt.cli.identity import project_identity

ADDRESS = "https://example.org/x.git"


def git(folder, *words):
    identity = ("-c", "user.name=n", "-c", "user.email=e", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def main(tmp_path):
    folder = tmp_path / "main"
    folder.mkdir()
    git(folder, "init")
    git(folder, "commit", "--allow-empty", "-m", "first")
    return folder


def test_work_tree_is_called_as_its_repository(main, tmp_path):
    git(main, "worktree", "add", "../tree")

    assert project_identity(str(tmp_path / "tree")) == project_identity(str(main)) == "main"


def test_work_tree_of_a_clone_is_called_by_the_address_without_a_password(main, tmp_path):
    git(main, "remote", "add", "origin", "https://me:secret@example.org/x.git")
    git(main, "worktree", "add", "../tree")

    assert project_identity(str(tmp_path / "tree")) == project_identity(str(main)) == ADDRESS


def test_work_tree_of_a_bare_repository_is_called_as_that(main, tmp_path):
    git(tmp_path, "clone", "--bare", "main", "bare.git")
    git(tmp_path / "bare.git", "remote", "remove", "origin")
    git(tmp_path / "bare.git", "worktree", "add", "../tree")

    assert project_identity(str(tmp_path / "tree")) == "bare.git"


def test_submodule_has_a_name_of_its_own(main, tmp_path):
    git(tmp_path, "clone", "main", "part")
    git(main, "submodule", "add", "../part", "parts/one")
    git(main / "parts/one", "remote", "remove", "origin")

    assert project_identity(str(main / "parts/one")) == "one"


def test_folder_without_a_repository_is_called_by_its_name(tmp_path):
    assert project_identity(str(tmp_path)) == tmp_path.name
    assert project_identity("/") == "root"
