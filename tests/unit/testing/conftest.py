"""The plugin's consumer on a real file, and runs as buildopt tells them."""

import pytest

from buildopt.events import Event
from buildopt.monitor.consumer import FileState
from buildopt.monitor.plugin_file import PluginFile
from monitor_plugins.testing.consumer import ResultsConsumer

NS = 10**9
CHANGED = {
    "kind": "file-changed",
    "subject": "src/a.py",
    "before": "838547b23f2f",
    "after": "575e7c372921",
}


class Suite:
    """Runs of one suite, one after the other."""

    def __init__(self, path):
        self.file = PluginFile(str(path))
        self.state = FileState(self.file, is_ticking=False)
        self.consumer = ResultsConsumer()
        self.number = 0
        self.said = []
        with self.file.transaction():
            self.consumer.migrate(self.state)

    def take(self, *events):
        with self.file.transaction():
            said = list(self.consumer.handle(events, self.state))
        self.said += said
        return said

    def event(self, kind, data, run, environment="development"):
        self.number += 1
        return Event(
            id=f"e{self.number}", time_ns=self.number * NS, mono_ns=0, type=f"buildopt.{kind}",
            source="/desk/shop/1", n=self.number, data=data, run=run, environment=environment,
            machine="m",
        )  # fmt: skip

    def run(
        self, *rows, reasons=(CHANGED,), environment="development", root="/home/me/shop", **data
    ):
        """One run of the suite: rows are name, letter, seconds."""
        run = f"run-{self.number}"
        tests = {"test_a.py": [list(row) for row in rows]}
        return self.take(
            self.event("cache.lookup", {"task": "pytest", "result": "miss",
                                        "miss_reasons": list(reasons)}, run, environment),
            self.event("tests.results", {"root": root, "tests": tests}, run, environment),
            self.event("tests.finished", {"root": root, "duration_s": 1.0}, run, environment),
            self.event("run.finished", {"task": "pytest", "project": "shop", "branch": "main",
                                        "root": "/home/me/shop", "outcome": "executed", **data},
                       run, environment),
        )  # fmt: skip

    def findings(self):
        return [(e.type.rpartition(".")[2], e.data["test"]) for e in self.said
                if e.type.startswith("buildopt.finding.")]  # fmt: skip


@pytest.fixture
def suite(tmp_path):
    made = Suite(tmp_path / "testing.sqlite")
    yield made
    made.file.close()
