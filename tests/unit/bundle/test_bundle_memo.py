"""The memo takes bytes and nothing else, whatever somebody planted in its folder."""

import os
import pickle
import sqlite3

import pytest

from buildopt.bundle.memo import open_memo


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "memo")


@pytest.fixture
def memo(folder):
    return open_memo(folder, 1_000_000)


class Trap:
    """Whoever unpickles it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def plant(folder, **changes):
    """Change the only row of the database."""
    with sqlite3.connect(os.path.join(folder, "cache.db")) as database:
        for column, value in changes.items():
            database.execute(f"UPDATE Cache SET {column} = ?", (value,))
    database.close()


def test_what_was_put_is_there_for_the_next_program(memo, folder):
    memo.put(b"key", b"value")

    assert open_memo(folder, 1_000_000).get(b"key") == b"value"
    assert memo.get(b"other") is None


def test_the_folder_is_the_users_alone(memo, folder):
    assert os.stat(folder).st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_folder_that_others_may_enter_is_not_used(folder, mode):
    os.makedirs(folder)
    os.chmod(folder, mode)

    with pytest.raises(OSError, match="not yours alone"):
        open_memo(folder, 1_000_000)


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path, folder):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    os.symlink(tmp_path / "elsewhere", folder)

    with pytest.raises(OSError, match="no folder"):
        open_memo(folder, 1_000_000)


@pytest.mark.parametrize("column", ["value", "key"])
def test_a_planted_pickle_is_not_opened(memo, folder, tmp_path, column):
    memo.put(b"key", b"value")
    trap = pickle.dumps(Trap(str(tmp_path / "sprung")))
    marks = {"mode": 4} if column == "value" else {"raw": 0}
    plant(folder, **{column: sqlite3.Binary(trap), **marks})

    found = [memo.get(b"key"), memo.get(trap)]

    assert found == [None, None]
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("mode", [1, 2, 3, 4])
def test_a_planted_file_is_neither_read_nor_removed(memo, folder, tmp_path, mode):
    secret = tmp_path / "secret"
    secret.write_bytes(b"mine")
    memo.put(b"key", b"value")
    plant(folder, filename="../secret", mode=mode, value=None)

    read = memo.get(b"key")
    memo.put(b"key", b"other")

    assert read is None
    assert secret.read_bytes() == b"mine"


@pytest.mark.parametrize("value", [7, "text", 1.5, None])
def test_a_planted_value_of_another_kind_is_absent(memo, folder, value):
    memo.put(b"key", b"value")
    plant(folder, value=value)

    assert memo.get(b"key") is None


@pytest.mark.parametrize("pair", [(True, b""), ("key", b""), (b"key", True), (b"key", "text")])
def test_nothing_but_bytes_is_taken(memo, pair):
    with pytest.raises(TypeError):
        memo.put(*pair)


def test_a_database_that_is_none_leaves_the_memo_off(folder):
    os.makedirs(folder, 0o700)
    with open(os.path.join(folder, "cache.db"), "wb") as file:
        file.write(b"no database" * 1000)

    with pytest.raises(OSError, match="memo"):
        open_memo(folder, 1_000_000)
