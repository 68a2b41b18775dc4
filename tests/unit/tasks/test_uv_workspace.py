"""Workspaces of uv: members, what they require of each other, and their tasks."""

import pytest

from buildopt.tasks.uv_workspace import normalized

ROOT = """
[project]
name = "top"
dependencies = ["core-lib>=1"]
[tool.uv.workspace]
members = ["libs/*"]
exclude = ["libs/old"]
[tool.uv.sources]
core_lib = { workspace = true }
"""


def member(tree, folder, name, requires="[]", more=""):
    project = f'[project]\nname = "{name}"\ndependencies = {requires}\n'
    tree.write(f"{folder}/pyproject.toml", project + more)


TASK = '[tool.buildopt.tasks.build]\ncommand = "python -m build"\n'


@pytest.fixture
def libs(tree):
    tree.write("pyproject.toml", ROOT)
    member(tree, "libs/core", "Core.Lib", more=TASK)
    member(tree, "libs/old", "old", more=TASK)
    member(tree, "libs/web", "web", '["CORE_lib[fast]>=1 ; python_version > \'3\'", "click"]', TASK)
    (tree.root / "libs/notes").mkdir()
    return tree


def test_members_are_the_globs_without_what_is_excluded(libs):
    found = libs.find()

    assert [package.name for package in found.packages] == ["Core.Lib", "web"]
    assert (found.manager, found.root_package.name) == ("uv", "top")
    assert str(libs.root / "libs/notes/pyproject.toml") in found.consulted


def test_a_star_in_what_is_excluded_crosses_folders(tree):
    tree.write(
        "pyproject.toml", '[tool.uv.workspace]\nmembers = ["**"]\nexclude = ["sk*", "a/**/b"]\n'
    )
    for folder in ("skip/in", "a/b", "a/x/b", "a/c", "kept"):
        member(tree, folder, folder.replace("/", "-"))

    assert [package.name for package in tree.find().packages] == ["a-c", "kept"]


def test_a_requirement_is_internal_where_the_root_or_the_package_marks_it(libs):
    own = "[tool.uv.sources]\nweb = [{ workspace = true, marker = \"sys_platform != 'win32'\" }]\n"
    member(libs, "libs/a", "a", '["web", "core-lib"]', own)
    member(libs, "libs/b", "b", '["web", "core-lib"]')

    needs = {package.name: package.depends_on for package in libs.find().packages}

    assert needs == {
        "a": ("web", "Core.Lib"), "b": ("Core.Lib",), "Core.Lib": (), "web": ("Core.Lib",),
    }  # fmt: skip
    assert libs.find().root_package.depends_on == ("Core.Lib",)


def test_a_source_that_is_the_folder_of_a_member_is_internal(libs):
    sources = '[tool.uv.sources]\nweb = { path = "../web" }\nold = { path = "../old" }\n'
    sources += 'core-lib = { git = "https://example.org/core" }\n'
    member(libs, "libs/a", "a", '["web", "old", "core-lib"]', sources)

    assert libs.find().packages[0].depends_on == ("web",)


def test_extras_groups_and_what_builds_count(libs):
    more = (
        '[project.optional-dependencies]\nx = ["web"]\n'
        '[dependency-groups]\ndev = ["core-lib", { include-group = "x" }]\n'
        "[tool.uv.sources]\nweb = { workspace = true }\n"
    )
    member(libs, "libs/a", "a", more=more)

    assert libs.find().packages[0].depends_on == ("web", "Core.Lib")


def test_tasks_of_members_are_ordered_by_what_they_require(libs):
    plan = libs.plan("build")

    assert [task.id for task in plan.tasks] == ["Core.Lib#build", "web#build"]
    assert plan.tasks[1].depends_on == ("Core.Lib#build",)
    assert plan.tasks[1].settings.directory == str(libs.root / "libs/web")


def test_inside_a_member_with_settings_its_task_is_meant(libs):
    assert libs.asked("build", folder="libs/web") == ["web#build"]
    assert libs.ids("build", folder="libs/web") == ["Core.Lib#build", "web#build"]


def test_a_virtual_root_has_no_package(tree):
    tree.write("pyproject.toml", '[tool.uv]\nworkspace = { members = ["a"] }\n')
    member(tree, "a", "a")

    found = tree.find()

    assert found.root_package is None
    assert [package.name for package in found.packages] == ["a"]


def test_scripts_of_a_package_json_beside_it_are_the_roots(libs):
    libs.write("package.json", {"name": "front", "scripts": {"lint": "eslint ."}})

    assert libs.ids("lint") == ["front#lint"]
    assert libs.ids("build") == ["Core.Lib#build", "web#build"]


def test_a_pyproject_without_a_workspace_is_none(tree):
    member(tree, ".", "single")

    assert tree.find() is None


def test_a_broken_pyproject_of_a_member_is_told_with_its_line(libs):
    path = libs.write("libs/web/pyproject.toml", "[project]\nname = \n")

    error = libs.refused("build")

    assert error.slug == "unreadable-manifest"
    assert error.message.startswith(f"cannot read `{path}`: ")
    assert "line 2" in error.message


def test_members_that_are_no_list_are_told(tree):
    tree.write("pyproject.toml", '[tool.uv.workspace]\nmembers = "libs"\n')

    assert "`tool.uv.workspace.members` is no list" in tree.refused("build").message


@pytest.mark.parametrize("name", ["my-lib", "My_Lib", "my.lib", "MY-_.lib"])
def test_names_are_compared_as_pep_503_says(name):
    assert normalized(name) == "my-lib"
