"""A canary in a secret variable: no event, report, result or list tells it; its entry says so."""

import json

import pytest

CANARY = "canary-5f0e91c7"
RUN = ("--input", "src", "--output", "out", "--result-file", "result.json", "--report", "--verbose")


@pytest.fixture
def project(rig):
    rig.environ["DEPLOY_TOKEN"] = CANARY
    rig.script("build.sh", 'cat src; printf "$TEXT" > out')
    rig.write("src", "a")
    return rig


def holders(rig, *places):
    """Files below our own folders and the project that hold the canary."""
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    return [path.name for path in files if CANARY.encode() in path.read_bytes()]


def marked(rig):
    (task,) = json.loads(rig.call("cache", "list", "--json").stdout)["tasks"]
    shown = json.loads(rig.call("cache", "show", task["key"], "--json").stdout)
    return [record["secrets"] for record in shown["traces"]]


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("cat src; echo none > out", []),
        ('cat src; printf %s "$DEPLOY_TOKEN" > out', ["DEPLOY_TOKEN"]),
        ('echo > out; printf %s "${DEPLOY_TOKEN%c7}"; sync; printf c7', ["DEPLOY_TOKEN"]),
        ('echo > out; echo "$DEPLOY_TOKEN" >&2', ["DEPLOY_TOKEN"]),
        ('ln -s "$DEPLOY_TOKEN" out', ["DEPLOY_TOKEN"]),
        ('{ head -c 1048570 /dev/zero; printf %s "$DEPLOY_TOKEN"; } > out', ["DEPLOY_TOKEN"]),
    ],
)
def test_an_entry_that_holds_a_secret_is_marked_with_the_variables_name(project, script, names):
    project.script("build.sh", script)

    project.run(*RUN[:4], "--", "./build.sh")

    assert marked(project) == [names]


def test_a_secret_in_the_command_line_is_told_nowhere(project):
    command = ("./build.sh", f"--token={CANARY}")
    project.run(*RUN, "--", *command)
    project.write("src", "b")
    project.run(*RUN, "--", *command)
    again = project.run(*RUN[:4], "--", *command)
    other = project.call("run", *RUN[:4], "--verbose", "--", *command, "more")
    listed = [project.call(*words).stdout for words in (["cache", "list"], ["runs", "--json"])]

    assert again.outcome == "fresh"
    assert CANARY.encode() not in b"".join([other.stderr, *listed])
    assert holders(project, project.state, project.root) == []
    assert holders(project, project.cache / "v1" / "records") == []
    assert project.last_result()["command"] == ["./build.sh", "--token=***", "more"]


def test_before_a_cache_is_shared_records_with_secrets_can_be_removed(project):
    project.run(*RUN[:4], "--", "./build.sh")
    project.script("build.sh", 'cat src; printf %s "$DEPLOY_TOKEN" > out')
    project.run(*RUN[:4], "--input", "build.sh", "--", "./build.sh")

    kept = project.call("cache", "prune", "--json")
    pruned = project.call("cache", "prune", "--no-secrets", "--json")

    assert json.loads(kept.stdout)["removed"]["records"]["files"] == 0
    assert json.loads(pruned.stdout)["removed"]["records"]["files"] == 1
    assert holders(project, project.cache) == []
    stats = json.loads(project.call("cache", "stats", "--json").stdout)
    assert stats["records"] == 1
