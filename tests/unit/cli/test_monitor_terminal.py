"""What the monitor tells on its terminal."""

import os

from buildopt.cli.monitor_terminal import Telling
from buildopt.journal import Journal


def test_runs_are_told_as_they_end_and_what_was_before_or_is_no_run_is_not(tmp_path, capsys):
    journal = Journal(state=os.fsencode(tmp_path), source="/h/shop/1", run_id="r")
    ended = {"task": "old", "outcome": "fresh", "duration_s": 0.01}
    journal.emit("buildopt.run.finished", ended, subject="old")
    telling = Telling(str(tmp_path))
    for task in ("web", "api"):
        journal.emit("buildopt.cache.lookup", {"task": task})
        journal.emit("buildopt.run.finished", ended, subject=task)
    telling.tell_new()
    telling.tell_new()

    lines = capsys.readouterr().err.splitlines()
    assert [line.split("finished", 1)[1].strip() for line in lines] == [
        "web  fresh in 10 ms  (shop)", "api  fresh in 10 ms  (shop)",
    ]  # fmt: skip
