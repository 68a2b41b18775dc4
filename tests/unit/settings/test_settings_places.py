"""Which files count, and which of them is stronger."""

import os

from buildopt import settings


def test_nearest_settings_make_the_root(project):
    project.write("sub/buildopt.toml", 'input = ["src"]\n')

    found = project.load("sub")

    assert (found.root, found.input) == (str(project.root / "sub"), ("src",))


def test_without_settings_the_git_root_is_the_root(project):
    assert project.load("sub").root == str(project.root)


def test_without_either_the_directory_is_the_root(project):
    (project.root / ".git").rmdir()

    assert project.load("sub").root == str(project.root / "sub")


def test_pyproject_and_package_json_count_only_with_a_part_of_ours(project):
    project.write("pyproject.toml", "[project]\nname = 'buildopt-user'\n")
    project.write("sub/package.json", '{"buildopt": {"quiet": true}}')

    found = project.load("sub")

    assert (found.root, found.quiet) == (str(project.root / "sub"), True)


def test_buildopt_toml_is_taken_before_the_part_of_another_file(project):
    project.write("buildopt.toml", "")
    project.write("pyproject.toml", "[tool.buildopt]\nquiet = true\n")

    assert project.load().quiet is False


def test_a_part_without_a_key_makes_the_root_too(project):
    project.write("sub/pyproject.toml", "[tool.buildopt]\n")

    assert project.load("sub").root == str(project.root / "sub")


def test_variable_is_stronger_than_the_project_and_that_than_the_user(project):
    project.write_users('cache = "off"\nquiet = true\nobserve = "declared"\n')
    project.write("buildopt.toml", 'cache = "read"\nobserve = "off"\n')

    found = project.load(BUILDOPT_CACHE="write")

    assert (found.cache, found.quiet, found.observe) == ("write", True, "off")


def test_the_users_file_is_no_projects_file(project):
    project.write_users("quiet = true\n")

    assert project.load().file == ""


def test_a_folder_of_the_user_may_be_named_by_xdg(project):
    path = project.write("elsewhere/buildopt/buildopt.toml", "quiet = true\n", below="home")

    found = project.load(XDG_CONFIG_HOME=str(project.home / "elsewhere"))

    assert found.quiet
    assert str(path) in found.consulted


def test_every_file_that_could_change_the_settings_is_consulted(project):
    consulted = project.load("sub").consulted

    expected = [
        project.root / "sub" / "buildopt.toml",
        project.root / "sub" / ".git",
        project.root / "package.json",
        project.home / ".config/buildopt/buildopt.toml",
    ]
    assert {os.fspath(path) for path in expected} <= set(consulted)


def test_broken_settings_make_the_root_for_those_who_only_look(project):
    project.write("sub/buildopt.toml", "quiet = = 1\n")

    assert settings.find_root(str(project.root / "sub"))[0] == str(project.root / "sub")


def test_a_byte_order_mark_is_read_over(project):
    project.write("buildopt.toml", b"\xef\xbb\xbfquiet = true\n")

    assert project.load().quiet


def test_a_broken_file_of_others_without_a_part_of_ours_is_their_own_affair(project):
    project.write(
        "pyproject.toml", '[project]\ndependencies = ["buildopt"]\n# [tool.buildopt]\n= 1'
    )
    project.write("package.json", '{"devDependencies": {"buildopt": "^1.0"},}')

    assert project.load().file == ""


def test_a_key_that_stands_twice_in_the_part_of_others_is_their_own_affair(project):
    project.write("package.json", '{"a": 1, "a": {"b": 1, "b": 2}, "buildopt": {"quiet": true}}')

    assert project.load().quiet


def test_folders_and_links_to_nothing_that_are_called_like_others_files_are_none(project):
    (project.root / "pyproject.toml").mkdir()
    (project.root / "package.json").symlink_to("nowhere")

    assert project.load().file == ""
