"""A running `buildopt watch`, and the events that it tells."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.rig import PROGRAM, Rig

WAIT_S = 60.0


class Session:
    """A session that tells its events as JSON."""

    def __init__(self, rig: Rig, *arguments: str) -> None:
        self.process = subprocess.Popen(
            (PROGRAM, "watch", "--json", *arguments),
            cwd=rig.root,
            env=rig.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._threads = [threading.Thread(target=each) for each in (self._read, self._listen)]
        for thread in self._threads:
            thread.start()

    def until(self, name: str) -> dict[str, Any]:
        """The next event of that name."""
        while True:
            event = self._events.get(timeout=WAIT_S)
            if event["event"] == name:
                return event

    def result(self) -> dict[str, Any]:
        """The result of the next run."""
        return self.until("finished")["result"]

    def runs_until_silent_for(self, seconds: float) -> list[list[str]]:
        """Why each further run begins, until nothing at all is told for so long."""
        events = self.events_until_silent_for(seconds)
        return [event["paths"] for event in events if event["event"] == "changed"]

    def events_until_silent_for(self, seconds: float) -> list[dict[str, Any]]:
        """What is told until nothing is for so long."""
        events = []
        while True:
            try:
                events.append(self._events.get(timeout=seconds))
            except queue.Empty:
                return events

    def is_silent_for(self, seconds: float) -> bool:
        """Whether nothing at all is told."""
        try:
            self._events.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def end(self, number: int = signal.SIGTERM) -> int:
        """The exit status after a signal."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit status, when all that it told was read."""
        try:
            status = self.process.wait(WAIT_S)
        finally:
            self.process.kill()
            for thread in self._threads:
                thread.join(WAIT_S)
        return status

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self._events.put(json.loads(line))

    def _listen(self) -> None:
        assert self.process.stderr
        with self.process.stderr as lines:
            self.said += lines


def pid_in(path: Path) -> int:
    """What a process writes about itself, as soon as it is there."""
    event = threading.Event()
    for _ in range(int(WAIT_S / 0.02)):
        if path.exists() and path.read_text().endswith("\n"):
            return int(path.read_text())
        event.wait(0.02)
    raise AssertionError(f"no {path}")
