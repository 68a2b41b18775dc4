"""Which folder an `.npmrc` names as npm's cache, where it can mean one thing only."""

import pytest


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cache=/var/npm", ("/var/npm",)),
        ("  cache = ./.npm-cache \r", ("./.npm-cache",)),
        ("cache=${HOME}/npm", ("$HOME/npm",)),
        ("cache=~/npm", ("$HOME/npm",)),
        ("cache=${WHERE}/x", ("/var/a/x",)),
    ],
)
def test_a_plain_line_names_it(project, line, expected):
    project.write(".npmrc", f"; of ours\nregistry=https://example.org/\n{line}\n")

    found = project.load(WHERE="/var/a").npm_caches

    assert found == tuple(each.replace("$HOME", str(project.home)) for each in expected)


@pytest.mark.parametrize(
    "text",
    [
        "", "cache", "cache=", "# cache=/a", "cache-max=0", "cache=/a\ncache=/b", "CACHE=/a",
        '"cache"=/a', 'cache="/a"', "cache=/a ; b", "cache=/a#b", "cache=/a\\;b", "cache[]=/a",
        "cache=/a/*", "cache=/a b", "cache=${NONE}/a", "cache=${HOME?}/a", "cache=$HOME/a",
        "[part]\ncache=/a", "cache=/a\n[part]", "cache=~other/a",
    ],
)  # fmt: skip
def test_whatever_else_is_left_alone(project, text):
    project.write(".npmrc", text + "\n")

    found = project.load()

    assert found.npm_caches == ()
    assert not any(path.endswith(".npmrc") for path in found.consulted)


def test_bytes_that_are_no_text_and_a_folder_are_left_alone(project):
    project.write(".npmrc", b"cache=/a\xff\n")
    project.write("sub/.npmrc/a", "")

    assert project.load("sub").npm_caches == ()


def test_those_from_the_directory_up_to_the_root_count_and_the_users(project):
    project.write("../.npmrc", "cache=/above\n")
    project.write(".npmrc", "cache=/of-root\n")
    project.write("sub/.npmrc", "cache=/of-sub\n")
    project.write(".npmrc", "cache=/of-user\n", below="home")

    found = project.load("sub")

    files = [project.root / "sub/.npmrc", project.root / ".npmrc", project.home / ".npmrc"]
    assert found.npm_caches == ("/of-sub", "/of-root", "/of-user")
    assert found.consulted[-3:] == tuple(map(str, files))


def test_the_users_counts_not_where_a_variable_names_another_one(project):
    project.write(".npmrc", "cache=/of-user\n", below="home")

    assert project.load(npm_config_userconfig="/elsewhere").npm_caches == ()
