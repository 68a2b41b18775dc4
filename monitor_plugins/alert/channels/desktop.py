"""A note on the desktop, by `notify-send` or what stands in its place."""

from __future__ import annotations

import subprocess

from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel
from monitor_plugins.alert.channels import ChannelTable

TIMEOUT_S = 10.0
LONGEST_TEXT = 500
URGENCY = {"info": "low", "warning": "normal", "error": "critical"}


class Desktop:
    """Calls a program with title and text."""

    def __init__(self, name: str, program: str) -> None:
        self.name = name
        self._program = program

    def send(self, notification: Notification) -> Delivery:
        """Show it; a machine without a desktop refuses."""
        command = [
            self._program, f"--urgency={URGENCY[notification.severity]}", "--app-name=buildopt",
            "--", notification.title[:200], notification.text[:LONGEST_TEXT],
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError:
            return Delivery("refused", f"there is no program {self._program}")
        except subprocess.TimeoutExpired:
            return Delivery("failed", f"no answer within {TIMEOUT_S:g} s")
        except OSError as error:
            return Delivery("failed", str(error))
        if done.returncode:
            return Delivery("refused", done.stderr.decode("utf-8", "replace")[:150].strip())
        return Delivery("delivered")


def make(name: str, table: ChannelTable) -> NotificationChannel:
    """The channel of a table."""
    return Desktop(name, str(table.get("program", "notify-send")))
