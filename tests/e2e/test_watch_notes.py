"""`buildopt watch --notify`: a note on the desktop when a build breaks and when it is mended."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.e2e.watch_rig import WAIT_S, Session
from tests.rig import Rig

OBSERVE = "auto"
LOOK_S = 0.02


def test_a_note_is_shown_at_the_first_failure_and_at_the_recovery_only(
    rig: Rig, watch: Callable[..., Session]
) -> None:
    write_notify_send(rig)
    rig.environ["DISPLAY"] = ":9"
    rig.write("build.sh", "#!/bin/sh\nexit $(cat status)\n", mode=0o755)
    rig.write("status", "0\n")
    session = watch("--notify", "--", "./build.sh")
    session.until("ready")

    told = []
    for status, count in ((3, 1), (4, 1), (0, 2), (" 0", 2)):
        rig.write("status", f"{status}\n")
        session.result()
        told.append(notes(rig, count))

    assert told[-1] == [
        "--app-name=buildopt buildopt ./build.sh failed with 3",
        "--app-name=buildopt buildopt ./build.sh is mended",
    ]
    assert told[1] == told[0] == told[-1][:1]
    assert session.end() == 0
    assert notes(rig, 2) == told[-1]


def test_without_a_desktop_that_is_said_once(rig: Rig, watch: Callable[..., Session]) -> None:
    write_notify_send(rig)

    session = watch("--notify", "--once", "--", "false")

    assert session.wait() == 1
    assert sum("no notes" in line for line in session.said) == 1
    assert not (rig.place / "notes").exists()


def write_notify_send(rig: Rig) -> None:
    """Put a program of that name first on PATH that notes what it is to show."""
    programs = rig.place / "programs"
    programs.mkdir()
    (programs / "notify-send").write_text(f'#!/bin/sh\necho "$*" >> {rig.place}/notes\n')
    (programs / "notify-send").chmod(0o755)
    rig.environ["PATH"] = f"{programs}:{rig.environ['PATH']}"


def notes(rig: Rig, count: int) -> list[str]:
    """All that were shown, when there are so many; nobody waits for the program."""
    path, event = rig.place / "notes", threading.Event()
    for _ in range(int(WAIT_S / LOOK_S)):
        found = path.read_text().splitlines() if path.exists() else []
        if len(found) >= count:
            return found
        event.wait(LOOK_S)
    raise AssertionError(found)
