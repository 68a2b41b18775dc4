"""Workspaces of npm, yarn and pnpm, found by their manifests."""

import subprocess
import sys

import pytest

from buildopt.tasks.npm_dependencies import fits
from buildopt.tasks.workspaces import is_member


def names(workspace):
    return [package.name for package in workspace.packages]


def needs(workspace):
    return {package.name: list(package.depends_on) for package in workspace.packages}


def test_members_are_those_of_the_globs_in_order_of_their_folders(tree):
    tree.npm_root("packages/*", "tools/one")
    for folder in ("packages/b", "packages/a", "tools/one", "tools/two", "other"):
        tree.package(folder)

    found = tree.find()

    assert names(found) == ["a", "b", "one"]
    assert found.manager == "npm"
    assert found.root == str(tree.root)
    assert found.root_package.name == "root"


def test_workspaces_may_be_a_table_with_packages(tree):
    tree.write("package.json", {"workspaces": {"packages": ["libs/*"], "nohoist": []}})
    tree.package("libs/a")

    assert names(tree.find()) == ["a"]


def test_two_stars_cross_folders_but_for_node_modules_and_hidden_ones(tree):
    tree.npm_root("packages/**")
    for folder in ("a", "deep/er/b", "a/node_modules/x", ".hidden/y"):
        tree.package(f"packages/{folder}")

    assert names(tree.find()) == ["a", "b"]


def test_a_negation_takes_away_wherever_it_stands(tree):
    tree.npm_root("!packages/old", "packages/*", "!**/{x,y}/**")
    for name in ("new", "old", "x", "new/y"):
        tree.package(f"packages/{name}")

    assert names(tree.find()) == ["new"]


def test_a_negation_is_lifted_by_a_later_pattern_that_is_an_instance_of_it(tree):
    tree.npm_root("packages/*", "!packages/{old,older}", "packages/older")
    for name in ("new", "old", "older"):
        tree.package(f"packages/{name}")

    assert names(tree.find()) == ["new", "old", "older"]


def test_a_folder_without_a_manifest_is_no_member_and_counts(tree):
    tree.npm_root("packages/*")
    (tree.root / "packages/empty").mkdir(parents=True)

    found = tree.find()

    assert names(found) == []
    assert str(tree.root / "packages/empty/package.json") in found.consulted
    assert str(tree.root / "packages") in found.consulted


def test_a_package_json_alone_is_a_root_package(tree):
    tree.write("package.json", {"name": "single", "scripts": {"build": "make", "odd": 5}})

    found = tree.find()

    assert found.root_package.scripts == {"build": "make"}
    assert found.packages == ()


def test_without_a_manifest_there_is_no_workspace(tree):
    assert tree.find() is None


def test_from_a_member_the_workspace_is_found(tree):
    tree.npm_root("packages/*")
    tree.package("packages/a")
    (tree.root / "packages/a/src").mkdir()

    assert names(tree.find("packages/a/src")) == ["a"]


def test_a_package_that_is_no_member_is_alone(tree):
    tree.npm_root("packages/*")
    tree.package("examples/x")
    tree.package("packages/a")

    found = tree.find("examples/x")

    assert (found.root_package.name, found.packages) == ("x", ())


def test_a_workspace_above_the_project_counts_where_the_project_is_a_member(tree):
    tree.npm_root("packages/*")
    tree.package("packages/a")
    (tree.root / "service").mkdir()

    assert names(tree.find("packages/a", root="packages/a")) == ["a"]
    assert tree.find("service", root="service") is None


def test_settings_between_a_workspace_and_its_members_make_a_project_of_their_own(tree):
    tree.npm_root("packages/*")
    tree.package("packages/a")
    tree.write("packages/buildopt.toml", '[tasks.all]\ncommand = "make"\n')

    found = tree.find("packages/a", root="packages")

    assert (found.root_package.name, found.packages) == ("a", ())
    assert tree.ids("all", folder="packages/a") == ["all"]


def test_a_project_is_told_to_be_a_member(tree):
    tree.npm_root("packages/*")
    tree.package("packages/a")
    tree.package("examples/b")

    assert is_member(str(tree.root / "packages/a"))
    assert not is_member(str(tree.root / "examples/b"))
    assert not is_member(str(tree.root))


@pytest.mark.parametrize(
    ("wanted", "is_ours"),
    [
        ("*", True),
        ("", True),
        ("latest", True),
        ("^1.0.0", True),
        ("^1.1", False),
        ("^0.9.0", False),
        ("~1.0", True),
        ("1.x", True),
        ("1", True),
        ("1.0.0", True),
        ("=1.0.1", False),
        ("2", False),
        (">=3 <4", True),
        ("workspace:*", True),
        ("workspace:^9", True),
        ("file:../core", True),
        ("link:../core", True),
        ("file:../elsewhere", False),
        ("npm:other@1", False),
        ("catalog:", True),
        ("github:who/core", False),
        ("https://example.org/core.tgz", False),
    ],
)
def test_a_dependency_is_internal_where_the_member_is_what_is_linked(tree, wanted, is_ours):
    tree.npm_root("packages/*")
    tree.package("packages/core")
    tree.package("packages/ui", needs={"core": wanted})

    assert needs(tree.find())["ui"] == (["core"] if is_ours else [])


@pytest.mark.parametrize(
    ("version", "wanted", "is_fitting"),
    [
        ("1.4.2", "^1.2.3", True),
        ("0.4.2", "^0.2.3", False),
        ("0.2.4", "^0.2.3", True),
        ("0.0.4", "^0.0.3", False),
        ("1.4.2", "~1.4.1", True),
        ("1.5.0", "~1.4.1", False),
        ("1.4.0", "~1.4.1", False),
        ("10.0.0", "^9.9.9", False),
        ("2.0.0-rc.1", "^1.0.0", True),
        ("", "^1.0.0", True),
    ],
)
def test_plain_ranges_are_judged_as_npm_does_and_in_doubt_fit(version, wanted, is_fitting):
    assert fits(version, wanted) == is_fitting


def test_every_kind_of_dependency_counts_each_member_once(tree):
    tree.npm_root("packages/*")
    for name in "abcd":
        tree.package(f"packages/{name}")
    kinds = {"devDependencies": {"a": "*"}, "optionalDependencies": {"b": "*"}}
    tree.package("packages/e", needs=["d", "e"], peerDependencies={"c": "*", "d": "*"}, **kinds)

    assert needs(tree.find())["e"] == ["d", "a", "b", "c"]


def test_another_name_for_a_member_means_the_member(tree):
    tree.npm_root("packages/*")
    tree.package("packages/core")
    tree.package("packages/ui", needs={"x": "workspace:core@*", "y": "file:../core"})

    assert needs(tree.find())["ui"] == ["core"]


@pytest.mark.parametrize(
    ("file", "manager"), [("yarn.lock", "yarn"), ("pnpm-lock.yaml", "pnpm"), ("bun.lock", "bun")]
)
def test_the_lockfile_says_who_runs_scripts(tree, file, manager):
    tree.npm_root("packages/*")
    tree.package("packages/a")
    tree.write(file, "")

    assert tree.plan("build").tasks[0].settings.command == (manager, "run", "build")


def test_package_manager_goes_before_the_lockfile(tree):
    tree.npm_root("packages/*", packageManager="yarn@1.22.0")
    tree.write("package-lock.json", "")

    assert tree.find().manager == "yarn"


def test_pnpm_has_its_own_file_and_excludes_wherever_it_stands(tree):
    tree.write("pnpm-workspace.yaml", "packages:\n  - '!**/test/**'\n  - packages/**\n  - .\n")
    tree.write("package.json", {"name": "root", "workspaces": ["ignored/*"]})
    for folder in ("packages/a", "packages/a/test/x", "packages/test", "ignored/y"):
        tree.package(folder)

    found = tree.find()

    assert names(found) == ["a"]
    assert found.manager == "pnpm"


def test_a_pnpm_file_without_packages_makes_no_workspace(tree):
    tree.write("pnpm-workspace.yaml", "onlyBuiltDependencies: [esbuild]\n")
    tree.package(".", name="single")

    assert tree.find().packages == ()


def test_two_stars_do_not_follow_links_in_a_circle(tree):
    tree.npm_root("packages/**")
    tree.package("packages/a")
    (tree.root / "packages/a/loop").symlink_to("..")

    assert names(tree.find()) == ["a"]


def test_a_link_to_a_folder_is_the_folder(tree):
    tree.npm_root("packages/*")
    tree.package("elsewhere/a")
    (tree.root / "packages").mkdir()
    (tree.root / "packages/a").symlink_to("../elsewhere/a")

    assert tree.find().packages[0].folder == str(tree.root / "elsewhere/a")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("packages/a/package.json", '{\n"name": }', "line 2, column 9"),
        ("pnpm-workspace.yaml", "a: b\npackages: [}", "line 2"),
        ("pnpm-workspace.yaml", "packages: some", "`packages` is no list of folders"),
        ("package.json", '{"workspaces": 5}', "`workspaces` is no list of folders"),
    ],
)
def test_a_broken_manifest_is_named_with_its_place(tree, name, content, why):
    tree.npm_root("packages/*")
    path = tree.write(name, content)

    error = tree.refused("build")

    assert error.slug == "unreadable-manifest"
    assert error.message.startswith(f"cannot read `{path}`: ")
    assert why in error.message


def test_two_packages_of_one_name_are_told(tree):
    tree.npm_root("packages/*")
    tree.package("packages/a", name="same")
    tree.package("packages/b", name="same")

    error = tree.refused("build")

    assert error.slug == "duplicate-package"
    assert "`packages/a` and `packages/b`" in error.message


def test_a_root_may_have_the_name_of_a_member(tree):
    tree.npm_root("packages/*", scripts={"lint": "true"})
    tree.package("packages/a", name="root")

    assert tree.ids("lint") == ["//#lint"]
    assert tree.ids("build") == ["root#build"]


def test_a_package_without_a_name_is_called_by_its_folder(tree):
    tree.npm_root("packages/*")
    tree.write("packages/a/package.json", {"scripts": {"build": "true"}})

    assert tree.ids("build") == ["packages/a#build"]


def test_parsers_that_are_not_needed_are_not_imported(tree):
    tree.npm_root("packages/*")
    tree.package("packages/a")
    program = (
        "import os, sys\n"
        "from buildopt.tasks.graph import plan\n"
        "from buildopt.tasks.workspaces import load_project\n"
        "here = os.getcwd()\n"
        "chosen, workspace = load_project(here, {})\n"
        "plan(['build'], settings=chosen, workspace=workspace, directory=here)\n"
        "print(*{'yaml', 'tomllib', 'click', 'dataclasses', 'subprocess'} & sys.modules.keys())\n"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tree.root, check=True, capture_output=True, text=True
    )

    assert said.stdout == "\n"
