"""What a task made, what of it is gone, and what comes back."""

from buildopt.cache.ownership import Ownership, load
from buildopt.model import OutputState


def made(path, digest="1", mode=0o644):
    return OutputState(kind="file", path=str(path), fast_digest=digest, mode=mode)


def test_what_is_gone_is_not_owned_until_the_run_around_gives_it_back(tmp_path):
    file, kept = tmp_path / "file", tmp_path / "TASK.owned"
    owned = Ownership(str(kept), str(tmp_path))
    file.touch()
    owned.update([made(file)], ())
    file.unlink()
    owned.update((), ())

    later = load(str(kept), str(tmp_path))
    later.reclaim({str(file): made(file)})
    assert later.paths() == frozenset()
    file.touch()
    later.reclaim({str(file): made(file)})
    assert later.paths() == {str(file)}


def test_what_the_run_around_made_otherwise_is_not_the_steps(tmp_path):
    file = tmp_path / "file"
    owned = Ownership(str(tmp_path / "TASK.owned"), str(tmp_path))
    file.touch()
    owned.update([made(file)], ())
    owned.update((), [str(file)])
    (tmp_path / "other").touch()

    for other in (made(file, digest="2"), made(file, mode=0o755), made(tmp_path / "other")):
        owned.reclaim({other.path: other})

    assert owned.paths() == frozenset()


def test_what_is_made_again_is_owned_as_it_is_now(tmp_path):
    file = tmp_path / "file"
    owned = Ownership(str(tmp_path / "TASK.owned"), str(tmp_path))
    file.touch()
    owned.update([made(file)], ())
    owned.update((), [str(file)])
    owned.update([made(file, digest="2")], ())

    owned.reclaim({str(file): made(file)})

    assert owned.states[str(file)].fast_digest == "2"
