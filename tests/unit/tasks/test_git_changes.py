"""What changed, asked of real repositories."""

import os
import subprocess

import pytest

from buildopt.errors import BuildoptError
from buildopt.tasks.git_changes import changes_since, is_revision

IDENTITY = (
    "-c",
    "user.name=A",
    "-c",
    "user.email=a@example.org",
    "-c",
    "protocol.file.allow=always",
)


class Repository:
    """A repository with one commit on `main`."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder.parent)}
        self.git("init", "-q", "-b", "main")
        self.write(".gitignore", "built/\n")
        self.write("src/a.txt", "a")
        self.commit()

    def git(self, *arguments):
        done = subprocess.run(
            ("git", *IDENTITY, *arguments), cwd=self.folder, env=self.environ, capture_output=True,
            check=True,
        )  # fmt: skip
        return done.stdout.decode().strip()

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "work", "--allow-empty")

    def changes(self, ref="", below="."):
        return changes_since(str(self.folder / below), ref, self.environ)

    def paths(self, ref="", below="."):
        found = self.changes(ref, below).paths
        return {(os.path.relpath(c.path, self.folder), c.kind, c.is_folder) for c in found}


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")


def test_committed_staged_edited_and_new_files_are_changes_and_ignored_ones_are_not(repository):
    for name in ("staged.txt", "edited.txt", "gone.txt", "unstaged-gone.txt"):
        repository.write(name, "1")
    repository.commit()
    repository.git("switch", "-q", "-c", "topic")
    repository.write("committed.txt", "1")
    repository.commit()
    repository.write("staged.txt", "2")
    repository.git("add", "staged.txt")
    repository.git("rm", "-q", "gone.txt")
    repository.write("edited.txt", "2")
    os.unlink(repository.folder / "unstaged-gone.txt")
    repository.write("new folder/ü\n.txt", "1")
    repository.write("built/out.txt", "1")

    found = repository.paths()

    assert found == {
        ("committed.txt", "added", False),
        ("staged.txt", "changed", False),
        ("edited.txt", "changed", False),
        ("gone.txt", "deleted", False),
        ("unstaged-gone.txt", "deleted", False),
        ("new folder/ü\n.txt", "added", False),
    }


def test_what_the_main_branch_got_meanwhile_is_no_change(repository):
    repository.git("switch", "-q", "-c", "topic")
    repository.git("switch", "-q", "main")
    repository.write("src/a.txt", "upstream")
    repository.commit()
    repository.git("switch", "-q", "topic")
    repository.write("src/b.txt", "mine")

    found = repository.changes()

    assert repository.paths() == {("src/b.txt", "added", False)}
    assert found.base.words == "the merge base with `main`"


def test_all_of_the_repository_counts_from_a_folder_in_it(repository):
    repository.write("other/b.txt", "1")
    repository.write("src/a.txt", "2")

    assert repository.paths(below="src") == {
        ("other/b.txt", "added", False),
        ("src/a.txt", "changed", False),
    }


def test_hook_of_git_asks_about_the_same_repository(repository):
    repository.write("src/a.txt", "2")
    repository.environ["GIT_DIR"] = ".git"

    assert repository.paths(below="src") == {("src/a.txt", "changed", False)}


def test_renamed_file_went_and_came(repository):
    repository.git("mv", "src/a.txt", "src/b.txt")

    assert repository.paths() == {("src/a.txt", "deleted", False), ("src/b.txt", "added", False)}


def test_file_that_became_a_link_is_there_anew(repository):
    os.unlink(repository.folder / "src/a.txt")
    os.symlink("b", repository.folder / "src/a.txt")

    assert repository.paths() == {("src/a.txt", "added", False)}


def test_folders_of_the_base_are_known_though_they_are_gone(repository):
    repository.git("rm", "-q", "-r", "src")

    found = repository.changes()

    assert str(repository.folder / "src") in found.base_folders
    assert str(repository.folder / "built") not in found.base_folders


@pytest.mark.parametrize("edit", ["commit", "file", "new file"])
def test_submodule_is_a_folder_of_changes(repository, tmp_path, edit):
    module = Repository(tmp_path / "module")
    repository.git("submodule", "add", "-q", str(module.folder), "module")
    repository.commit()
    inside = repository.folder / "module"
    if edit == "new file":
        (inside / "b.txt").write_text("new")
    else:
        (inside / "src/a.txt").write_text("edited")
    if edit == "commit":
        subprocess.run(
            ("git", *IDENTITY, "commit", "-q", "-a", "-m", "more"), cwd=inside, check=True,
            env=repository.environ,
        )  # fmt: skip

    assert repository.paths() == {("module", "changed", True)}


def test_repository_in_a_folder_that_git_does_not_know_is_a_folder_of_changes(repository):
    Repository(repository.folder / "inner")

    assert repository.paths() == {("inner", "added", True)}


def test_without_a_main_branch_only_what_is_not_committed_counts(repository):
    repository.git("branch", "-m", "trunk")
    repository.write("src/a.txt", "committed")
    repository.commit()
    repository.write("src/b.txt", "not committed")

    assert repository.paths() == {("src/b.txt", "added", False)}
    assert repository.changes().base.words.startswith("`HEAD`: no `origin/HEAD`")


def test_branch_of_the_remote_goes_before_the_local_one(repository, tmp_path):
    clone = tmp_path / "clone"
    repository.git("branch", "-m", "develop")
    repository.git("clone", "-q", str(repository.folder), str(clone))
    repository.folder = clone
    repository.git("branch", "main")
    repository.write("src/a.txt", "2")
    repository.commit()

    found = repository.changes()

    assert found.base.words == "`origin/develop`"
    assert repository.paths() == {("src/a.txt", "changed", False)}


def test_revision_of_any_form_is_understood(repository):
    repository.git("tag", "-a", "v1", "-m", "one")
    for content in ("2", "3"):
        repository.write("src/a.txt", content)
        repository.commit()

    for ref in ("v1", "HEAD~2", repository.git("rev-parse", "HEAD~1")[:10]):
        assert repository.paths(ref) == {("src/a.txt", "changed", False)}
    assert is_revision(str(repository.folder), "v1", repository.environ)
    assert not is_revision(str(repository.folder), "build", repository.environ)


def slug(repository, ref=""):
    with pytest.raises(BuildoptError) as raised:
        repository.changes(ref)
    return raised.value.slug


@pytest.mark.parametrize("ref", ["nowhere", "--all", "HEAD:src", "", "-"])
def test_what_is_no_commit_is_told(repository, ref):
    if not ref:
        repository.git("update-ref", "-d", "HEAD")

    assert slug(repository, ref) == "unknown-revision"


def test_folder_without_a_repository_is_told(repository, tmp_path):
    repository.folder = tmp_path

    assert slug(repository) == "no-repository"


def test_missing_git_is_told(repository, tmp_path):
    repository.environ["PATH"] = str(tmp_path)

    assert slug(repository) == "no-git"
    assert not is_revision(str(repository.folder), "HEAD", repository.environ)


def test_broken_repository_is_told(repository):
    repository.write(".git/config", "[core\n")

    assert slug(repository) == "git-failed"


def test_histories_without_a_common_commit_are_told(repository):
    repository.git("switch", "-q", "--orphan", "other")
    repository.commit()

    assert slug(repository, "main") == "no-merge-base"


def test_shallow_clone_says_how_to_get_the_rest(repository, tmp_path):
    repository.git("switch", "-q", "-c", "topic")
    for content in ("2", "3"):
        repository.write("src/a.txt", content)
        repository.commit()
    clone = tmp_path / "clone"
    address = f"file://{repository.folder}"
    repository.git("clone", "-q", "--depth=1", "--no-single-branch", address, str(clone))
    repository.folder = clone

    with pytest.raises(BuildoptError) as raised:
        repository.changes("origin/main")

    assert raised.value.slug == "no-merge-base"
    assert "git fetch --unshallow" in raised.value.hint
