"""What a person or a program is told of a session: lines, the waiting line, or JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from buildopt import terminal_line
from buildopt.phrases import printable
from buildopt.quantities import counted, duration
from buildopt.watch.changes import Coverage
from buildopt.watch.keyboard import HELP
from buildopt.watch.tally import Tally

MOST_NAMED = 3
CLEAR = "\x1b[2J\x1b[3J\x1b[H"
BELL = "\a"
Note = Callable[[str], None]
"""Shows a note on the desktop."""


class Screen:
    """Tells on stderr, or as JSON on stdout."""

    def __init__(
        self, *, as_json: bool, quiet: bool, clear: bool, bell: bool, keys: bool, note: Note | None
    ) -> None:
        self._as_json, self._quiet = as_json, quiet
        self._clear, self._bell, self._keys, self._note = clear, bell, keys, note
        self._is_welcome = not quiet and not as_json and terminal_line.is_welcome(os.environ)
        self._is_shown = self._has_failed = self._has_told_refused = False

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
        how = counted(coverage.watched, "folder")
        if coverage.reason:
            how = f"{counted(coverage.polled, 'input')}, asking for each"
        if coverage.reason and coverage.reason != "asked":
            self._silent(coverage)
        if coverage.refused:
            self.refused(coverage)
        self.say(f"watching {how}" + (f"; {HELP}" if self._keys else ""))

    def refused(self, coverage: Coverage) -> None:
        """Tell, once, that folders are not watched."""
        if self._has_told_refused:
            return
        self._has_told_refused = True
        each = f"polled each `{duration(coverage.interval_s)}`"
        if coverage.limit:
            watched = f"`{coverage.watched}` of `{coverage.limit}` folders"
            self.say(f"watch limit reached: {watched}, `{coverage.refused}` more are {each}")
            self.hint("`sudo sysctl fs.inotify.max_user_watches=524288`", slug="watch-limit")
        else:
            self.say(f"{counted(coverage.refused, 'folder')} cannot be read; {each}")

    def _silent(self, coverage: Coverage) -> None:
        """Tell why events are not used."""
        each = f"polling `{coverage.polled}` inputs each `{duration(coverage.interval_s)}`"
        if coverage.reason in ("EMFILE", "ENFILE"):
            self.say(f"no file events: all inotify instances are in use; {each}")
            self.hint("`sudo sysctl fs.inotify.max_user_instances=1024`", slug="watch-instances")
        elif coverage.reason == "ENOSPC":
            self.say(f"watch limit reached: not even the project's folder can be watched; {each}")
            self.hint("`sudo sysctl fs.inotify.max_user_watches=524288`", slug="watch-limit")
        elif coverage.reason == "probe":
            self.say(f"no file events arrive here; {each}")
        else:
            self.say(f"no file events on `{coverage.reason}`; {each}")

    def lost(self, count: int) -> None:
        """Tell that too much happened at a time, and what was found afterwards."""
        self.event("lost", differing=count)
        self.say(f"events were lost (queue full); all inputs checked, `{count}` changed")

    def ignored(self, paths: Iterable[str], root: str) -> None:
        """Tell what changed during a run and starts none."""
        shown = sorted(_relative(path, root) for path in paths)
        self.event("ignored", paths=shown)
        self.say(f"{_named(shown)} changed meanwhile; ignored")

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
            self.say(f"{_named(shown)} changed")

    def finished(self, exit_code: int, task: str) -> None:
        """Ring and note where that is wished: when it breaks, and when it is mended."""
        failed = exit_code != 0
        if self._bell and failed != self._has_failed:
            _write(BELL)
        if self._note is not None and failed != self._has_failed:
            self._note(f"{task} failed with {exit_code}" if failed else f"{task} is mended")
        self._has_failed = failed

    def wait(self, tally: Tally, since: str) -> None:
        """Show the waiting line; it goes away before anything else is shown."""
        if not self._is_welcome or not terminal_line.is_in_foreground():
            return
        rate = f"; today {tally.hits / tally.tasks:.0%} hits" if tally.tasks else ""
        saved = f", saved {duration(tally.saved_s)}" if tally.saved_s else ""
        text = f"buildopt: waiting since {since}; {tally.last or 'nothing ran'}{rate}{saved}"
        sys.stderr.buffer.write(terminal_line.drawn(text, terminal_line.terminal_columns()))
        sys.stderr.flush()
        self._is_shown = True

    def hide(self) -> None:
        """Take the waiting line away."""
        if self._is_shown:
            sys.stderr.buffer.write(terminal_line.ERASED)
            sys.stderr.flush()
            self._is_shown = False


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return ", ".join(f"`{printable(path)}`" for path in paths[:MOST_NAMED]) + more


def _relative(path: str, root: str) -> str:
    prefix = root.rstrip("/") + "/"
    return "." if path == root else path.removeprefix(prefix)


def _write(text: str) -> None:
    try:
        sys.stderr.write(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        sys.stderr.flush()
    except OSError:
        pass  # nobody listens any more
