"""Keeps the command going if its supervisor dies: lets every call go on, and records nothing.

Without it each stopped call would fail with ENOSYS, and the build with it.
"""

from __future__ import annotations

import os
import select
import socket

from buildopt.observe.seccomp.hand_over import take_listener
from buildopt.observe.seccomp.notifications import (
    Place,
    let_go_on,
    let_go_on_for,
    own_place,
    prefer_sync_wake_up,
    receive,
)
from buildopt.observe.seccomp.supervisor import ALL_GONE


def stand_guard(hand_over: socket.socket, supervisor: socket.socket, place: Place) -> None:
    """Wait for the end of the supervisor, and serve in its stead if that came too early.

    `place` is where it receives calls.
    """
    taken = take_listener(hand_over)
    with supervisor:
        word = supervisor.recv(1)
    if taken is None:
        return
    if word != ALL_GONE:
        let_go_on_for(taken[0], place)
        serve_blindly(taken[0])
    os.close(taken[0])


def serve_blindly(listener: int) -> None:
    """Let every call go on until no process is left."""
    prefer_sync_wake_up(listener)
    place = own_place()
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while any(event & select.POLLIN for _, event in poll.poll()):
        try:
            call = receive(listener, place)
        except OSError:  # it was killed meanwhile
            continue
        let_go_on(listener, call[0])
