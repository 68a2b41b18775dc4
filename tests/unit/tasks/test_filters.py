"""`--filter`: which packages are meant."""

import pytest


@pytest.fixture
def shop(tree):
    """`app` -> `ui` -> `core`, `@x/site` -> `ui`; `tool` is alone; the root has a script too."""
    tree.npm_root("packages/*", "tools/*", scripts={"build": "all"})
    tree.package("packages/app", needs=["ui"])
    tree.package("packages/core")
    tree.package("packages/site", name="@x/site", needs=["ui"])
    tree.package("packages/ui", needs=["core"])
    tree.package("tools/tool", scripts=("lint",))
    return tree


def chosen(shop, *filters, folder=".", name="build"):
    ids = shop.asked(name, filters=filters, folder=folder)
    return " ".join(task_id.removesuffix(f"#{name}") for task_id in ids)


@pytest.mark.parametrize(
    ("filters", "packages"),
    [
        (["ui"], "ui"),
        (["@x/site"], "@x/site"),
        (["site"], "@x/site"),
        (["*"], "root app core @x/site ui"),
        (["@x/*"], "@x/site"),
        (["ui", "app"], "app ui"),
        (["ui..."], "core ui"),
        (["ui^..."], "core"),
        (["...ui"], "app @x/site ui"),
        (["...^ui"], "app @x/site"),
        (["...ui..."], "app core @x/site ui"),
        (["...co*"], "app core @x/site ui"),
        (["...{packages/ui}"], "app @x/site ui"),
        (["./packages/*"], "app core @x/site ui"),
        (["./packages/**"], "app core @x/site ui"),
        (["./packages/{app,ui}"], "app ui"),
        (["{packages/app}..."], "app core ui"),
        (["{./packages/app}"], "app"),
        (["."], "root"),
        (["!ui"], "root app core @x/site"),
        (["./packages/*", "!...ui"], "core"),
        (["!app", "./packages/*"], "core @x/site ui"),
        (["./tools/*", "core"], "core"),
    ],
)
def test_filters_choose_packages(shop, filters, packages):
    assert chosen(shop, *filters) == packages


def test_folders_are_seen_from_the_working_directory(shop):
    assert chosen(shop, "./app", folder="packages") == "app"
    assert chosen(shop, ".", folder="packages/ui") == "ui"
    assert chosen(shop, "../core", folder="packages/ui") == "core"
    assert chosen(shop, "....", folder="packages/ui") == "app @x/site ui"
    assert chosen(shop, "..", folder="packages") == "root"


def test_a_filter_holds_inside_a_member_too(shop):
    assert chosen(shop, "...ui", folder="packages/core") == "app @x/site ui"


def test_with_a_filter_a_name_means_packages_and_not_the_project(shop):
    shop.write("buildopt.toml", '[tasks.build]\ncommand = "make"\n')

    assert shop.asked("build") == ["build"]
    assert chosen(shop, "ui") == "ui"


def test_what_a_chosen_package_depends_on_is_run_too(shop):
    assert shop.ids("build", filters=["ui"]) == ["core#build", "ui#build"]


def test_a_package_that_is_named_must_have_the_script(shop):
    error = shop.refused("lint", filters=["ui"])

    assert error.slug == "lacking-script"
    assert error.message == "the package `ui` has no task or script `lint`"
    assert error.hint == "there is `tool#lint`"


def test_packages_of_a_glob_or_a_folder_are_passed_over(shop):
    assert chosen(shop, "*", name="lint") == "tool"
    assert chosen(shop, "./**", name="lint") == "tool"


def test_a_name_that_no_chosen_package_has_is_told(shop):
    error = shop.refused("lint", filters=["./packages/*"])

    assert error.slug == "unknown-task"
    assert error.message == "no task or script `lint` in the packages that are chosen"
    assert error.hint == "there is `tool#lint`"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("uii", "did you mean `ui`?"),
        ("zzz*", "packages are `root`, `app`"),
        ("./nowhere", "packages are"),
        ("!uii", "did you mean `ui`?"),
        ("[main]", "`--affected REF`"),
        ("...", "write `NAME`"),
        ("", "write `NAME`"),
        ("!", "write `NAME`"),
    ],
)
def test_a_filter_that_means_nothing_is_told(shop, text, hint):
    error = shop.refused("build", filters=[text])

    assert error.slug == "empty-filter"
    assert f"`{text}`" in error.message
    assert hint in error.hint


def test_a_name_in_two_scopes_must_be_written_whole(shop):
    shop.package("packages/other", name="@y/site")

    assert shop.refused("build", filters=["site"]).slug == "empty-filter"


def test_a_filter_without_packages_says_so(tree):
    assert "there is no package here" in tree.refused("build", filters=["ui"]).hint


def test_one_packages_task_is_meant_whatever_is_chosen(shop):
    assert shop.asked("tool#lint", "build", filters=["ui"]) == ["tool#lint", "ui#build"]
