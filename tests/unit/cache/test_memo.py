"""The signature memo: it never believes what a later change could look like."""

import os

import pytest
import xxhash

from buildopt.cache import memo
from buildopt.cache.memo import ChangedMeanwhile, Memo, load
from buildopt.model import signature_of


def digest(keeper, path):
    return keeper.digest(str(path), signature_of(os.lstat(path)))


def test_rewrites_of_the_same_size_in_a_tight_loop_are_all_seen(tmp_path):
    """1,000 rounds as fast as they go: two changes may carry the same time."""
    path = tmp_path / "file"
    keeper = Memo(str(tmp_path / "memo"))
    for number in range(1_000):
        content = b"%04d" % number
        path.write_bytes(content)

        assert digest(keeper, path) == xxhash.xxh3_128_digest(content)


def test_what_was_saved_is_believed_without_a_look(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    keeper = Memo(str(tmp_path / "memo"))
    before = digest(keeper, path)
    keeper.save()
    again = load(str(tmp_path / "memo"))
    if any(row.flags & memo.RACY for row in again._rows.values()):
        pytest.skip("the file system's times are too coarse to believe a file this young")

    monkeypatch.setattr(memo, "_digest_file", None)

    assert digest(again, path) == before


@pytest.mark.parametrize("at", [0, 20, -1])
def test_damaged_memo_is_an_empty_one(tmp_path, at):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    keeper = Memo(str(tmp_path / "memo"))
    digest(keeper, path)
    keeper.save()
    data = bytearray((tmp_path / "memo").read_bytes())
    data[at] ^= 0x55
    (tmp_path / "memo").write_bytes(data)

    assert load(str(tmp_path / "memo"))._rows == {}


def test_file_that_is_another_one_by_now_is_not_digested_under_the_old_signature(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    old = signature_of(os.lstat(path))
    path.unlink()
    path.write_bytes(b"two!")

    with pytest.raises(ChangedMeanwhile):
        Memo(str(tmp_path / "memo")).digest(str(path), old)
