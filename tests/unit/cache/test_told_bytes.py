"""Whoever shows how far a long step has come is told every byte of it."""

import os

import pytest

from buildopt.cache import inventory, memo, restore, store
from buildopt.cache.artifacts import PIECE_BYTES, Artifacts
from buildopt.cache.layout import Layout
from buildopt.model import signature_of

SIZES = (100, PIECE_BYTES + 1, 3 * PIECE_BYTES)


@pytest.fixture
def paths(tmp_path):
    """Files of these sizes, the second of which compresses well."""
    folder = tmp_path / "made"
    folder.mkdir()
    for size in SIZES:
        content = b"text" * (size // 4 + 1) if size == SIZES[1] else os.urandom(size)
        (folder / str(size)).write_bytes(content[:size])
    return [str(folder / str(size)) for size in SIZES]


def test_storing_giving_back_and_checking_tell_what_they_do(tmp_path, paths):
    told = []
    layout = Layout(str(tmp_path / "cache"))
    artifacts = Artifacts(layout, told.append)

    states = [artifacts.put_file(path, os.lstat(path), (b"needle",))[0] for path in paths]
    assert (sum(told), store.size_of(paths)) == (sum(SIZES), sum(SIZES))

    told.clear()
    plan = restore.Plan(removals=(), folders=(), files=tuple(states), links=())
    for output in plan.files:
        with open(tmp_path / "back", "wb") as back:
            artifacts.copy_to(output, back.fileno())
    assert (sum(told), plan.size_bytes) == (sum(SIZES), sum(SIZES))

    told.clear()
    assert inventory.verify(layout, told.append) == (len(SIZES), [])
    assert sum(told) == inventory.artifact_bytes(layout)


def test_digesting_tells_what_is_read(tmp_path, paths):
    told = []
    remembered = memo.load(str(tmp_path / "memo"), advance=told.append)
    for path in paths:
        os.utime(path, (1, 1))
        remembered.digest(path, signature_of(os.lstat(path)))

    assert sum(told) == sum(SIZES)
