import os

import pytest

from buildopt import blobs


def test_content_comes_back_by_its_digest(tmp_path):
    state = os.fsencode(tmp_path)

    digest = blobs.put(state, b"content", now_s=0)

    assert blobs.get(state, digest) == b"content"


def test_damaged_blob_is_told(tmp_path):
    state = os.fsencode(tmp_path)
    digest = blobs.put(state, b"content", now_s=0)
    (tmp_path / "blobs" / digest).write_bytes(b"other")

    with pytest.raises(ValueError, match="damaged"):
        blobs.get(state, digest)


def test_blob_that_is_older_than_the_journal_goes_with_the_next_one(tmp_path):
    state = os.fsencode(tmp_path)
    digest = blobs.put(state, b"old", now_s=0)
    now_s = os.stat(tmp_path / "blobs" / digest).st_mtime + blobs.KEPT_S + 1

    blobs.put(state, b"new", now_s=now_s)

    with pytest.raises(FileNotFoundError):
        blobs.get(state, digest)


def test_folder_that_cannot_be_written_costs_only_the_blob(tmp_path):
    (tmp_path / "blobs").write_text("in the way")

    assert blobs.put(os.fsencode(tmp_path), b"content", now_s=0) == ""
