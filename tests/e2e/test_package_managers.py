"""Real package managers: the scripts that they start are steps, or the whole stays one task."""

import json
import os
import shutil
import subprocess

import pytest

OBSERVE = "auto"
pytestmark = [
    pytest.mark.projects,
    pytest.mark.xdist_group("package managers"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]
SCRIPTS = {
    "prebuild": "cp a made-before",
    "build": "cp b made && npm run sub",
    "postbuild": "cat made",
    "sub": "cp c made-inside",
}


@pytest.fixture(scope="module")
def managers(tmp_path_factory):
    """A folder with pnpm 10 and yarn 1."""
    place = tmp_path_factory.mktemp("managers")
    (place / "package.json").write_text("{}")
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--silent", "pnpm@10", "yarn@1"],
        cwd=place,
        check=True,
        capture_output=True,
    )
    return place / "node_modules" / ".bin"


@pytest.fixture
def project(rig, managers):
    rig.environ["PATH"] = f"{managers}{os.pathsep}{rig.environ['PATH']}"
    rig.environ |= {"npm_config_update_notifier": "false", "NO_UPDATE_NOTIFIER": "1"}
    for name in ("a", "b", "c"):
        rig.write(name, f"{name}\n")
    return rig


def package(rig, folder, **fields):
    rig.write(f"{folder}/package.json", json.dumps({"version": "1.0.0", **fields}))


def workspace(rig):
    package(rig, ".", name="top", private=True, workspaces=["packages/*"])
    rig.write("pnpm-workspace.yaml", "packages:\n- packages/*\n")
    for name in ("one", "two"):
        package(rig, f"packages/{name}", name=name, scripts={"build": "cp source made && cat made"})
        rig.write(f"packages/{name}/source", f"{name}\n")


def steps(done):
    return {step["command"][-1]: step["outcome"] for step in done.result.get("tasks", ())}


def by_package(done):
    return {(step["task"], step["outcome"]) for step in done.result["tasks"]}


@pytest.mark.parametrize("manager", ["npm", "pnpm", "yarn"])
def test_scripts_before_behind_and_inside_are_steps(project, manager):
    scripts = SCRIPTS | {"build": SCRIPTS["build"].replace("npm", manager)}
    package(project, ".", name="demo", scripts=scripts)
    settings = ["--config.enable-pre-post-scripts=true"] if manager == "pnpm" else []
    command = (manager, *settings, "run", "build")
    first = project.run("--", *command)
    project.write("c", "edited\n")

    done = project.run("--", *command)

    assert first.status == done.status == 0, first.err
    expected = {"cp a made-before": "fresh", "cp b made": "fresh", "cp c made-inside": "executed"}
    assert {command: steps(done).get(command) for command in expected} == expected
    assert steps(done)["cat made"] == "fresh"
    assert project.read("made-inside") == b"edited\n"
    project.run("--", *command)  # `cp` has looked at what it overwrote
    assert project.run("--", *command).outcome == "fresh"


@pytest.mark.parametrize(
    "command",
    [("npm", "-ws", "run", "build"), ("pnpm", "-r", "run", "build"),
     ("yarn", "workspaces", "run", "build")],
    ids=["npm", "pnpm", "yarn"],
)  # fmt: skip
def test_each_package_of_a_workspace_has_its_steps(project, command):
    workspace(project)
    first = project.run("--", *command)
    project.write("packages/two/source", "edited\n")

    done = project.run("--", *command)

    assert first.status == done.status == 0, first.err
    assert by_package(done) == {
        ("one: cp source made", "fresh"),
        ("one: cat made", "fresh"),
        ("two: cp source made", "executed"),
        ("two: cat made", "executed"),
    }
    assert project.read("packages/two/made") == b"edited\n"


def test_step_of_yarn_that_runs_node_is_answered_though_yarn_makes_a_node_of_its_own(project):
    scripts = {"build": "node copy.js && cat b"}
    package(project, ".", name="demo", scripts=scripts)
    project.write("copy.js", "require('fs').writeFileSync('made', process.argv0)")
    project.run("--", "yarn", "run", "build")
    project.write("b", "edited\n")

    done = project.run("--", "yarn", "run", "build")

    assert steps(done) == {"node copy.js": "fresh", "cat b": "executed"}


def test_program_that_npx_finds_in_the_project_is_run_as_a_step(project):
    package(project, ".", name="demo", scripts={"build": "npx tool && cat b"})
    project.write("node_modules/.bin/tool", "#!/bin/sh\ncp a made\n", 0o755)
    first = project.run("--", "npm", "run", "build")
    project.write("b", "edited\n")

    done = project.run("--", "npm", "run", "build")

    assert first.status == done.status == 0, first.err
    assert (steps(done)["npx tool"], steps(done)["cat b"]) == ("fresh", "executed")


def test_other_version_and_other_script_name_count_for_who_looks_at_them(project):
    project.write("build.sh", "echo $npm_package_version $npm_lifecycle_event > made")
    scripts = {"build": "sh build.sh", "release": "sh build.sh"}
    made = []
    for version, name in (("1.0.0", "build"), ("2.0.0", "build"), ("2.0.0", "release")):
        package(project, ".", name="demo", scripts=scripts, version=version)
        project.run("--", "npm", "run", name)
        made.append(project.read("made"))

    assert made == [b"1.0.0 build\n", b"2.0.0 build\n", b"2.0.0 release\n"]


def test_argument_for_a_script_counts(project):
    package(project, ".", name="demo", scripts={"build": "sh build.sh"})
    project.write("build.sh", "echo $npm_config_mode $1 > made")
    made = []
    for arguments in (["--mode=one"], ["--mode=two"], ["--mode=two", "--", "three"]):
        project.run("--", "npm", "run", "build", *arguments)
        made.append(project.read("made"))

    assert made == [b"one\n", b"two\n", b"two three\n"]


def test_scripts_of_node_itself_are_one_task(project):
    major, minor = map(int, subprocess.check_output(["node", "-v"])[1:].split(b".")[:2])
    if (major, minor) < (22, 0):
        pytest.skip("this Node.js has no --run")
    package(project, ".", name="demo", scripts={"build": "cp a made"})
    project.run("--", "node", "--run", "build")

    done = project.run("--", "node", "--run", "build")

    assert (done.outcome, steps(done)) == ("fresh", {})
