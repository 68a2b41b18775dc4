"""A driver that tells a ledger of file operations and then really performs them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildopt.model import Observed, Task
from buildopt.observe.access import Access, Operation
from buildopt.observe.decoding import decode
from buildopt.observe.ignored import TracePolicy
from buildopt.observe.ledger import Ledger

PID = 4711


def digest(path: str) -> str:
    content = Path(path).read_bytes()
    executable = os.stat(path).st_mode & 0o111
    return hashlib.md5(content).hexdigest() + ("+x" if executable else "")


class Script:
    """Operations of one run below `root`; a call that fails gives None, as a shell goes on."""

    def __init__(self, root: Path, own: frozenset[str] = frozenset(), **policy: object) -> None:
        self.root = root
        settings = {"root": str(root), "home": "", **policy}
        self.policy = TracePolicy(**settings)
        self.digested: list[str] = []
        self.ledger = Ledger(self.policy, self._digest, own)

    def at(self, path: str) -> str:
        return path if path.startswith("/") else f"{self.root}/{path}"

    def tell(self, operation: Operation, path: str, **fields: object) -> str:
        place = self.at(path) if path else ""
        follows = fields.pop("follows", False)
        self.ledger.access(Access(PID, operation, place, follows, **fields))
        return place

    def open(self, path: str, flags: int, data: bytes = b"") -> bytes | None:
        follows = not flags & (os.O_NOFOLLOW | os.O_EXCL)
        place = self.tell(Operation.OPEN, path, flags=flags, follows=follows, mode=0o644)
        with contextlib.suppress(OSError):
            descriptor = os.open(place, flags, 0o644)
            with contextlib.closing(os.fdopen(descriptor, "rb", closefd=True)):
                if data:
                    os.write(descriptor, data)
                    return data
                return os.read(descriptor, 1 << 20)
        return None

    def cat(self, path: str) -> bytes | None:
        return self.open(path, os.O_RDONLY)

    def write(self, path: str, data: bytes = b"made") -> None:
        self.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, data)

    def append(self, path: str, data: bytes = b"more") -> None:
        self.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, data)

    def create(self, path: str, data: bytes = b"new") -> None:
        self.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, data)

    def stat(self, path: str) -> os.stat_result | None:
        return self._do(os.stat, self.tell(Operation.STAT, path, follows=True))

    def lstat(self, path: str) -> os.stat_result | None:
        return self._do(os.lstat, self.tell(Operation.STAT, path))

    def readlink(self, path: str) -> str | None:
        return self._do(os.readlink, self.tell(Operation.READLINK, path))

    def ls(self, path: str) -> list[str] | None:
        flags = os.O_RDONLY | os.O_DIRECTORY
        self.tell(Operation.OPEN, path, flags=flags, follows=True)
        if not os.path.isdir(self.at(path)):
            return None
        return self._do(os.listdir, self.tell(Operation.LIST, path, follows=True))

    def chdir(self, path: str) -> None:
        self.tell(Operation.CHANGE_FOLDER, path, follows=True)

    def execute(self, path: str) -> None:
        self.tell(Operation.EXECUTE, path, follows=True)

    def mkdir(self, path: str) -> None:
        self._do(os.mkdir, self.tell(Operation.MAKE_FOLDER, path))

    def mkfifo(self, path: str) -> None:
        place = self.tell(Operation.MAKE_NODE, path, mode=stat.S_IFIFO | 0o644)
        self._do(os.mkfifo, place)

    def rmdir(self, path: str) -> None:
        self._do(os.rmdir, self.tell(Operation.REMOVE_FOLDER, path))

    def unlink(self, path: str) -> None:
        self._do(os.unlink, self.tell(Operation.UNLINK, path))

    def rename(self, path: str, other: str) -> None:
        place = self.tell(Operation.RENAME, path, other=self.at(other))
        self._do(os.rename, place, self.at(other))

    def exchange(self, path: str, other: str) -> None:
        place = self.tell(Operation.RENAME, path, other=self.at(other), flags=2)
        for old, new in (
            (place, place + "~"),
            (self.at(other), place),
            (place + "~", self.at(other)),
        ):
            os.rename(old, new)

    def link(self, path: str, other: str) -> None:
        place = self.tell(Operation.LINK, path, other=self.at(other))
        self._do(os.link, place, self.at(other))

    def symlink(self, text: str, path: str) -> None:
        self._do(os.symlink, text, self.tell(Operation.SYMLINK, path, other=text))

    def chmod(self, path: str, mode: int) -> None:
        self._do(os.chmod, self.tell(Operation.CHANGE_MODE, path, mode=mode, follows=True), mode)

    def utime(self, path: str) -> None:
        place = self.tell(Operation.CHANGE_TIMES, path, follows=True)
        self._do(os.utime, place, (1, 1))

    def truncate(self, path: str, size_bytes: int) -> None:
        place = self.tell(Operation.TRUNCATE, path, size_bytes=size_bytes, follows=True)
        self._do(os.truncate, place, size_bytes)

    def rm_rf(self, path: str) -> None:
        found = self.lstat(path)
        if found is not None and stat.S_ISDIR(found.st_mode):
            for name in sorted(self.ls(path) or ()):
                self.rm_rf(f"{path}/{name}")
            self.rmdir(path)
        else:
            self.unlink(path)

    def observed(self) -> Observed:
        return decode(self.ledger.result(), TASK, self._digest)

    def end(self) -> Seen:
        return Seen(self.observed(), self.root)

    def _digest(self, path: str) -> str:
        self.digested.append(path)
        return digest(path)

    def _do(self, call: Callable[..., object], *arguments: object) -> object:
        with contextlib.suppress(OSError):
            return call(*arguments)
        return None


class Seen:
    """What a run was found to depend on and to make; paths relative to the root."""

    def __init__(self, observed: Observed, root: Path) -> None:
        self.observed = observed
        self._root = str(root)
        self.inputs = {
            (seen.kind, self._short(seen.subject)): seen.value for seen in observed.observations
        }
        assert len(self.inputs) == len(observed.observations)
        self.outputs = [self._short(path) for path in observed.outputs]
        self.removed = [self._short(path) for path in observed.removed]
        self.changed = [self._short(path) for path in observed.changed]
        self.incomplete = [(r.kind, self._short(r.subject)) for r in observed.incomplete]

    def below_root(self) -> dict[tuple[str, str], str]:
        """Inputs but for the root folder itself."""
        return {key: value for key, value in self.inputs.items() if key != ("directory", ".")}

    def _short(self, path: str) -> str:
        if path == self._root:
            return "."
        return path.removeprefix(self._root + "/")


TASK = Task(name="", argv=("sh",), directory="/", root="/", project="", environment={}, umask=0o022)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def script(root: Path) -> Script:
    return Script(root)


@pytest.fixture
def strict(root: Path) -> Script:
    return Script(root, strict_outputs=True)


@pytest.fixture
def script_owning(root: Path) -> Iterator[Callable[..., Script]]:
    """Makes a script of a task that has made some paths before."""

    def make(*own: str, strict_outputs: bool = False) -> Script:
        paths = frozenset(f"{root}/{path}" for path in own)
        return Script(root, paths, strict_outputs=strict_outputs)

    yield make


@pytest.fixture
def digest_of(root: Path) -> Callable[[str], str]:
    return lambda path: digest(str(root / path))


@pytest.fixture
def script_in() -> Callable[..., Script]:
    """Makes a script under another policy."""
    return Script


class PlainScript(Script):
    """The same operations, told to nobody."""

    def tell(self, operation: Operation, path: str, **fields: object) -> str:
        return self.at(path)


@pytest.fixture
def plain_script_in() -> Callable[..., PlainScript]:
    """Makes a script that is not traced."""
    return PlainScript
