"""Which command builds a project, by the files in its folder."""

import json
import os

import pytest

from buildopt.errors import UsageError
from buildopt.project.manifests import read_manifests
from buildopt.project.own_build import builds_of, lacking, with_arguments
from buildopt.tasks.managers import repository_of


@pytest.fixture
def folder(tmp_path):
    """A project on whose `PATH` there is nothing but a `python`."""
    program = tmp_path / "bin/python"
    program.parent.mkdir()
    program.touch(0o755)
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def write(folder, name, text="", mode=0o644):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def package(folder, **fields):
    write(folder, "package.json", json.dumps({"scripts": {"build": "tsc"}} | fields))


def seen(folder, below="."):
    environ = {"PATH": str(folder.parent / "bin")}
    return read_manifests(os.path.normpath(folder / below), str(folder), environ)


def commands(folder, below="."):
    return [" ".join(build.words) for build in builds_of(seen(folder, below))]


@pytest.mark.parametrize(
    ("lockfile", "command"),
    [
        ("package-lock.json", "npm run build"),
        ("npm-shrinkwrap.json", "npm run build"),
        ("pnpm-lock.yaml", "pnpm run build"),
        ("yarn.lock", "yarn run build"),
        ("bun.lock", "bun run build"),
        ("bun.lockb", "bun run build"),
        ("none of them", "npm run build"),
    ],
)
def test_the_manager_that_wrote_the_lockfile_runs_the_script(folder, lockfile, command):
    package(folder)
    write(folder, lockfile)

    assert commands(folder) == [command]


def test_the_field_of_the_package_wins_over_a_lockfile(folder):
    package(folder, packageManager="pnpm@9.1.0+sha512.abc")
    write(folder, "package-lock.json")

    (build,) = builds_of(seen(folder))

    assert build.words == ("pnpm", "run", "build")
    assert "pnpm by `packageManager` is `pnpm`" in build.why


def test_an_unknown_manager_in_the_field_leaves_it_to_the_lockfile(folder):
    package(folder, packageManager="cargo-cult@1")
    write(folder, "yarn.lock")

    assert commands(folder) == ["yarn run build"]


def test_a_lockfile_left_behind_by_npm_gives_way(folder):
    package(folder)
    write(folder, "package-lock.json")
    write(folder, "pnpm-lock.yaml")

    assert commands(folder) == ["pnpm run build"]


def test_a_package_of_a_workspace_takes_the_manager_of_its_root(folder):
    package(folder, packageManager="yarn@4.0.0")
    (folder / "packages/a").mkdir(parents=True)
    package(folder / "packages/a")

    assert commands(folder, "packages/a") == ["yarn run build"]


def test_a_lockfile_above_the_repository_is_nobodys(folder):
    write(folder.parent, "yarn.lock")
    package(folder)

    assert commands(folder) == ["npm run build"]


def test_the_repository_is_the_folder_of_git_or_else_the_root(folder):
    (folder / "a/b").mkdir(parents=True)
    (folder / ".git").mkdir()

    assert repository_of(str(folder / "a/b")) == str(folder)


def test_a_byte_order_mark_is_no_trouble(folder):
    write(folder, "package.json", '\ufeff{"scripts": {"build": "tsc"}}')

    assert commands(folder) == ["npm run build"]


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\udcff"])
def test_a_package_that_cannot_be_read_is_told(folder, text):
    (folder / "package.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(UsageError, match=r"cannot read .*package\.json"):
        seen(folder)


@pytest.mark.parametrize("text", ["[]", "{}", '{"scripts": []}', '{"scripts": {"build": 3}}'])
def test_a_package_without_a_build_is_none_and_named(folder, text):
    write(folder, "package.json", text)

    found = seen(folder)

    assert builds_of(found) == ()
    assert lacking(found) == ("package.json has no script `build`",)


def test_a_python_project_is_built_by_the_python_on_the_path(folder):
    write(folder, "pyproject.toml", "[build-system]\nrequires = []\n")

    assert commands(folder) == ["python -m build -n"]


def test_without_a_python_it_is_python3(folder):
    write(folder, "pyproject.toml", "[build-system]\nrequires = []\n")
    (folder.parent / "bin/python").unlink()

    assert commands(folder) == ["python3 -m build -n"]


def test_its_own_environment_is_taken_where_it_can_build(folder):
    write(folder, "pyproject.toml", "[build-system]\nrequires = []\n")
    write(folder, ".venv/bin/python", mode=0o755)
    assert commands(folder) == ["python -m build -n"]

    write(folder, ".venv/lib/python3.11/site-packages/build/__main__.py")

    assert commands(folder) == [".venv/bin/python -m build -n"]


def test_a_pyproject_that_only_configures_tools_builds_nothing(folder):
    write(folder, "pyproject.toml", "[tool.ruff]\nline-length = 100\n")

    found = seen(folder)

    assert builds_of(found) == ()
    assert lacking(found) == ("pyproject.toml has no [build-system]",)


@pytest.mark.parametrize("name", ["Makefile", "makefile", "GNUmakefile"])
def test_a_makefile_is_made_by_its_first_target(folder, name):
    write(folder, name, "all: x\nx:\n\ttouch x\n")

    assert commands(folder) == ["make"]


@pytest.mark.parametrize("rule", ["build:", "build : x", "build::", "lint build: x"])
def test_a_target_named_build_is_the_build(folder, rule):
    write(folder, "Makefile", f"help:\n\techo\n{rule}\n\ttouch x\n")

    assert commands(folder) == ["make build"]


@pytest.mark.parametrize("text", ["build := x\n", "\tbuild: x\n", "# build:\n"])
def test_what_only_looks_like_a_target_is_none(folder, text):
    write(folder, "Makefile", f"all:\n{text}")

    assert commands(folder) == ["make"]


def test_of_several_the_first_is_chosen_and_all_are_told(folder):
    write(folder, "Makefile", "all:\n")
    write(folder, "Cargo.toml")
    write(folder, "pyproject.toml", "[build-system]\n")
    package(folder)

    assert commands(folder) == ["npm run build", "python -m build -n", "cargo build", "make"]


@pytest.mark.parametrize(
    ("words", "with_them"),
    [
        (("npm", "run", "build"), ("npm", "run", "build", "--", "--mode", "a b")),
        (("pnpm", "run", "build"), ("pnpm", "run", "build", "--mode", "a b")),
        (("make",), ("make", "--mode", "a b")),
        (("/bin/sh", "-c", "a && b"), ("/bin/sh", "-c", "a && b --mode 'a b'")),
    ],
)
def test_further_arguments_reach_the_build(words, with_them):
    assert with_arguments(words, ("--mode", "a b")) == with_them
    assert with_arguments(words, ()) == words
