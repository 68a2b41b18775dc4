"""Scripts of the packages of a real npm workspace as one graph."""

import json

import pytest

OBSERVE = "auto"
pytestmark = [pytest.mark.projects, pytest.mark.timeout(600)]


@pytest.fixture
def workspace(rig):
    rig.write("package.json", json.dumps({"name": "shop", "workspaces": ["packages/*"]}))
    rig.write("package-lock.json", json.dumps({"name": "shop", "lockfileVersion": 3}))
    rows = {"core": [], "ui": ["core"], "web": ["ui"], "docs": []}
    for name, needs in rows.items():
        read = " ".join(f"../{other}/dist.txt" for other in needs)
        package = {
            "name": name,
            "version": "1.0.0",
            "dependencies": dict.fromkeys(needs, "^1.0.0"),
            "scripts": {
                "prebuild": "cat src.txt",
                "build": f"sh ../../join.sh src.txt {read} && cat dist.txt",
            },
        }
        rig.write(f"packages/{name}/package.json", json.dumps(package))
        rig.write(f"packages/{name}/src.txt", f"{name}\n")
    rig.write("join.sh", "cat $* > dist.txt")
    return rig


def outcomes(rig):
    rows = rig.last_result()["tasks"]
    return {row["task"]: row["outcome"] for row in rows if "#" in row["task"]}


def test_a_change_in_one_package_reruns_it_and_what_is_behind_it(workspace):
    first = workspace.run("build", "--jobs", "2")
    assert first.status == 0
    assert workspace.read("packages/web/dist.txt") == b"web\nui\ncore\n"
    second = workspace.run("build", "--jobs", "2")
    workspace.write("packages/ui/src.txt", "edited\n")
    third = workspace.run("build", "--jobs", "2")

    assert second.outcome == "fresh"
    assert second.result["hit_ratio"] == 1
    assert third.status == 0
    assert outcomes(workspace) == {
        "core#build": "fresh", "docs#build": "fresh",
        "ui#build": "executed", "web#build": "executed",
    }  # fmt: skip
    assert workspace.read("packages/web/dist.txt") == b"web\nedited\ncore\n"
    steps = [row for row in third.result["tasks"] if "#" not in row["task"]]
    assert {step["task"].split(":")[0] for step in steps} == {"ui", "web"}
    assert "fresh" in {step["outcome"] for step in steps}


def test_filter_and_folder_choose_packages(workspace):
    workspace.run("build", "--filter", "ui...")
    assert set(outcomes(workspace)) == {"core#build", "ui#build"}

    nobody = workspace.call("run", "build", "--filter", "nobody")

    assert nobody.returncode == 125


def test_packages_fail_by_their_own_status(workspace):
    manifest = json.loads(workspace.read("packages/core/package.json"))
    manifest["scripts"]["build"] = "exit 9"
    workspace.write("packages/core/package.json", json.dumps(manifest))

    done = workspace.run("build", "--continue")

    assert done.status == 9
    assert set(done.result["not_run"]) == {"ui#build", "web#build"}
    assert outcomes(workspace)["docs#build"] == "executed"
