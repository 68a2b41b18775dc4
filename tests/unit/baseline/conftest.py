"""A consumer on a real file, and events as builds write them."""

import math
from random import Random

import pytest

from buildopt.events import Event
from buildopt.monitor.consumer import FileState
from buildopt.monitor.plugin_file import PluginFile
from monitor_plugins.baseline.plugin import Baseline

START_NS = 1_795_000_000_000_000_000
HOUR_NS = 3_600 * 10**9
DAY_NS = 24 * HOUR_NS


class Learner:
    """The plugin's consumer with its file."""

    def __init__(self, path):
        self.path = str(path)
        self.file = PluginFile(self.path)
        self.consumer = Baseline()
        self.said = []
        if not self.file.state_version():
            with self.file.transaction():
                self.consumer.migrate(self.state)
                self.file.set_state_version(self.consumer.state_version)

    @property
    def state(self):
        return FileState(self.file, is_ticking=False)

    def take(self, *events, batch=256):
        """Hand events over in batches; what was said for them."""
        said = []
        for at in range(0, len(events), batch):
            with self.file.transaction():
                said += self.consumer.handle(events[at : at + batch], self.state)
        self.said += said
        return said

    def restart(self):
        """The same file, a new process."""
        self.file.close()
        self.file, self.consumer = PluginFile(self.path), Baseline()

    def of(self, kind):
        return [event for event in self.said if event.type == f"buildopt.baseline.{kind}"]


@pytest.fixture
def learner(tmp_path):
    made = Learner(tmp_path / "baseline.sqlite")
    yield made
    made.file.close()


def event(kind, data, *, n=0, time_ns=None, run="", machine="m", source="/h/p/1"):
    return Event(
        id=f"id-{kind}-{n}", time_ns=START_NS + n * HOUR_NS if time_ns is None else time_ns,
        mono_ns=0, type=f"buildopt.{kind}", source=source, n=n, run=run or f"run{n:04d}",
        data=data, machine=machine,
    )  # fmt: skip


def build(n, duration_s, *, time_ns=None, machine="m", **data):
    """A build that really ran; nothing but its duration is known."""
    known = {
        "task": "build", "project": "p", "outcome": "executed", "exit_code": 0,
        "duration_s": duration_s, "branch": "main",
    }  # fmt: skip
    return event("run.finished", {**known, **data}, n=n, time_ns=time_ns, machine=machine)


def durations(count, *, noise=0.02, level=60.0, seed=3, step_at=None, step=1.0):
    random = Random(seed)
    return [
        level * (step if step_at is not None and n >= step_at else 1.0)
        * math.exp(random.gauss(0, noise))
        for n in range(count)
    ]  # fmt: skip


def builds(values, **data):
    return [build(n, value, **data) for n, value in enumerate(values)]
