"""What clients ask for, and what is told to them; see `asking.py` for their side.

A `run` is made a task by whoever knows the command line: `Interpret`.
"""

from __future__ import annotations

import marshal
import os
import socket
from collections.abc import Callable, Mapping
from typing import NamedTuple

from buildopt import frames
from buildopt.model import Task
from buildopt.session import Policy, Stores
from buildopt.steps.asking import ANSWERED, INT_BYTES, PLAINLY, TO_RUN
from buildopt.steps.wiring import StepStreams

Start = tuple[tuple[str, ...], str, dict[bytes, bytes], bool]
"""A command's words, its directory, what its environment has besides, and whether its stdin is
to be empty."""


class StepRequest(NamedTuple):
    """What a client asks for: `words` are a shell's of a script, or those of `buildopt …`."""

    kind: str
    words: tuple[str, ...]
    directory: str
    environment: Mapping[str, str]
    umask: int
    client_pid: int


class Joined(NamedTuple):
    """A `buildopt run` inside the command, its options and settings made one."""

    task: Task
    policy: Policy
    stores: Stores
    consulted: tuple[str, ...]
    """Paths, present or not, whose change could change the rest."""
    result_file: str = ""
    is_recorded: bool = True
    """Not where descriptors are passed on, or no cache is to be had."""


class Plain(NamedTuple):
    """A `buildopt run` that has to see for itself; with `refuses` nothing around it is stored."""

    refuses: bool = False


Interpret = Callable[[StepRequest, Stores], Joined | Plain]
"""Makes a task of the words of a `run`; the stores are those of the run around it."""


def receive(client: socket.socket) -> tuple[StepRequest, StepStreams] | None:
    """What a client asks for, and its streams; None when it is gone."""
    mark, descriptors, _, _ = socket.recv_fds(client, 1, 3)
    data = frames.receive(client) if mark else None
    if data is None:
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    kind, words, directory, environment, umask, client_pid, numbers = marshal.loads(data)
    variables = {os.fsdecode(n): os.fsdecode(v) for n, v in environment.items()}
    asked = StepRequest(kind, tuple(words), directory, variables, umask, client_pid)
    return asked, StepStreams(dict(zip(numbers, descriptors, strict=True)))


def order_to_run(
    client: socket.socket, streams: Mapping[int, int], start: Start | None = None
) -> None:
    """Have the client run the step with these for its streams, by their number there."""
    packed = b"".join(number.to_bytes(INT_BYTES, "little") for number in streams.values())
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, packed)] if packed else []
    client.sendmsg([b"D"], rights)
    frames.send(client, marshal.dumps((TO_RUN, list(streams), start)))


def tell_answered(client: socket.socket) -> None:
    """Tell the client that all is done."""
    client.sendall(b"D")
    frames.send(client, marshal.dumps((ANSWERED, [], None)))


def tell_to_go_on(client: socket.socket) -> None:
    """Have the client do without us."""
    client.sendall(b"D")
    frames.send(client, marshal.dumps((PLAINLY, [], None)))
