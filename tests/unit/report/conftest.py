"""Events made by hand, as a journal would hold them."""

from dataclasses import replace
from hashlib import sha256

import pytest

from buildopt.events import (
    CacheLookup,
    CacheStored,
    Event,
    RunFinished,
    StoredOutput,
    TaskFinished,
    data_of,
)
from buildopt.model import MissReason, NotStored

START_NS = 1_795_534_274_000_000_000
MINUTE_NS = 60_000_000_000


class Story:
    """Runs of one project, told in order and read newest first."""

    def __init__(self):
        self.events = []
        self.blobs = {}

    def tell(self, record, run_id):
        time_ns = START_NS + len(self.events) * MINUTE_NS
        kind, data = (record.type, data_of(record)) if record else ("", {})
        self.events.append(
            Event(
                id=f"id-{len(self.events)}",
                time_ns=time_ns,
                mono_ns=0,
                boot="boot",
                type=kind,
                source="/host/project/1",
                run=run_id,
                n=1,
                data=data,
            )
        )

    def ran(self, run_id="run", **values):
        """An executed run of the task `build`, unless told otherwise."""
        known = {
            "run_id": run_id,
            "task": "build",
            "command": ("./build.sh",),
            "directory": "/p",
            "outcome": "executed",
            "exit_code": 0,
            "duration_s": 2.0,
            "root": "/p",
            "project": "project",
        }
        self.tell(RunFinished(**{**known, **values}), run_id)

    def stored(self, *outputs, run_id="run", record="record", left_out=0, **values):
        rows = tuple(StoredOutput(path=p, kind=kind, bytes=b) for p, kind, b in outputs)
        known = {"task": "build", "record": record, "entry": "e", "outputs": rows}
        self.tell(CacheStored(**{**known, "outputs_left_out": left_out, **values}), run_id)

    def finished(self, task, run_id="run", processes=b"", inputs=(), machine=b"", **values):
        """A task that ended; what its event names by digest is kept."""
        known = {
            "task": task,
            "command": (task,),
            "directory": "/p",
            "outcome": "executed",
            "exit_code": 0,
            "stored": True,
            "processes": self._kept(processes),
            "inputs": tuple(map(self._kept, inputs)),
            "machine": self._kept(machine),
        }
        self.tell(TaskFinished(**{**known, **values}), run_id)

    def _kept(self, content):
        if not content:
            return ""
        digest = sha256(content).hexdigest()
        self.blobs[digest] = content
        return digest

    def blob(self, digest):
        try:
            return self.blobs[digest]
        except KeyError:
            raise OSError(digest) from None

    def noted(self, kind, data, run_id="run", **values):
        """An event of any type."""
        self.tell(None, run_id)
        self.events[-1] = replace(self.events[-1], type=kind, data=data, **values)

    def missed(self, *subjects, run_id="run", left_out=0, kind="file-changed", after="bb"):
        reasons = tuple(
            MissReason(kind=kind, subject=s, before="aa", after=after) for s in subjects
        )
        self.tell(
            CacheLookup(
                task="build", result="miss", miss_reasons=reasons, reasons_left_out=left_out
            ),
            run_id,
        )

    def failed(self, run_id="run", exit_code=3):
        reason = NotStored(kind="failed", subject=str(exit_code))
        self.ran(run_id, exit_code=exit_code, not_stored=(reason,))

    def told_in(self, environment):
        """All that was told so far is of that environment."""
        self.events = [replace(event, environment=environment) for event in self.events]

    @property
    def newest_first(self):
        return list(reversed(self.events))


@pytest.fixture
def story():
    return Story()
