"""A plugin in a process of its own: started, asked with a time limit, ended; the host's end.

    host                          plugin_process.py
    {"do": "load", …}        ->   imports the plugin under its memory limit
    {"do": "open", …}        ->   opens the consumer's file
    {"do": "take", …}        ->   {"ok": REPORT} or {"error": TEXT, "tick_ns": …}

An answer that does not come in time ends the process. The plugin gets a few harmless variables of
the environment and no descriptor but its pipe. That keeps accidents in, not malice: it is the same
user's process.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from struct import pack
from typing import Any, NamedTuple

from buildopt.events import encode
from buildopt.monitor.consumer import Batch
from buildopt.monitor.plugin_file import Outgoing, Standing
from buildopt.monitor.seat import Failed, Report

STUCK_AFTER_S = 30.0
"""A step that takes longer is not slow but stuck (events.md of the guarantees)."""
LOAD_LIMIT_S = 10.0
"""Ten times what is called a slow import."""
CALL_LIMIT_S = 2.0
"""A source, a check or a route of a plugin holds up nobody for longer."""
SEND_LIMIT_S = 12.0
"""A notification channel has ten seconds, and a little for the pipe."""
MEMORY_LIMIT_BYTES = 1 << 30
"""Of address space: an interpreter with SQLite maps about 100 MB."""
ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV",
    "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "COVERAGE_PROCESS_START",
)  # fmt: skip
"""All that a plugin sees of our variables: none of them is a credential."""


class Origin(NamedTuple):
    """What a plugin's process must know to import it."""

    name: str
    value: str
    options: Mapping[str, Any]
    alert_rules: Sequence[Mapping[str, Any]] = ()
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES
    state: str = ""
    """The folder whose index its routes may ask."""


class PluginProcess:
    """The process of one plugin; ends with this object's `close`, or with the host."""

    def __init__(self, origin: Origin) -> None:
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        for direction in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):  # of a process that is stopped
            ours.setsockopt(socket.SOL_SOCKET, direction, pack("ll", int(STUCK_AFTER_S), 0))
        life_theirs, self._life = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-P", "-m", "buildopt.monitor.plugin_process",
                    str(theirs.fileno()), str(life_theirs),
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), life_theirs), start_new_session=True,
                env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            )  # fmt: skip
        except OSError as error:
            ours.close()
            os.close(self._life)
            raise Failed(f"cannot start a process: {error.strerror}", kind="died") from error
        finally:
            theirs.close()
            os.close(life_theirs)
        self._connection = Connection(ours.detach())
        self.is_alive = True
        try:
            self.loaded = self.ask("load", LOAD_LIMIT_S, **origin._asdict())
        except Failed:
            self.close()
            raise

    @property
    def process_id(self) -> int:
        """For those who look at the process."""
        return self._process.pid

    def ask(self, do: str, limit_s: float, **arguments: Any) -> Any:  # Any: JSON
        """Have one thing done. Waits at most twice `limit_s`: once for its turn, once for it."""
        if not self._lock.acquire(timeout=limit_s):
            raise Failed(f"busy for more than `{limit_s:g} s`", kind="stuck")
        try:
            answer = self._exchange({"do": do, **arguments}, limit_s)
        finally:
            self._lock.release()
        if "error" in answer:
            raise Failed(answer["error"], kind=answer["kind"], tick_ns=answer["tick_ns"])
        return answer["ok"]

    def call(self, hook: str, index: int, arguments: Sequence[Any]) -> Any:  # Any: JSON
        """Call a thing that the plugin contributes (`remote_calls.Ask`)."""
        limit_s = SEND_LIMIT_S if hook == "notification_channels" else CALL_LIMIT_S
        return self.ask("call", limit_s, hook=hook, index=index, arguments=arguments)

    def close(self) -> None:
        """End the process at once; nothing of it is lost but a step that was not kept."""
        if not self.is_alive:
            return
        self.is_alive = False
        self.kill()
        self._process.wait()
        self._connection.close()
        os.close(self._life)

    def kill(self) -> None:
        """End it from another thread; `close` is for the one that asks."""
        with suppress(ProcessLookupError):
            self._process.kill()

    def _exchange(self, message: Mapping[str, Any], limit_s: float) -> Any:
        if not self.is_alive:
            raise Failed("the process has ended", kind="died")
        try:
            self._connection.send_bytes(json.dumps(message).encode())
            if self._connection.poll(limit_s):
                return json.loads(self._connection.recv_bytes())
        except (EOFError, OSError, ValueError) as error:
            self.close()
            raise Failed(f"the process ended ({self._ending()})", kind="died") from error
        self.close()
        raise Failed(f"no answer in `{limit_s:g} s`", kind="stuck")

    def _ending(self) -> str:
        status = self._process.returncode
        return f"signal `{-status}`" if status < 0 else f"status `{status}`"


class ProcessSeat:
    """The seat of one consumer in a process of its own."""

    def __init__(self, path: str, consumer: str, origin: Origin) -> None:
        self._path = path
        self._consumer = consumer
        self._origin = origin
        self._process: PluginProcess | None = None

    @property
    def process_id(self) -> int:
        """The process now, 0 for none."""
        return self._process.process_id if self._process else 0

    def open(self) -> Report:
        """Start the process and have it open the file."""
        self.close()
        self._process = PluginProcess(self._origin)
        return self._report("open", path=self._path, consumer=self._consumer)

    def take(self, batch: Batch) -> Report:
        """Hand over events."""
        return self._report("take", **_batch_json(batch))

    def bury(self, batch: Batch, error: str, *, tick_ns: int | None, now_ns: int) -> Report:
        """Set the one event of a batch aside."""
        told = _batch_json(batch)
        return self._report("bury", **told, error=error, tick_ns=tick_ns, now_ns=now_ns)

    def sent(self, upto_n: int) -> None:
        """Outgoing events up to that one are in the journal."""
        self._ask("sent", upto_n=upto_n)

    def learn_said(self, ids: Sequence[str]) -> Report:
        """The journal holds these events of a file that is new."""
        return self._report("learn_said", ids=ids)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.close()
        self._process = None

    def interrupt(self) -> None:
        """Kill the process; who waits for it hears that it has ended."""
        if process := self._process:
            process.kill()

    def _report(self, do: str, **arguments: Any) -> Report:
        told = self._ask(do, **arguments)
        outgoing = tuple(Outgoing(n, place, text.encode()) for n, place, text in told["outgoing"])
        standing = Standing(**told["standing"])
        return Report(standing, told["wake_ns"], outgoing, told["moved_aside"])

    def _ask(self, do: str, **arguments: Any) -> Any:
        if self._process is None:
            raise Failed("the process has ended", kind="died")
        return self._process.ask(do, STUCK_AFTER_S, **arguments)


def _batch_json(batch: Batch) -> dict[str, Any]:
    events = [[event.position, encode(event).decode()] for event in batch.events]
    return {"events": events, "position": batch.position}
