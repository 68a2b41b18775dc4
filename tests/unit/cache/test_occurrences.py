import pytest

from buildopt.cache import variables
from buildopt.cache.occurrences import occurring
from buildopt.model import Observation

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

    assert occurring(NAMES, (), [read(file, "1")]) == found
    assert occurring(NAMES, (content,), ()) == found


def test_our_own_list_of_the_names_mentions_none():
    assert occurring(NAMES, (), [read(variables.__file__, "1")]) == set()


def read(file, value):
    return Observation(kind="file", subject=str(file), value=value)


def test_file_is_searched_anew_once_its_content_is_another(tmp_path):
    file = tmp_path / "file"
    file.write_text("nothing")
    occurring(NAMES, (), [read(file, "1")])
    file.write_text("NODE")

    assert occurring(NAMES, (), [read(file, "2")]) == {"NODE"}


def test_file_that_cannot_be_read_may_have_all_names(tmp_path):
    assert occurring(NAMES, (), [read(tmp_path / "gone", "1")]) == set(NAMES)
