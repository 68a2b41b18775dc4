"""What tests of plugins share: a journal with builds in it, and plugins written as files."""

import os
import sys
import textwrap
import time
from importlib.metadata import EntryPoint

from buildopt import journal_line
from buildopt.events import encode
from buildopt.journal import Journal
from buildopt.monitor.hookspecs import ENTRY_POINTS
from buildopt.monitor.stream import Reader

START_NS = 1_795_534_274_000_000_000
SECOND_NS = 10**9

HEAD = """
import os, time, sys
from buildopt.monitor.hookspecs import fact, hookimpl
BUILDOPT_API = 1

class Counter:
    name = "counter"
    version = "1.0"
    types = ("buildopt.test.",)
    state_version = 1

    def handle(self, batch, state):
        for event in batch:
            self.look(event)
            count = state.get("count", 0) + 1
            state.set("count", count)
            yield fact("buildopt.counted", {"count": count, "of": event.data["n"]},
                       time_ns=event.time_ns)

    def look(self, event):
        pass
"""
TAIL = """
@hookimpl
def consumers():
    return [%s()]
"""


def plugin_source(body="", consumer="Counter"):
    return HEAD + textwrap.dedent(body) + TAIL % consumer


class PluginFolder:
    """Modules that stand for installed strangers; the processes of plugins find them too."""

    def __init__(self, path, monkeypatch):
        self.path = path
        path.mkdir(exist_ok=True)
        monkeypatch.syspath_prepend(str(path))
        monkeypatch.setenv("PYTHONPATH", str(path))

    def write(self, module, source):
        sys.modules.pop(module, None)
        (self.path / f"{module}.py").write_text(source)
        return EntryPoint(module.replace("_", "-"), module, ENTRY_POINTS)


def install(path, name, entry_points, version="1.0"):
    """What an installer leaves of a distribution beside its modules."""
    info = path / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, points in entry_points.items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


class Builds:
    """Writes events of tests into the journal of a state folder."""

    def __init__(self, folder):
        self.folder = folder
        self.journal = Journal(state=os.fsencode(folder), source="/h/p/1", run_id="r")
        self.count = 0

    def emit(self, n=1, *, time_ns=None, kind="buildopt.test.finished"):
        for _ in range(n):
            at_ns = START_NS + self.count * SECOND_NS if time_ns is None else time_ns
            self.count += 1
            self.journal.emit(kind, {"n": self.count}, time_ns=at_ns, now_ns=START_NS)

    def write(self, event):
        path = journal_line.segment_path(os.fsencode(self.folder), START_NS)
        assert journal_line.append(path, encode(event))


def events(folder, prefix=""):
    reader, place, found = Reader(str(folder)), None, []
    while True:
        stored, place = reader.read(place)
        if not stored:
            return [event for event in found if event.type.startswith(prefix)]
        found += [each.event for each in stored]


def counted(folder):
    """What `Counter` said: (its count, the event's number), in the order of the journal."""
    return [(e.data["count"], e.data["of"]) for e in events(folder, "buildopt.counted")]


class StillPace:
    """Time that passes only by waiting."""

    def __init__(self):
        self.waits_s = []
        self.now_s = 1_000.0
        self.ended = False

    def now_ns(self):
        return START_NS + int(self.now_s * SECOND_NS)

    def monotonic_s(self):
        return self.now_s

    def pause(self, timeout_s):
        if timeout_s:
            self.waits_s.append(timeout_s)
        self.now_s += timeout_s
        return not self.ended


def wait_for(is_so, timeout_s=30):
    ends_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < ends_s, "waited too long"
        time.sleep(0.02)
