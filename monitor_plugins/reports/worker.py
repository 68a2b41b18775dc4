"""Writes the reports of hours that are over, and sends digests, at least once each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from buildopt.events import Event
from buildopt.monitor.hookspecs import (
    Delivery,
    Notification,
    NotificationChannel,
    Outside,
    fact,
    period_report,
)
from monitor_plugins.reports.consumer import FINISHED, SENT, WRITTEN
from monitor_plugins.reports.files import drop_old, write_hour
from monitor_plugins.reports.options import Options

WAITING = "SELECT kind, from_ns, to_ns FROM report_due WHERE state = 'waiting' AND kind IN (?, ?)"
RUNS = "SELECT json FROM report_run WHERE time_ns >= ? AND time_ns < ? ORDER BY time_ns, id"
LOOK_S = 60.0
MOST_TRIES = 10
CONSOLE = "console"
"""Nobody asked for a digest there: it tells alerts to whoever watches."""
LONGEST_TEXT = 3_500
"""Chat services cut messages at 4,000 characters."""


class ReportsWorker:
    """One thread; files and messages are all that it does."""

    name = "reports"
    consumer = "reports"

    def __init__(self, options: Options, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._options = options
        self._now_ns = now_ns
        self._tries: dict[tuple[int, str], int] = {}
        self._sent: set[tuple[int, str]] = set()
        self.folder = ""
        """Where the files are, once it works."""

    def run(self, outside: Outside) -> None:
        """Work until it is time to end."""
        self.folder = outside.folder
        wait_s = 0.0
        while outside.wait(wait_s):
            self.step(outside)
            wait_s = LOOK_S

    def step(self, outside: Outside) -> None:
        """Do all that is due."""
        for kind, from_ns, to_ns in outside.read(WAITING, ("hour", "digest")):
            report = period_report(_events(outside, from_ns, to_ns), (from_ns, to_ns))
            if kind == "hour":
                name = write_hour(outside.folder, from_ns, report)
                drop_old(outside.folder, self._now_ns(), self._options.keep_days)
                data = {"kind": kind, "from_ns": from_ns, "to_ns": to_ns, "file": name}
                outside.emit(fact(WRITTEN, data, time_ns=self._now_ns()))
                continue
            message = _message(self._options.digest, (from_ns, to_ns), report.verdict, report.text)
            ways = list(self._send(outside, message, from_ns))
            if all(way["status"] != "failed" for way in ways):
                data = {"kind": kind, "from_ns": from_ns, "to_ns": to_ns, "channels": ways}
                outside.emit(fact(SENT, data, time_ns=self._now_ns()))

    def _send(
        self, outside: Outside, message: Notification, from_ns: int
    ) -> Iterator[dict[str, str]]:
        """Over each channel that has not had it; after ten tries one counts as refused."""
        for channel in self._channels(outside):
            key = from_ns, channel.name
            if key in self._sent:
                yield {"channel": channel.name, "status": "delivered"}
                continue
            delivery = _delivered(channel, message)
            self._tries[key] = self._tries.get(key, 0) + 1
            if delivery.status == "delivered":
                self._sent.add(key)
            gives_up = delivery.status == "failed" and self._tries[key] >= MOST_TRIES
            status = "refused" if gives_up else delivery.status
            yield {"channel": channel.name, "status": status, "detail": delivery.detail[:200]}

    def _channels(self, outside: Outside) -> list[NotificationChannel]:
        names = self._options.channels or [n for n in outside.channels if n != CONSOLE]
        return [outside.channels[name] for name in names if name in outside.channels]


def _events(outside: Outside, from_ns: int, to_ns: int) -> Iterator[Event]:
    """The runs of a time, as their events told them."""
    for (text,) in outside.read(RUNS, (from_ns, to_ns)):
        row = json.loads(text)
        yield Event(
            id="", time_ns=row["time_ns"], mono_ns=0, type=FINISHED, source="", n=0,
            run=row["run"], data=row["data"],
        )  # fmt: skip


def _message(word: str, span_ns: tuple[int, int], verdict: str, text: str) -> Notification:
    return Notification(
        key=f"digest-{span_ns[0]}-{span_ns[1]}",
        title=f"buildopt, {word} digest: {verdict}",
        text=text[:LONGEST_TEXT],
        severity="info",
        data={"kind": "digest", "from_ns": span_ns[0], "to_ns": span_ns[1]},
    )


def _delivered(channel: NotificationChannel, message: Notification) -> Delivery:
    try:
        return channel.send(message)
    except Exception as error:  # noqa: BLE001  # a channel's own code
        return Delivery("failed", f"{type(error).__name__}: {error}")
