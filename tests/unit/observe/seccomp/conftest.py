"""Real processes under the filter, and what a recorder was told of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from buildopt.observe.access import Access, Operation
from buildopt.observe.seccomp.self_test import is_available

DRIVER = Path(__file__).with_name("driver.py")
HUNG_S = 100
"""Shorter than the time a test may take, so that a run that hangs is ended with all of it."""


@dataclass(frozen=True)
class Told:
    """How an observed command ended, and what the recorder was told."""

    report: dict
    out: bytes

    @property
    def status(self) -> int:
        return self.report["status"]

    @property
    def incomplete(self) -> set[tuple[str, str]]:
        """Reasons that came back to the main process."""
        return {tuple(reason) for reason in self.report["observed"]}

    @cached_property
    def accesses(self) -> list[Access]:
        return [Access(pid, Operation[name], *rest) for pid, name, *rest in self.report["accesses"]]

    def of(self, path: str | Path) -> list[Access]:
        """The accesses to one path, in their order."""
        return [access for access in self.accesses if access.path == str(path)]

    def operations(self, path: str | Path) -> list[Operation]:
        return [access.operation for access in self.of(path)]


class Observing:
    """Runs commands in `folder` under observation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report_file = folder.parent / "report.json"

    def __call__(self, *command: str | Path, **options: object) -> Told:
        process = self.start(*command, **options)
        try:
            out, _ = process.communicate(timeout=HUNG_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert process.returncode == 0
        return Told(json.loads(self.report_file.read_text()), out)

    def start(
        self,
        *command: str | Path,
        way: str = "process",
        recorder: str = "Full",
        uid: int | None = None,
        cwd: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """The same without waiting."""
        user = os.getuid() if uid is None else uid
        return subprocess.Popen(
            [sys.executable, DRIVER, self.report_file, way, recorder, str(user), *command],
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def python(self, text: str, *arguments: str | Path, **options: object) -> Told:
        """A Python program; `syscall(name, ...)` in it makes a call past the C library."""
        program = self.folder.parent / "program.py"
        program.write_text(RAW_CALLS + textwrap.dedent(text))
        return self(sys.executable, "-ISs", program, *arguments, **options)


RAW_CALLS = """
import ctypes, os, sys
_libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = {
    "x86_64": dict(
        openat=257, openat2=437, statx=332, readlinkat=267, fchmod=91, fchown=93, utimensat=280,
        fsetxattr=190, clone=56, clone3=435, vfork=58, unshare=272, setns=308, chroot=161,
        mount=165, io_uring_setup=425, execveat=322, name_to_handle_at=303, unlinkat=263,
        renameat2=316, linkat=265, file_getattr=468, faccessat2=439,
    ),
    "aarch64": dict(
        openat=56, openat2=437, statx=291, readlinkat=78, fchmod=52, fchown=55, utimensat=88,
        fsetxattr=7, clone=220, clone3=435, unshare=97, setns=268, chroot=51,
        mount=40, io_uring_setup=425, execveat=281, name_to_handle_at=264, unlinkat=35,
        renameat2=276, linkat=37, file_getattr=468, faccessat2=439,
    ),
}[os.uname().machine]

def syscall(name, *arguments):
    number = NUMBERS.get(name, name)
    words = [a if isinstance(a, (bytes, ctypes.Array)) else ctypes.c_long(a) for a in arguments]
    result = _libc.syscall(ctypes.c_long(number), *words)
    return result if result != -1 else -ctypes.get_errno()

"""
"""Head of each program; the numbers stand here once more, apart from those under test."""


@pytest.fixture(scope="session")
def _is_available() -> tuple[bool, str]:
    return is_available()


@pytest.fixture
def observe(tmp_path: Path, _is_available: tuple[bool, str]) -> Observing:
    """Runs a command under observation in an empty folder, or skips where that is impossible."""
    works, reason = _is_available
    if not works:
        pytest.skip(reason)
    folder = tmp_path.resolve() / "here"
    folder.mkdir()
    return Observing(folder)
