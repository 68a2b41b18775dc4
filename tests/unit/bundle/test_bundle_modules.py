"""What the name of a source tells."""

import pytest

from buildopt.bundle.modules import kind_of, package_copy, pinned_by, plain_name


@pytest.mark.parametrize(
    ("source", "name", "instance"),
    [
        ("../../node_modules/a/x.js", "a", "node_modules/a"),
        ("webpack://app/./node_modules/@s/a/x.js?7c", "@s/a", "node_modules/@s/a"),
        ("/p/node_modules/a/node_modules/b/x.js", "b", "node_modules/a/node_modules/b"),
        (
            "node_modules/.pnpm/@s+a@1.0.0/node_modules/@s/a/x.js",
            "@s/a",
            "node_modules/.pnpm/@s+a@1.0.0/node_modules/@s/a",
        ),
        ("C:\\p\\node_modules\\a\\x.js", "a", "node_modules/a"),
        ("\0/p/node_modules/a/x.js?commonjs-module", "a", "node_modules/a"),
        ("./node_modules/css-loader/run.js!./node_modules/a/x.css", "a", "node_modules/a"),
    ],
)
def test_the_package_is_named_after_the_last_folder_and_the_copy_from_the_first_on(
    source, name, instance
):
    copy = package_copy(source)

    assert (copy.name, copy.instance) == (name, instance)
    assert kind_of(source) == "package"


@pytest.mark.parametrize(
    "source",
    [
        "src/a.js",
        "my_node_modules/a/x.js",
        "webpack://app/./src/a.css?./node_modules/css-loader/run.js",
        "./node_modules/css-loader/run.js!./src/a.css",
        "node_modules/",
    ],
)
def test_code_that_is_not_installed_is_the_projects_own(source):
    assert package_copy(source) is None
    assert kind_of(source) == "app"


@pytest.mark.parametrize(
    "source",
    [
        "[no source]",
        "webpack://app/webpack/runtime/load script",
        "webpack://app/webpack/bootstrap",
        "\0rolldown/runtime.js",
        "\0commonjsHelpers.js",
        "../../\0vite/preload-helper.js",
    ],
)
def test_code_that_the_bundler_wrote_is_told_apart(source):
    assert kind_of(source) == "generated"


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("webpack://app/./src/a.js", "src/a.js"),
        ("../../../src/a.js", "src/a.js"),
        ("./src/a.js", "src/a.js"),
        ("/src/a.js", "src/a.js"),
        ("./a/ sync ^\\.\\/.*$", "a/ sync ^\\.\\/.*$"),
        ("..", ".."),
    ],
)
def test_a_plain_name_does_not_depend_on_where_the_output_is(source, plain):
    assert plain_name(source) == plain


def test_a_nested_copy_is_pinned_by_the_package_around_it():
    assert pinned_by("node_modules/@s/a/node_modules/b") == "@s/a"
    assert pinned_by("node_modules/b") == ""
    assert pinned_by("node_modules/.pnpm/b@1.0.0/node_modules/b") == ""
