"""Own folders that hold something of others."""

from buildopt.observe.own_folders import mixed_folders


def test_a_folder_is_mixed_with_all_own_ones_around_it(tmp_path):
    made = tmp_path / "out/sub/deep"
    made.mkdir(parents=True)
    (tmp_path / "out/sub/foreign").write_text("")
    own = frozenset(map(str, (tmp_path / "out", tmp_path / "out/sub", made)))

    assert mixed_folders(own) == {str(tmp_path / "out"), str(tmp_path / "out/sub")}


def test_an_own_link_to_a_folder_of_others_is_none(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/file").write_text("")
    (tmp_path / "link").symlink_to("theirs")

    assert mixed_folders(frozenset({str(tmp_path / "link"), str(tmp_path / "gone")})) == set()
