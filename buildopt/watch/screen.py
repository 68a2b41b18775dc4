"""What a person or a program is told of a session: lines, the waiting line, or JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from buildopt import terminal_line
from buildopt.phrases import printable
from buildopt.quantities import counted, duration
from buildopt.watch.changes import Coverage
from buildopt.watch.keyboard import HELP

MOST_NAMED = 3
CLEAR = "\x1b[2J\x1b[3J\x1b[H"
BELL = "\a"


class Tally(NamedTuple):
    """What a session has come to so far."""

    tasks: int = 0
    hits: int = 0
    saved_s: float = 0.0
    last: str = ""
    """The last result in words."""

    def with_result(self, result: Mapping[str, Any]) -> Tally:  # Any: the result file's fields
        """With one more round."""
        tasks = list(result.get("tasks", ())) or [result]
        hits = sum(1 for task in tasks if task["outcome"] != "executed")
        failed = result.get("exit_code") or result.get("signal")
        words = "failed" if failed else result["outcome"]
        return Tally(
            self.tasks + len(tasks),
            self.hits + hits,
            self.saved_s + result.get("time_saved_s", 0.0),
            f"{words} in {duration(result['duration_s'])}",
        )


class Screen:
    """Tells on stderr, or as JSON on stdout."""

    def __init__(self, *, as_json: bool, quiet: bool, clear: bool, bell: bool, keys: bool) -> None:
        self._as_json, self._quiet = as_json, quiet
        self._clear, self._bell, self._keys = clear, bell, keys
        self._is_welcome = not quiet and not as_json and terminal_line.is_welcome(os.environ)
        self._is_shown = False
        self._has_failed = False

    def event(self, name: str, **data: Any) -> None:  # Any: JSON
        """One event, where a program listens."""
        if self._as_json:
            line = json.dumps({"schema": 1, "event": name, "time": time.time(), **data})
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    def say(self, text: str) -> None:
        """One line of ours."""
        if not self._quiet:
            self.hide()
            _write(f"buildopt: {text}\n")

    def ready(self, coverage: Coverage, root: str) -> None:
        """Tell what is watched, and what cannot be."""
        self.event("ready", root=root, **coverage._asdict())
        how = f"{counted(coverage.watched, 'folder')}"
        if coverage.reason == "asked":
            how = counted(coverage.polled, "input") + ", asking for each"
        elif coverage.reason:
            why = {"probe": "no file events arrive here"}.get(
                coverage.reason, f"no file events on `{coverage.reason}`"
            )
            self.say(f"{why}; polling {counted(coverage.polled, 'input')}")
            how = counted(coverage.polled, "input")
        if coverage.refused:
            self.say(f"watch limit reached: {coverage.refused:,} folders are polled each 2 s")
            self.hint("`sudo sysctl fs.inotify.max_user_watches=524288`", slug="watch-limit")
        self.say(f"watching {how}" + (f"; {HELP}" if self._keys else ""))

    def hint(self, text: str, slug: str) -> None:
        """What to do about the line before."""
        if not self._quiet:
            _write(f"hint: {text}. See docs/messages.md#{slug}\n")

    def changed(self, paths: Iterable[str], root: str) -> None:
        """Tell what makes the round that begins."""
        shown = sorted(_relative(path, root) for path in paths)
        self.event("changed", paths=shown)
        if self._clear and self._is_welcome:
            self.hide()
            _write(CLEAR)
        if shown:
            more = f" and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else ""
            named = ", ".join(f"`{printable(path)}`" for path in shown[:MOST_NAMED])
            self.say(f"{named}{more} changed")

    def finished(self, exit_code: int) -> None:
        """Ring where that is wished: when it breaks, and when it is mended."""
        failed = exit_code != 0
        if self._bell and failed != self._has_failed:
            _write(BELL)
        self._has_failed = failed

    def wait(self, tally: Tally, since: str) -> None:
        """Show the waiting line; it goes away before anything else is shown."""
        if not self._is_welcome or not terminal_line.is_in_foreground():
            return
        rate = f", {tally.hits / tally.tasks:.0%} hits" if tally.tasks else ""
        saved = f", saved {duration(tally.saved_s)}" if tally.saved_s else ""
        text = f"buildopt: waiting since {since}; last: {tally.last or 'none'}{rate}{saved}"
        sys.stderr.buffer.write(terminal_line.drawn(text, terminal_line.terminal_columns()))
        sys.stderr.flush()
        self._is_shown = True

    def hide(self) -> None:
        """Take the waiting line away."""
        if self._is_shown:
            sys.stderr.buffer.write(terminal_line.ERASED)
            sys.stderr.flush()
            self._is_shown = False


def _relative(path: str, root: str) -> str:
    prefix = root.rstrip("/") + "/"
    return path.removeprefix(prefix) if path.startswith(prefix) else path


def _write(text: str) -> None:
    try:
        sys.stderr.write(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        sys.stderr.flush()
    except OSError:
        pass  # nobody listens any more
