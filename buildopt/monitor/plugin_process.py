"""The process of a plugin that nobody has vouched for: does what the host asks, one by one.

    python -P -m buildopt.monitor.plugin_process PIPE LIFE

PIPE is a socket that carries JSON both ways (process_seat.py); LIFE a pipe that ends when the
host does, whatever this process is busy with. Standard output is the host's standard error, so
that a `print` of the plugin disturbs nothing.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from buildopt.events import decode
from buildopt.monitor import remote_calls
from buildopt.monitor.consumer import Batch
from buildopt.monitor.hookspecs import Consumer
from buildopt.monitor.knowledge import Knowledge
from buildopt.monitor.registry import Registry
from buildopt.monitor.seat import Failed, HostSeat, Report, told

Asked = Mapping[str, Any]  # Any: JSON
NOTHING_KNOWN: Mapping[str, Any] = {"detectors": (), "dashboard_panels": ()}
"""What hooks may ask for and does not cross the pipe."""


def main(pipe: int, life: int) -> None:
    """Answer until the host goes."""
    os.dup2(2, 1)
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    connection = Connection(pipe)
    plugin = _Plugin()
    while True:
        try:
            asked = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        connection.send_bytes(json.dumps(_answer(plugin, asked)).encode())


def report_json(report: Report) -> dict[str, Any]:
    """A report as it goes through the pipe."""
    rows = [[row.n, row.position, row.payload.decode()] for row in report.outgoing]
    return {**report._asdict(), "standing": report.standing._asdict(), "outgoing": rows}


class _Plugin:
    """The one plugin of this process, and the one consumer of it that has its seat here."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.name = ""
        self.known: Mapping[str, Any] = {}
        self.seat: HostSeat | None = None

    def load(self, asked: Asked) -> Any:
        """Import the plugin under its memory limit; what it contributes."""
        limit = asked["memory_limit_bytes"]
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self.name = asked["name"]
        self.known = {
            **NOTHING_KNOWN,
            "alert_rules": asked["alert_rules"],
            "known": Knowledge(asked["state"]),
        }
        import_s = self.registry.add(self.name, asked["value"], asked["options"])
        return {"import_s": import_s, "hooks": self.registry.hooks_of(self.name)}

    def describe(self, asked: Asked) -> Any:
        """What the plugin gives for a hook."""
        hook = asked["hook"]
        return remote_calls.describe(hook, self._ask(hook))

    def open(self, asked: Asked) -> Any:
        """Give a consumer its seat."""
        self.seat = HostSeat(asked["path"], lambda: self._consumer(asked["consumer"]))
        return report_json(self.seat.open())

    def take(self, asked: Asked) -> Any:
        """Hand events over."""
        return report_json(self._seat().take(_batch(asked)))

    def bury(self, asked: Asked) -> Any:
        """Set one aside."""
        tick_ns, now_ns = asked["tick_ns"], asked["now_ns"]
        batch = _batch(asked)
        return report_json(self._seat().bury(batch, asked["error"], tick_ns=tick_ns, now_ns=now_ns))

    def sent(self, asked: Asked) -> Any:
        """Forget what is in the journal."""
        self._seat().sent(asked["upto_n"])

    def learn_said(self, asked: Asked) -> Any:
        """Know what was in the journal."""
        return report_json(self._seat().learn_said(asked["ids"]))

    def call(self, asked: Asked) -> Any:
        """Call a method of something that the plugin contributes."""
        thing = self._ask(asked["hook"])[asked["index"]]
        return remote_calls.answer(asked["hook"], thing, asked["arguments"])

    def _ask(self, hook: str) -> tuple[Any, ...]:
        return self.registry.ask(self.name, hook, **self.known)

    def _consumer(self, name: str) -> Consumer:
        found: Consumer = next(each for each in self._ask("consumers") if each.name == name)
        return found

    def _seat(self) -> HostSeat:
        if self.seat is None:
            raise Failed("the consumer has no seat")
        return self.seat


def _answer(plugin: _Plugin, asked: Asked) -> dict[str, Any]:
    work: Callable[[Asked], Any] = getattr(plugin, asked["do"])
    try:
        return {"ok": work(asked)}
    except Failed as error:
        return {"error": error.text, "kind": error.kind, "tick_ns": error.tick_ns}
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the plugin's own code
        return {"error": told(error), "kind": "raised", "tick_ns": None}


def _batch(asked: Asked) -> Batch:
    events = [decode(payload.encode(), position) for position, payload in asked["events"]]
    return Batch(events, asked["position"])


def _end_with(life: int) -> None:
    while os.read(life, 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
