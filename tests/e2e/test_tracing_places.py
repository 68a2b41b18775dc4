"""Where a traced project lies, what its files are called, how many, and what the variables say."""

import os
import shutil
import subprocess
import sys
import zipapp

import pytest

from tests.e2e.tracing_rig import run_as_rebuilt, settled, shell
from tests.rig import PROGRAM

OBSERVE = "auto"


NAMES = [b"new\nline", b"tab\there", b"not utf-8 \xff", b"x" * 255, b"$PROJECT", b"-n", b" "]


@pytest.mark.parametrize("name", NAMES)
def test_name_of_any_bytes_is_an_input_and_an_output(rig, name):
    path = os.path.join(os.fsencode(rig.root), b"src", name)
    os.mkdir(os.path.dirname(path))
    with open(path, "wb") as file:
        file.write(b"1")
    command = 'mkdir -p out; for f in src/*; do cat "$f" > "out/${f#src/}"; done'
    settled(rig, *shell(command))
    shutil.rmtree(rig.root / "out")
    assert run_as_rebuilt(rig, command).outcome == "restored"

    with open(path, "wb") as file:
        file.write(b"2")

    assert run_as_rebuilt(rig, command).outcome == "executed"


def test_file_deeper_than_any_path_is_no_false_hit(rig):
    name = "x" * 250
    program = rig.write(
        "deep.py",
        f"import os\nfor _ in range(20): os.chdir('{name}')\nprint(open('a').read(), end='')\n",
    )
    edit = (
        "import os\n"
        f"for _ in range(20): os.makedirs('{name}', exist_ok=True); os.chdir('{name}')\n"
        "open('a', 'w').write('{}')\n"
    )
    subprocess.run([sys.executable, "-c", edit.replace("{}", "1")], cwd=rig.root, check=True)
    run = ("--", sys.executable, program)
    assert [rig.run(*run).out for _ in range(2)] == [b"1", b"1"]

    subprocess.run([sys.executable, "-c", edit.replace("{}", "2")], cwd=rig.root, check=True)

    assert rig.run(*run).out == b"2"
    shutil.rmtree(rig.root / name)


def test_one_of_20_000_inputs_in_a_folder_is_named(rig):
    (rig.root / "src").mkdir()
    for number in range(20_000):
        (rig.root / f"src/{number}").write_bytes(b"1")
    program = "import os\nfor e in sorted(os.listdir('src')): open('src/' + e).close()"
    run = ("--", sys.executable, "-Sc", program)
    rig.run(*run)
    assert rig.run(*run).outcome == "fresh"

    rig.write("src/12345", "2")

    assert rig.run(*run).reasons == [("file-changed", "src/12345")]


@pytest.mark.parametrize("entry", ["sub/..", "link", "sub/../link"])
def test_folder_that_is_entered_by_another_way_is_the_same(rig, entry):
    rig.write("a", "1")
    rig.write("sub/.keep")
    (rig.root / "link").symlink_to(".")
    command = ("sh", "-c", 'cd "$0" && exec buildopt run -- cat a', entry)
    rig.environ["PATH"] = f"{PROGRAM.parent}:{rig.environ['PATH']}"
    subprocess.run(command, cwd=rig.root, env=rig.environ, check=True, capture_output=True)
    assert rig.last_result()["outcome"] == "executed"
    rig.write("a", "2")

    done = subprocess.run(command, cwd=rig.root, env=rig.environ, check=True, capture_output=True)

    assert done.stdout == b"2"


def test_project_copied_elsewhere_is_not_answered_with_the_path_of_the_first(rig):
    rig.write("a", "1")
    rig.run(*shell("pwd > out; cat a"))
    moved = rig.place / "elsewhere" / "project"
    shutil.copytree(rig.root, moved)
    rig.root = moved

    done = rig.run(*shell("pwd > out; cat a"))

    assert done.outcome == "executed"
    assert rig.read("out").decode() == f"{moved}\n"


@pytest.mark.parametrize(("name", "outcome"), [("FOO", "executed"), ("BUILD_ID", "fresh")])
def test_variable_that_no_file_names_counts_unless_it_identifies_a_run_of_ci(rig, name, outcome):
    rig.environ[name] = "1"
    rig.script("show.sh", "echo done")
    settled(rig, "--", "./show.sh")

    rig.environ[name] = "2"

    assert rig.run("--", "./show.sh").outcome == outcome


@pytest.mark.parametrize("name", ["FOO", "BUILD_ID"])
def test_variable_that_a_script_names_is_a_miss(rig, name):
    rig.environ[name] = "1"
    rig.script("stamp.sh", f"echo ${name} > out")
    settled(rig, "--", "./stamp.sh")

    rig.environ[name] = "2"

    assert rig.run("--", "./stamp.sh").reasons == [("environment", name)]
    assert rig.read("out") == b"2\n"


def test_variable_that_a_packed_program_names_is_a_miss(rig):
    rig.write("app/__main__.py", "import os\nopen('out', 'w').write(os.environ['GITHUB_SHA'])\n")
    zipapp.create_archive(rig.root / "app", rig.root / "app.pyz", compressed=True)
    for sha in ("1" * 40, "2" * 40):
        rig.environ["GITHUB_SHA"] = sha
        rig.run("--", sys.executable, "app.pyz")

        assert rig.read("out") == sha.encode()


def test_the_logs_of_npm_count_for_nothing_where_a_variable_puts_them(rig):
    cache = rig.root / ".npm-cache"
    (cache / "_logs").mkdir(parents=True)
    rig.environ["npm_config_cache"] = str(cache)
    rig.write("a", "one\n")
    command = 'ls "$npm_config_cache/_logs" > seen; echo x > "$npm_config_cache/_logs/$$"; cat a'
    rig.run(*shell(command))
    rig.write(".npm-cache/_logs/of-another-command", "x")

    done = rig.run(*shell(command))

    assert done.outcome == "fresh", done.err


LOGS = ".npm-cache/_logs"
READ = f"ls {LOGS} > seen; cat a"


@pytest.mark.parametrize("place", [".npmrc", "home/.npmrc"])
def test_the_logs_of_npm_count_for_nothing_where_an_npmrc_puts_them(rig, place):
    rig.environ["HOME"] = str(rig.root / "home")
    rig.write(f"{LOGS}/of-another", "")
    rig.write(place, "cache=./.npm-cache\n")
    rig.write("a", "one\n")
    rig.run(*shell(READ))
    rig.write(f"{LOGS}/of-a-third", "")

    done = rig.run(*shell(READ))

    assert done.outcome == "fresh", done.err


@pytest.mark.parametrize("fast", ["0", "1"])
def test_where_an_npmrc_put_the_logs_before_they_count_again(rig, fast):
    rig.environ["BUILDOPT_FAST_PATH"] = fast
    rig.write(f"{LOGS}/of-another", "")
    rig.write(".npmrc", "cache=./.npm-cache\n")
    rig.write("a", "one\n")
    settled(rig, *shell(READ))
    rig.write(f"{LOGS}/of-a-third", "")
    hidden = [rig.run(*shell(READ)).outcome for _ in range(2)]

    rig.write(".npmrc", "cache=./other\n")
    done = rig.run(*shell(READ))

    assert hidden == ["fresh", "fresh"]
    assert done.outcome == "executed"
    assert rig.read("seen") == b"of-a-third\nof-another\n"


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_script_of_npm_is_answered_after_npm_was_used_otherwise(rig):
    rig.environ |= {"npm_config_update_notifier": "false", "NO_UPDATE_NOTIFIER": "1"}
    rig.write(".npmrc", "cache=./.npm-cache\n")
    rig.write("package.json", '{"name": "one", "scripts": {"build": "cp a b"}}')
    rig.write("a", "one\n")
    plainly = {"cwd": rig.root, "env": rig.environ, "check": True, "capture_output": True}
    subprocess.run(["npm", "config", "get", "cache"], **plainly)
    rig.run("--", "npm", "run", "build")
    subprocess.run(["npm", "config", "get", "cache"], **plainly)

    done = rig.run("--", "npm", "run", "build")

    assert done.outcome == "fresh", done.err
    assert len(list((rig.root / LOGS).iterdir())) >= 3


@pytest.mark.parametrize("folder", ["..", "src"])
@pytest.mark.parametrize("name", ["cache", "state"])
def test_what_lies_beside_our_own_files_counts(rig, name, folder):
    place = (rig.root / folder).resolve()
    setattr(rig, name, place)
    rig.environ[f"BUILDOPT_{name.upper()}_DIR"] = str(place)
    rig.write("src/a", "1")
    rig.write("../beside/a", "1")
    command = "cat src/a ../beside/a > out"
    assert settled(rig, *shell(command)).outcome == "fresh"

    rig.write(f"{folder}/{'beside/' if folder == '..' else ''}a", "2")

    assert rig.run(*shell(command)).outcome == "executed"
