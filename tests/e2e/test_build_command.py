"""`buildopt build`: what it chooses, and that it goes on as `buildopt run` of it."""

import json
import shutil
import subprocess

import click
import pytest

from buildopt.cli import build, run
from tests.rig import PROGRAM

BUILD = "mkdir -p out && cat src/a.txt > out/a.txt && echo built"
DECLARED = ("--input", "src/**", "--output", "out")


@pytest.fixture
def project(rig):
    """A package whose managers are ours: each says how it was called."""
    rig.write("src/a.txt", "a")
    package(rig, BUILD)
    (rig.root / ".git").mkdir()
    for name in ("npm", "yarn", "make"):
        stand_in(rig, name)
    rig.environ["PATH"] = f"{rig.place}/bin:{rig.environ['PATH']}"
    return rig


def stand_in(rig, name, text='echo "${0##*/} $*"'):
    rig.write(f"../bin/{name}", f"#!/bin/sh\n{text}\n", 0o755)


def package(rig, script):
    rig.write("package.json", json.dumps({"name": "x", "scripts": {"build": script}}))


def ours(completed):
    return completed.stderr.decode()


def test_a_package_is_built_by_the_real_npm_and_answered_the_second_time(rig):
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    rig.environ["npm_config_update_notifier"] = "false"  # it asks a server, and tells
    rig.write("src/a.txt", "a")
    package(rig, BUILD)
    rig.write("package-lock.json", "{}")
    first = rig.done(rig.call("build", *DECLARED))
    shutil.rmtree(rig.root / "out")

    second = rig.done(rig.call("build", *DECLARED))

    assert (first.outcome, second.outcome) == ("executed", "restored")
    assert first.out == second.out
    assert first.out.endswith(b"built\n")
    assert rig.read("out/a.txt") == b"a"
    assert first.result["command"] == ["npm", "run", "build"]
    assert first.err == second.err == (
        b"buildopt: the build is `npm run build`: `scripts.build` of package.json, "
        b"npm by package-lock.json\n"
    )  # fmt: skip


def test_run_of_the_same_command_has_the_same_record(project):
    project.call("build", *DECLARED)

    done = project.run(*DECLARED, "--", "npm", "run", "build")

    assert done.outcome == "fresh"


def test_it_takes_the_options_of_run():
    def names(command):
        return {option.name for option in command.params if isinstance(option, click.Option)}

    assert names(build.command) == names(run.command) - {"shell"}


def test_arguments_behind_the_dashes_reach_the_build(project):
    npm = project.call("build", "--", "--mode", "a b")
    project.write("yarn.lock")

    yarn = project.call("build", "--", "--mode", "a b")

    assert npm.stdout == b"npm run build -- --mode a b\n"
    assert yarn.stdout == b"yarn run build --mode a b\n"


def test_quiet_adds_no_byte(project):
    stand_in(project, "npm", "echo out; echo err >&2; exit 7")

    done = project.call("build", "--quiet")

    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")


def test_the_task_of_the_settings_comes_first(project):
    project.write("buildopt.toml", '[tasks.build]\ncommand = "echo the task"\n')

    done = project.call("build")
    with_arguments = project.call("build", "--", "more")

    assert done.stdout == b"the task\n"
    assert "the build is `echo the task`: [tasks.build] of the settings" in ours(done)
    assert with_arguments.stdout == b"the task more\n"


def test_a_task_that_says_more_than_its_command_takes_no_arguments(project):
    project.write("buildopt.toml", '[tasks.build]\ncommand = "echo x"\ninputs = ["src/**"]\n')

    done = project.call("build", "--", "more")

    assert (done.returncode, done.stdout) == (125, b"")
    assert "buildopt run -- echo x more" in ours(done)


def test_a_second_way_to_build_is_told_and_how_to_choose_it(project):
    project.write("Makefile", "all:\n")

    done = project.call("build")

    assert done.stdout == b"npm run build\n"
    assert "hint: there is `make` (the first target of Makefile) too." in ours(done)
    assert '`command = "make"` under [tasks.build]' in ours(done)


def test_from_a_folder_below_it_builds_where_the_manifest_is(project):
    stand_in(project, "npm", "pwd; echo $PWD")
    (project.root / "src/deep").mkdir()

    done = subprocess.run(
        [PROGRAM, "build", "--result-file", "result.json"], cwd=project.root / "src/deep",
        env=project.environ, stdin=subprocess.DEVNULL, capture_output=True, check=True,
    )  # fmt: skip

    assert done.stdout.decode() == f"{project.root}\n" * 2
    assert "the build is `npm run build` in `../..`" in ours(done)
    assert json.loads(project.read("src/deep/result.json"))["directory"] == str(project.root)


@pytest.mark.parametrize(
    ("words", "variable", "written"),
    [
        (("--report",), "", "buildopt-report.html"),
        (("--report", "r.html"), "", "src/r.html"),
        (("--report=r",), "", "src/r"),
        ((), "1", "buildopt-report.html"),
        ((), "r.html", "src/r.html"),
    ],
)
def test_its_report_is_written_where_it_is_sent_from(project, words, variable, written):
    done = subprocess.run(
        [PROGRAM, "build", *words, "--", "-x"], cwd=project.root / "src",
        env=project.environ | {"BUILDOPT_REPORT": variable},
        stdin=subprocess.DEVNULL, capture_output=True, check=True,
    )  # fmt: skip

    assert done.stdout == b"npm run build -- -x\n"
    assert (project.root / written).read_bytes().lower().startswith(b"<!doctype html>")


def test_where_nothing_builds_it_says_what_was_looked_for(project):
    project.write("package.json", '{"scripts": {"start": "x"}}')

    done = project.call("build")

    assert (done.returncode, done.stdout) == (125, b"")
    assert "no build found" in ours(done)
    assert "package.json has no script `build`" in ours(done)
    assert "See docs/messages.md#no-build" in ours(done)


def test_a_manager_that_is_not_installed_is_named_with_what_asked_for_it(project):
    project.write("pnpm-lock.yaml")
    project.environ["PATH"] = f"{project.place}/bin"

    done = project.call("build")

    assert (done.returncode, done.stdout) == (127, b"")
    assert "cannot find `pnpm`" in ours(done)
    assert "pnpm by pnpm-lock.yaml" in ours(done)
    assert "buildopt run -- npm run build" in ours(done)


def test_a_script_that_calls_the_build_again_is_stopped(project):
    stand_in(project, "npm", f"exec {PROGRAM} build")

    done = project.call("build")

    assert done.returncode == 125
    assert "calls `buildopt build` again" in ours(done)


@pytest.mark.parametrize("words", [["oops"], ["--bogus"], ["oops", "--", "more"]])
def test_what_is_no_option_of_ours_starts_nothing(project, words):
    done = project.call("build", *words)

    assert (done.returncode, done.stdout) == (125, b"")
    assert "hint: " in ours(done)


def test_a_manifest_that_cannot_be_read_starts_nothing(project):
    project.write("package.json", "{")

    done = project.call("build")

    assert (done.returncode, done.stdout) == (125, b"")
    assert "cannot read" in ours(done)
    assert "package.json" in ours(done)


def test_a_dry_run_tells_the_choice_and_runs_nothing(project):
    project.call("build", *DECLARED)

    hit = project.call("build", "--dry-run", *DECLARED)
    project.write("src/a.txt", "b")
    miss = project.call("build", "--dry-run", *DECLARED)

    assert (hit.returncode, hit.stdout) == (0, b"")
    assert (miss.returncode, miss.stdout) == (3, b"")
    assert "the build is `npm run build`" in ours(miss)
