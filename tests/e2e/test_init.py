"""`buildopt init`: writes, adds and leaves alone, and never half."""

import json
import os
import resource
import shutil
import subprocess

import pytest

from buildopt import settings
from tests.rig import PROGRAM

PACKAGE = {"scripts": {"build": "tsc && vite build", "test:unit": "vitest run", "dev": "vite"}}
OWN = (
    '# mine\nquiet = false  # as ever\n\n[tasks.build]\ncommand = "make"  # not npm\n\n# the end\n'
)


@pytest.fixture
def project(rig):
    rig.write("package.json", json.dumps(PACKAGE))
    rig.write("yarn.lock")
    (rig.root / ".git").mkdir()
    return rig


def text(rig, name="buildopt.toml"):
    return rig.read(name).decode()


def commands(rig):
    return {task.name: task.command for task in settings.load(str(rig.root), {}).tasks}


def told(completed):
    return completed.stderr.decode()


def test_a_commented_file_with_the_projects_own_tasks_is_written(project):
    done = project.call("init")

    assert (done.returncode, done.stdout) == (0, b"")
    assert "buildopt.toml` written, with 2 tasks from package.json" in told(done)
    assert commands(project) == {
        "build": ("yarn", "run", "build"),
        "test:unit": ("yarn", "run", "test:unit"),
    }
    assert "# Left out" in text(project)
    assert (project.root / "buildopt.toml").stat().st_mode & 0o777 == 0o644


def test_a_second_call_changes_nothing(project):
    project.call("init")
    before = project.tree(), (project.root / "buildopt.toml").stat().st_mtime_ns

    done = project.call("init")

    assert (project.tree(), (project.root / "buildopt.toml").stat().st_mtime_ns) == before
    assert "lacks nothing; it stays as it is" in told(done)


def test_what_is_there_stays_and_what_is_missing_comes_behind_it(project):
    project.write("buildopt.toml", OWN, 0o600)

    done = project.call("init")

    assert text(project).startswith(OWN)
    assert commands(project) == {"build": ("make",), "test:unit": ("yarn", "run", "test:unit")}
    assert (project.root / "buildopt.toml").stat().st_mode & 0o777 == 0o600
    assert "with 1 task from" in told(done)


def test_settings_in_pyproject_are_added_to_there(project):
    own = "[tool.buildopt]\nquiet = true # yes\n\n# about black\n[tool.black]\nx = 1\n"
    project.write("pyproject.toml", own)

    project.call("init", "--force")

    assert text(project, "pyproject.toml").startswith(own)
    assert set(commands(project)) == {"build", "test:unit"}
    assert not (project.root / "buildopt.toml").exists()


def test_a_task_that_has_another_name_there_is_not_added_again(project):
    project.write("buildopt.toml", '[tasks.site]\ncommand = "yarn run build"\n')

    project.call("init")

    assert set(commands(project)) == {"site", "test:unit"}


def test_a_dry_run_shows_the_difference_and_writes_nothing(project):
    project.write("buildopt.toml", OWN)

    done = project.call("init", "--dry-run")

    assert b'+[tasks."test:unit"]' in done.stdout
    assert "would be written" in told(done)
    assert text(project) == OWN


def test_only_force_begins_anew(project):
    project.write("buildopt.toml", "obsrve = 1\n")
    refused = project.call("init")
    kept = text(project)

    forced = project.call("init", "--force")

    assert (refused.returncode, kept) == (2, "obsrve = 1\n")
    assert "did you mean `observe`?" in told(refused)
    assert forced.returncode == 0
    assert set(commands(project)) == {"build", "test:unit"}


def test_settings_in_a_package_are_not_shadowed_by_a_second_file(project):
    project.write("package.json", json.dumps(PACKAGE | {"buildopt": {"quiet": True}}))

    done = project.call("init")

    assert done.returncode == 2
    assert "cannot edit the settings in" in told(done)
    assert not (project.root / "buildopt.toml").exists()


def test_an_inline_table_is_left_alone_and_told(project):
    inline = 'tasks = {own = {command = "x"}}\n'
    project.write("buildopt.toml", inline)

    done = project.call("init")

    assert (done.returncode, text(project)) == (2, inline)
    assert "inline table" in told(done)


def test_from_a_folder_below_the_file_is_written_at_the_root(project):
    (project.root / "src").mkdir()

    subprocess.run([PROGRAM, "init"], cwd=project.root / "src", env=project.environ, check=True)

    assert set(commands(project)) == {"build", "test:unit"}
    assert not (project.root / "src/buildopt.toml").exists()


def test_a_linked_file_is_edited_behind_its_link(project):
    project.write("../shared.toml", OWN)
    (project.root / "buildopt.toml").symlink_to("../shared.toml")

    project.call("init")

    assert (project.root / "buildopt.toml").is_symlink()
    assert (project.place / "shared.toml").read_text().startswith(OWN)


def test_a_project_of_which_nothing_is_known_gets_an_example(rig):
    done = rig.call("init")

    assert commands(rig) == {}
    assert "# [tasks.build]" in text(rig)
    assert "no manifest was found" in told(done)


def test_the_object_names_what_was_added(project):
    done = project.call("init", "--json")

    assert done.stderr == b""
    assert json.loads(done.stdout) == {
        "schema": 1,
        "file": str(project.root / "buildopt.toml"),
        "changed": True,
        "created": True,
        "dry_run": False,
        "manifests": ["package.json"],
        "added": [
            {"task": "build", "command": "yarn run build"},
            {"task": "test:unit", "command": "yarn run test:unit"},
        ],
    }


def test_without_room_the_old_file_stays_and_no_other(project):
    project.write("buildopt.toml", OWN)
    project.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # Python would leave a part of a module
    before = project.tree()

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(OWN), len(OWN)))

    done = project.call("init", preexec_fn=no_room)

    assert done.returncode == 2
    assert "cannot write" in told(done)
    assert project.tree() == before


def test_killed_before_the_last_step_the_old_file_is_whole(project):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    project.write("buildopt.toml", OWN)

    subprocess.run(
        ["strace", "-qq", "-o", os.devnull, "-e", "inject=rename:signal=KILL", PROGRAM, "init"],
        cwd=project.root, env=project.environ, capture_output=True, check=False,
    )  # fmt: skip

    assert text(project) == OWN


def test_after_init_the_build_is_the_same_command(project):
    (project.root / "yarn.lock").unlink()
    project.write("../bin/npm", "#!/bin/sh\n", 0o755)
    project.environ["PATH"] = f"{project.place}/bin"
    before = project.call("build", "--dry-run")

    project.call("init")

    after = project.call("build", "--dry-run")
    chosen = [told(done).splitlines()[0].split(": ")[1] for done in (before, after)]
    assert before.returncode == after.returncode
    assert chosen[0] == chosen[1]
