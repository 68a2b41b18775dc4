"""Which tasks a project has already, and which scripts are none."""

import pytest

from buildopt.project.manifests import Manifests, Package, PythonProject
from buildopt.project.own_tasks import left_out, tasks_of


def package(**scripts):
    return Package(scripts=scripts, manager="pnpm", manager_from="pnpm-lock.yaml")


def python(*, builds=True, tests=True):
    return PythonProject(
        has_build_system=builds, has_pytest=tests, interpreter=".venv/bin/python", builder="python"
    )


def commands(manifests):
    return {task.name: task.command for task in tasks_of(manifests)}


def test_scripts_that_compute_something_are_tasks():
    scripts = {"build": "tsc", "test:unit": "vitest run", "lint": "eslint .", "dev": "vite"}

    manifests = Manifests(folder="/p", package=package(**scripts))

    assert commands(manifests) == {
        "build": "pnpm run build",
        "test:unit": "pnpm run test:unit",
        "lint": "pnpm run lint",
    }
    assert left_out(manifests) == ("dev",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("start", "node server.js"),
        ("deploy", "rsync out host:"),
        ("test:watch", "vitest"),
        ("lint-fix", "eslint --fix ."),
        ("build:release", "tsc && npm publish"),
        ("build", "tsc --watch"),
        ("prebuild", "rm -rf dist"),
        ("", "x"),
    ],
)
def test_a_script_that_stays_or_acts_is_left_out(name, text):
    manifests = Manifests(folder="/p", package=package(**{name: text}))

    assert name not in left_out(Manifests(folder="/p"))
    assert left_out(manifests) == (name,)


def test_of_two_with_one_name_the_later_gets_the_name_of_its_tool():
    manifests = Manifests(
        folder="/p",
        package=package(build="tsc", test="vitest run"),
        python=python(),
        makefile="Makefile",
        make_targets=frozenset({"build", "docs", "clean"}),
        has_cargo=True,
    )

    assert commands(manifests) == {
        "build": "pnpm run build",
        "build-python": "python -m build -n",
        "build-cargo": "cargo build",
        "build-make": "make build",
        "test": "pnpm run test",
        "test-python": ".venv/bin/python -m pytest",
        "test-cargo": "cargo test",
        "docs": "make docs",
    }


def test_what_cannot_stand_in_a_comment_is_left_out_of_it():
    manifests = Manifests(folder="/p", package=package(build="a\nb\x1b[2J" + "x" * 300))

    tasks = tasks_of(manifests)

    origins = {task.origin for task in tasks}
    assert all(origin.isprintable() and len(origin) <= 100 for origin in origins)


def test_a_folder_without_manifests_has_no_tasks():
    assert tasks_of(Manifests(folder="/p")) == ()
