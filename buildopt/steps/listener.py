"""Waits for the clients of a run; whoever serves them is imported when the first one comes.

Most runs have none.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Callable
from threading import Thread
from typing import Protocol

from buildopt.events import TaskResult
from buildopt.steps.asking import address_of

BACKLOG = 64
PARTING_S = 5.0
"""How long a step that ends is waited for when the command has ended."""
_credentials = struct.Struct("3i")


class Server(Protocol):
    """Serves the clients of one run, each in a thread of its own."""

    def serve(self, client: socket.socket) -> None:
        """Answer one client after the other part, until it is gone."""

    def results(self) -> tuple[TaskResult, ...]:
        """Those of all steps, in the order in which they began."""

    def resized(self) -> None:
        """Take note that our terminal has another size."""


class Listener:
    """Takes the connections of one run's clients."""

    def __init__(self, active_id: str, make_server: Callable[[], Server]) -> None:
        """Listen; raises OSError where there is no abstract namespace."""
        self._make_server = make_server
        self._server: Server | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(address_of(active_id.encode()))
        self._socket.listen(BACKLOG)
        self._clients: list[Thread] = []
        self._thread = Thread(target=self._accept, daemon=True)

    def start(self) -> None:
        """Take connections, once the command was forked."""
        self._thread.start()

    def stop(self) -> tuple[TaskResult, ...]:
        """Take no more; the results of all steps."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join(PARTING_S)
        for client in self._clients:
            client.join(PARTING_S)
        self._socket.close()
        return self._server.results() if self._server else ()

    def resized(self) -> None:
        """Take note that our terminal has another size."""
        if self._server is not None:
            self._server.resized()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            if _uid_of(client) not in (os.getuid(), 0):
                client.close()
                continue
            if self._server is None:
                self._server = self._make_server()
            thread = Thread(target=self._server.serve, args=(client,), daemon=True)
            self._clients.append(thread)
            thread.start()


def _uid_of(client: socket.socket) -> int:
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _credentials.size)
    return int(_credentials.unpack(credentials)[1])
