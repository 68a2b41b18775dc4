"""A state folder, and somebody who writes into its journal."""

import os

import pytest

from buildopt import journal_line
from buildopt.events import DamageFound
from buildopt.journal import Journal
from buildopt.monitor.samples import Writer

NOW_NS = 1_795_534_274_000_000_000
DAY_NS = 86_400 * 10**9


class Emitter:
    """Writes events and samples at times of the test's choosing."""

    def __init__(self, folder):
        self.folder = folder
        self.journal = Journal(state=os.fsencode(folder), source="/h/p/1", run_id="r")
        self.samples = Writer(folder)

    def event(self, subject, now_ns=NOW_NS):
        return self.journal.append(DamageFound(subject=subject, action="a"), now_ns=now_ns)

    def sample(self, value, now_ns=NOW_NS, source="system", **metrics):
        assert self.samples.append(source, now_ns, metrics or {"load": value})

    def path(self, now_ns=NOW_NS, stem=b"events"):
        return os.fsdecode(journal_line.segment_path(os.fsencode(self.folder), now_ns, stem))

    def write(self, data, now_ns=NOW_NS, stem=b"events"):
        os.makedirs(os.path.join(self.folder, "journal"), exist_ok=True)
        with open(self.path(now_ns, stem), "ab") as segment:
            segment.write(data)


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "state")


@pytest.fixture
def emitter(folder):
    return Emitter(folder)
