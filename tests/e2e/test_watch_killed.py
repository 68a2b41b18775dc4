"""A session of `buildopt watch` that is killed leaves nobody behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.watch_rig import WAIT_S, Session, pid_in
from tests.rig import Rig

OBSERVE = "auto"
LOOK_S = 0.05


def test_the_run_that_goes_on_is_ended(rig: Rig, watch: Callable[..., Session]) -> None:
    rig.write("build.sh", "#!/bin/sh\necho $$ > pid\nsleep 1000\n", mode=0o755)
    session = watch("--", "./build.sh")
    pid = pid_in(rig.root / "pid")

    session.process.send_signal(signal.SIGKILL)

    assert has_ended(pid)


@pytest.mark.parametrize("first", ["", pytest.param("trap '' TERM", marks=pytest.mark.slow)])
def test_the_servers_and_all_that_they_started_are_ended(
    rig: Rig, watch: Callable[..., Session], first: str
) -> None:
    serve = f"#!/bin/sh\n{first}\nsleep 1000 & echo $! > child; echo $$ > pid; wait\n"
    rig.write("serve.sh", serve, mode=0o755)
    rig.write(
        "buildopt.toml",
        '[tasks.build]\ncommand = "true"\n'
        '[tasks.dev]\ncommand = "./serve.sh"\npersistent = true\ndepends_on = ["build"]\n',
    )
    session = watch("dev")
    leader, child = pid_in(rig.root / "pid"), pid_in(rig.root / "child")

    session.process.send_signal(signal.SIGKILL)

    assert has_ended(child)
    assert has_ended(leader)


def has_ended(pid: int) -> bool:
    """Whether the process ends, or waits but for its parent to ask how."""
    event = threading.Event()
    for _ in range(int(WAIT_S / LOOK_S)):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] == "Z":
                return True
        except FileNotFoundError:
            return True
        event.wait(LOOK_S)
    return False
