"""Persistent tasks: real processes, started anew when they have to be."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildopt.watch import servers as module
from buildopt.watch.round_process import Server
from buildopt.watch.servers import Servers

WAIT_S = 20.0


class Rig:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.told: list[str] = []
        self.servers = Servers(str(root), self.told.append)

    def start(self, script: str, inputs: tuple[str, ...] = ()) -> None:
        command = ("sh", "-c", f"echo $$ >> starts; {script}")
        self.servers.set_wanted([Server("dev", command, str(self.root), inputs)])

    def starts(self, count: int) -> list[int]:
        """The processes of so many starts, when they are there."""
        until_s = time.monotonic() + WAIT_S
        while time.monotonic() < until_s:
            self.servers.look(time.monotonic())
            path = self.root / "starts"
            found = path.read_text().split() if path.exists() else []
            if len(found) >= count:
                return [int(each) for each in found]
            time.sleep(0.02)
        raise AssertionError(self.told)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.servers.stop()


def test_changes_that_come_together_are_one_new_start_of_the_servers_that_they_concern(
    rig: Rig,
) -> None:
    rig.start("exec sleep 1000")
    first = rig.starts(1)[0]

    for name in ("package.json", "vite.config.ts", "src/main.ts"):
        rig.servers.hear(frozenset({str(rig.root / name)}), time.monotonic())
    second = rig.starts(2)[1]
    rig.servers.hear(frozenset({str(rig.root / "src/main.ts")}), time.monotonic())

    assert not rig.servers.is_settling
    assert rig.told == ["restarting `dev`"]
    assert not os.path.exists(f"/proc/{first}")
    assert os.path.exists(f"/proc/{second}")


def test_while_git_is_at_work_nothing_is_started_anew(rig: Rig) -> None:
    rig.start("exec sleep 1000", ("conf",))
    rig.starts(1)

    rig.servers.hear(frozenset({str(rig.root / "conf")}), time.monotonic())
    rig.servers.look(time.monotonic() + 1, is_locked=True)

    assert rig.servers.is_settling
    assert rig.told == []


def test_one_that_crashed_too_often_is_started_when_its_configuration_changes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_BACKOFF_S", 0.001)
    rig.start("test -e mended && exec sleep 1000; exit 3")
    rig.starts(1 + module.MOST_CRASHES)
    until_s = time.monotonic() + WAIT_S
    while not rig.told[-1:] or not rig.told[-1].endswith("it is left"):
        assert time.monotonic() < until_s, rig.told
        rig.servers.look(time.monotonic())
        time.sleep(0.02)

    (rig.root / "mended").write_text("")
    rig.servers.hear(frozenset({str(rig.root / "vite.config.ts")}), time.monotonic())
    last = rig.starts(2 + module.MOST_CRASHES)[-1]

    assert os.path.exists(f"/proc/{last}")


def test_a_server_gets_the_signals_as_a_shell_gives_them(rig: Rig) -> None:
    rig.start("cat /proc/self/status > status.new; mv status.new status; exec sleep 1000")
    rig.starts(1)
    until_s = time.monotonic() + WAIT_S
    while not (rig.root / "status").exists():
        assert time.monotonic() < until_s
        time.sleep(0.02)
    lines = dict(line.split(":\t") for line in (rig.root / "status").read_text().splitlines())
    ignored = int(lines["SigIgn"], 16)

    assert int(lines["SigBlk"], 16) == 0
    assert not ignored & 1 << signal.SIGPIPE - 1
    assert not ignored & 1 << signal.SIGXFSZ - 1
