import pytest

from buildopt.observe.ignored import Place, TracePolicy
from buildopt.observe.placement import Placement


def placement(**fields: object) -> Placement:
    settings = {"root": "/tmp/site/p", "home": "/home/me", **fields}
    return Placement(TracePolicy(**settings))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", Place.PLAIN),
        ("/etc/passwd", Place.PLAIN),
        ("/proc/self/maps", Place.HIDDEN),
        ("/dev/null", Place.HIDDEN),
        ("/dev/shm/x", Place.TEMPORARY),
        ("/tmp/x", Place.TEMPORARY),
        ("/tmp/site", Place.TEMPORARY),
        ("/tmp/site/p", Place.PLAIN),
        ("/tmp/site/p/a", Place.PLAIN),
        ("/tmp/site/p2", Place.TEMPORARY),
        ("/tmp/site/p/d/__pycache__/m.pyc", Place.HIDDEN),
        ("/tmp/site/p/node_modules/.cache/x/y", Place.HIDDEN),
        ("/tmp/site/p/.cache/x", Place.PLAIN),
        ("/tmp/site/p/a/tsconfig.tsbuildinfo", Place.STATE),
        ("/tmp/site/p/.pytest_cache/v/x", Place.STATE),
        ("/tmp/site/p/.git/index", Place.STATE),
        ("/tmp/site/p/.git/HEAD", Place.PLAIN),
        ("/home/me/.npm/_logs/x.log", Place.HIDDEN),
        ("/tmp/site/p/.npm/_logs/x.log", Place.PLAIN),
        ("/tmp/site/p/.out.js.buildopt-0123456789ab", Place.HIDDEN),
    ],
)
def test_a_path_has_its_place(path, place):
    assert placement().of(path) is place


def test_private_patterns_may_hold_wildcards_in_every_name():
    found = placement(private=("cache-*/x?/**",))

    assert found.of("/tmp/site/p/cache-1/x2/deep/file") is Place.HIDDEN
    assert found.of("/tmp/site/p/cache-1/xyz/file") is Place.PLAIN


def test_without_private_patterns_nothing_is_private():
    found = placement(private=())

    assert found.of("/tmp/site/p/__pycache__/m.pyc") is Place.PLAIN


def test_an_absolute_pattern_matches_from_the_top():
    found = placement(ignore=("/srv/cache/**",))

    assert found.of("/srv/cache/x") is Place.HIDDEN
    assert found.of("/tmp/site/p/srv/cache/x") is Place.PLAIN


def test_a_temporary_folder_inside_the_project_counts():
    found = placement(temporary_folders=("/tmp/site/p/tmp",))

    assert found.of("/tmp/site/p/tmp/x") is Place.PLAIN


def test_folders_above_the_project_and_the_home_list_by_membership():
    found = placement()

    by_membership = ["/", "/tmp", "/tmp/site", "/home", "/home/me"]
    assert [path for path in by_membership if found.lists_by_membership(path)] == by_membership
    assert not found.lists_by_membership("/tmp/site/p")
    assert not found.lists_by_membership("/tmp/site/other")


def test_a_project_that_is_the_home_folder_lists_literally():
    found = placement(root="/home/me")

    assert not found.lists_by_membership("/home/me")
