import pytest

from buildopt.observe.resolve import LinkLoop, Resolver


@pytest.fixture
def met():
    return []


@pytest.fixture
def resolver(met):
    return Resolver(met.append)


def test_the_last_name_is_not_followed(resolver, met, tmp_path):
    (tmp_path / "l").symlink_to("a")

    assert resolver.locate(f"{tmp_path}/l") == (f"{tmp_path}/l", "")
    assert met == []


def test_links_on_the_way_are_met_and_replaced(resolver, met, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to(tmp_path / "real")

    assert resolver.locate(f"{tmp_path}/one/a") == (f"{tmp_path}/real/a", "")
    assert met == [f"{tmp_path}/one", f"{tmp_path}/two"]


def test_a_parent_after_a_link_is_that_of_its_target(resolver, tmp_path):
    (tmp_path / "x" / "y").mkdir(parents=True)
    (tmp_path / "l").symlink_to("x/y")

    assert resolver.locate(f"{tmp_path}/l/../a") == (f"{tmp_path}/x/a", "")


def test_what_lies_below_nothing_keeps_its_names(resolver, tmp_path):
    found = resolver.locate(f"{tmp_path}/gone/a/b")

    assert found == (f"{tmp_path}/gone/a/b", f"{tmp_path}/gone")


def test_a_parent_of_nothing_is_nothing(resolver, tmp_path):
    found = resolver.locate(f"{tmp_path}/gone/../a")

    assert found == (f"{tmp_path}/gone", f"{tmp_path}/gone")


def test_a_file_on_the_way_is_an_obstacle(resolver, tmp_path):
    (tmp_path / "a").write_bytes(b"")

    assert resolver.locate(f"{tmp_path}/a/b") == (f"{tmp_path}/a/b", f"{tmp_path}/a")


def test_links_in_a_circle_raise(resolver, tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(LinkLoop):
        resolver.locate(f"{tmp_path}/a/x")


def test_a_chain_of_links_is_followed_one_by_one(resolver, tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("end")

    assert resolver.follow(f"{tmp_path}/one") == (f"{tmp_path}/two", "")
    assert resolver.follow(f"{tmp_path}/two") == (f"{tmp_path}/end", "")


def test_a_repointed_link_counts_once_ways_are_forgotten(resolver, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "l").symlink_to("one")
    resolver.locate(f"{tmp_path}/l/a")
    (tmp_path / "l").unlink()
    (tmp_path / "l").symlink_to("two")

    resolver.forget()

    assert resolver.locate(f"{tmp_path}/l/a") == (f"{tmp_path}/two/a", "")


def test_the_root_folder_is_itself(resolver):
    assert resolver.locate("/") == ("/", "")
