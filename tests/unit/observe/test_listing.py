import os

from buildopt.observe.ignored import TracePolicy
from buildopt.observe.listing import list_folder
from buildopt.observe.placement import Placement


def test_a_listing_is_sorted_and_tells_types(tmp_path):
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / "a").mkdir()
    (tmp_path / "l").symlink_to("b")
    os.mkfifo(tmp_path / "p")

    value = list_folder(Placement(TracePolicy(root=str(tmp_path))), str(tmp_path), ())

    assert value == "da/fb/ll/op"


def test_own_and_hidden_paths_are_left_out(tmp_path):
    for name in ("a", "own", ".eslintcache", "x.tsbuildinfo", ".a.buildopt-0123456789ab"):
        (tmp_path / name).write_bytes(b"")

    placement = Placement(TracePolicy(root=str(tmp_path)))
    value = list_folder(placement, str(tmp_path), {f"{tmp_path}/own"})

    assert value == "fa"


def test_a_missing_folder_lists_as_an_empty_one(tmp_path):
    placement = Placement(TracePolicy(root=str(tmp_path)))

    assert list_folder(placement, str(tmp_path / "gone"), ()) == ""
