import pytest

from buildopt.cache.occurrences import occurring

NAMES = ("npm_config_mode", "npm_package_version", "GITHUB_SHA", "NODE")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("echo $npm_package_version", {"npm_package_version"}),
        ('process.env["npm_config_" + key]', {"npm_config_mode"}),
        ("`npm_${key}`", {"npm_config_mode", "npm_package_version"}),
        ("env.npm_package_version_info", {"npm_package_version"}),
        ("npm_config_model.npm_pack", {"npm_config_mode"}),
        ("NODE_ENV and $GITHUB_SHA", {"NODE", "GITHUB_SHA"}),
        ("nothing", set()),
    ],
)
def test_name_is_found_in_a_file_and_in_the_words(tmp_path, content, found):
    file = tmp_path / "file"
    file.write_text(content)

    assert occurring(NAMES, (), (str(file),)) == found
    assert occurring(NAMES, (content,), ()) == found


def test_file_that_cannot_be_read_may_have_all_names(tmp_path):
    assert occurring(NAMES, (), (str(tmp_path / "gone"),)) == set(NAMES)
